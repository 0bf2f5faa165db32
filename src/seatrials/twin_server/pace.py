"""Which pace a machine can hold, told by the work that every server does before its clock begins."""

# Within this a machine deploys a template that can hold any pace asked of it: twice what quick ones take.
QUICK_SECONDS = 1.0
# Slower than real time is none that a client would bear.
_SLOWEST = 1.0


def pace_to_hold(wanted: float, deployed_seconds: float) -> float:
    """Return *wanted*, or so much less of it as the machine took longer for a deployment than quick ones do."""
    if deployed_seconds <= QUICK_SECONDS or wanted <= _SLOWEST:
        return wanted
    return max(_SLOWEST, round(wanted * QUICK_SECONDS / deployed_seconds, 1))

"""Whether a test that passed has examined a platform at all."""


def idleness(calls: int | None, platform_seconds: float | None) -> str | None:
    """Return why a pass proves nothing, None when it may prove something.

    Given are the calls that its body made to the platform, and the platform's seconds that it took; None where the run
    does not tell. In a mock a call is what takes time, and both are there or neither; on a real clock time passes by
    itself, and the calls alone tell.
    """
    if calls is None or platform_seconds is None:
        return "passed, and the run does not tell whether it called the platform"
    if calls <= 0:
        return "passed without one call to the platform"
    if not platform_seconds > 0:
        return "passed without a moment of the platform's time"
    return None

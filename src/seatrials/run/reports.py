"""What pytest's reports say of a failure, in words that a person is shown."""

import re

import pytest
from _pytest._code.code import ExceptionChainRepr, ReprEntry

# Errors by which a scenario says what it expected; their names say nothing more.
_TOLD = re.compile(
    r"^(?:[\w.]+\.)?(?:AssertionError|WaitTimeoutError|FatalStateError|BrokenPromiseError|StumbledError|Failed): "
)
# Errors of ours, whose text ends with what to do, and whose name says nothing more either.
_OURS = re.compile(r"^seatrials\.errors\.\w+: ")
# Where a report has what its reader is to do.
ADVICE = "advice"


def message_of(report: pytest.TestReport) -> str:
    """Return the error of a report, with its name and without the traceback."""
    crash = getattr(report.longrepr, "reprcrash", None)
    return str(crash.message if crash is not None else report.longreprtext)


def reason_of(report: pytest.TestReport) -> str:
    """Return why a test failed, of as many lines as it said, without the name of an error that says nothing."""
    return _with_origin(_OURS.sub("", _TOLD.sub("", message_of(report))), _asserted(report))


def says_what_to_do(report: pytest.TestReport) -> bool:
    """Whether the error's own text ends with what its reader is to do, so that none of it may be left out."""
    return _OURS.match(_TOLD.sub("", message_of(report))) is not None


def advice_of(report: pytest.TestReport) -> str:
    """Return what the reader of a failure is to do; empty for one that says nothing of it."""
    return str(dict(report.user_properties).get(ADVICE, ""))


def line_in(report: pytest.TestReport, file: str) -> int | None:
    """Return the line at which the scenario's own file was left, None when the error did not come through it."""
    if not isinstance(report.longrepr, ExceptionChainRepr):
        return None
    entries = [each for each in report.longrepr.reprtraceback.reprentries if isinstance(each, ReprEntry)]
    lines = [each.reprfileloc.lineno for each in entries if each.reprfileloc and each.reprfileloc.path.endswith(file)]
    return lines[0] if lines else None


def skip_reason(report: pytest.TestReport) -> str:
    """Return why pytest skipped a test, which it tells as (file, line, reason)."""
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return reason.removeprefix("Skipped: ")


def _with_origin(reason: str, asserted: str) -> str:
    """Return *reason* with what was asserted, and where the first value came from, if it is a bare `assert 5 == 2`."""
    first, *more = reason.splitlines() or [""]
    if not first.startswith("assert "):
        return reason
    if more and more[0].lstrip().startswith("+  where "):
        first = f"{first}, {more.pop(0).lstrip().removeprefix('+  ')}"
    return "\n".join([f"{first}, of `{asserted}`" if asserted else first, *more])


def _asserted(report: pytest.TestReport) -> str:
    """Return what the source asserts where the error was raised: its first line, for values alone do not say whose."""
    traceback = getattr(report.longrepr, "reprtraceback", None)
    lines = traceback.reprentries[-1].lines if traceback is not None and traceback.reprentries else []
    failing = [each[1:].strip() for each in lines if each.startswith(">")]
    return failing[0].removeprefix("assert ") if failing and failing[0].startswith("assert ") else ""

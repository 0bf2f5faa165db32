"""Tests of which certificate is believed; test_checks.py has those that are not."""

from seatrials.environments.parts import Trust
from tests.support.live_run import Begin
from tests.support.small_platform import SmallPlatform


def test_a_pinned_certificate_is_believed(begin: Begin, small_platform: SmallPlatform) -> None:
    """The certificate with the fingerprint that the environment names is believed, whoever signed it."""
    stacks = begin(trust=Trust(sha256=small_platform.certificate_sha256))
    with stacks.open("ROUTE-27") as run:
        status = run.stack.http.get("/health").status_code
        run.stack.connect().close()
    stacks.close()

    assert status == 200

"""Tests of moto's backends: what is there is found, what is not is made, and all of it is reset."""

from moto.core.base_backend import BackendDict, BaseBackend

from seatrials.twin.moto_bridge.quick.backends import found_at_once


class Quick(BackendDict[BaseBackend]):
    """A table of backends of a service, as it is made quick."""

    __getitem__ = found_at_once(BackendDict.__getitem__)


def test_a_backend_is_made_once_and_reset() -> None:
    """The first look makes it, a second finds the same, and after a reset there is another."""
    backends = Quick(BaseBackend, "ec2", use_boto3_regions=False, additional_regions=["here"])
    first = backends["123456789012"]["here"]
    again, other = backends["123456789012"]["here"], backends["210987654321"]["here"]
    BackendDict.reset()
    after = backends["123456789012"]["here"]

    assert first is again
    assert len({id(each) for each in (first, other, after)}) == 3

"""Tests of moto's backends: what is there is found, what is not is made, and all of it is reset."""

from moto.core.base_backend import BackendDict, BaseBackend

from seatrials.twin.moto_bridge.quick.backends import found_at_once, reset_counted


class Quick(BackendDict[BaseBackend]):
    """A table of backends of a service, as it is made quick."""

    __getitem__ = found_at_once(BackendDict.__getitem__)
    reset = reset_counted(BackendDict.reset)


class Looking(BaseBackend):
    """A backend that looks at one of another service as it is reset."""

    looked_at: Quick

    def reset(self) -> None:
        """Look at it, which makes it anew."""
        self.looked_at["123456789012"]["here"]
        super().reset()


def test_a_backend_is_made_once_and_reset() -> None:
    """The first look makes it, a second finds the same, and after a reset there is another."""
    backends = Quick(BaseBackend, "ec2", use_boto3_regions=False, additional_regions=["here"])
    first = backends["123456789012"]["here"]
    again, other = backends["123456789012"]["here"], backends["210987654321"]["here"]
    Quick.reset()
    after = backends["123456789012"]["here"]

    assert first is again
    assert len({id(each) for each in (first, other, after)}) == 3


def test_what_is_made_during_a_reset_is_reset_by_the_next() -> None:
    """Moto has counted its table out by then, and counts it in again only where it is asked."""
    looked_at = Quick(BaseBackend, "ecs", use_boto3_regions=False, additional_regions=["here"])
    Looking.looked_at = looked_at
    looking = Quick(Looking, "ec2", use_boto3_regions=False, additional_regions=["here"])
    looked_at["123456789012"]["here"]
    looking["123456789012"]["here"]
    Quick.reset()
    made_meanwhile = looked_at["123456789012"]["here"]
    Quick.reset()

    assert looked_at["123456789012"]["here"] is not made_meanwhile

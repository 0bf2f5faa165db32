"""The one package that knows moto's insides: what has no API call, and what moto's calls get wrong.

- boto3 clients whose calls take a latency and are heard by the world (`Bridge.client`), answered the short way;
- tasks, counts, events and deployments that moto keeps and the scheduler owns;
- target health, which moto invents and the balancer knows;
- scaling activities, which moto does not implement;
- a world's control plane as bytes, to start each test from (`snapshot`, `restore`).

Measured with moto 5.2.5; an upgrade must pass tests/unit/twin/moto_bridge.
"""

from seatrials.twin.moto_bridge.quick import loading

loading.import_ec2()

from seatrials.twin.moto_bridge.backends import ACCOUNT  # noqa: E402  # these import moto's EC2 too
from seatrials.twin.moto_bridge.bridge import Bridge  # noqa: E402
from seatrials.twin.moto_bridge.control_plane import (  # noqa: E402
    control_plane,
    restore,
    seed_identifiers,
    snapshot,
)
from seatrials.twin.moto_bridge.hooks import TARGET_HEALTH, Memory, current, unplug  # noqa: E402
from seatrials.twin.moto_bridge.index_lag import IndexLag  # noqa: E402

__all__ = [
    "ACCOUNT",
    "TARGET_HEALTH",
    "Bridge",
    "IndexLag",
    "Memory",
    "control_plane",
    "current",
    "restore",
    "seed_identifiers",
    "snapshot",
    "unplug",
]

"""The one package that knows moto's insides: what makes the mock true, where moto has no call for it or gets it wrong.

- `clients`: boto3 clients whose calls take a latency and are heard by the world;
- `hooks`: what a world plugs in: its time, who hears of calls, and who acts where moto only stores;
- `bridge`: tasks, counts, events and deployments that moto keeps and the scheduler owns;
- `backends`: target health, which moto invents and the balancer knows; ECS's filters and StopTask; access points that
  are made once for a token; scaling activities, which moto does not implement;
- `cloudwatch`: metrics apart by their dimensions, percentiles and math, and the states of new alarms;
- `dynamodb`: what DynamoDB refuses and moto takes;
- `target_tracking`: the alarms of target tracking policies, which moto makes alike for all;
- `roles`: roles and policies, with those of AWS's own;
- `index_lag`: secondary indexes that show a write later than their table;
- `control_plane`: moto switched on, on the world's time, and its whole state as bytes, to start each test from;
- `http_api`: the same moto for clients outside the process.

What makes the mock quick is in `quick/`, all of it, behind one switch; nothing here needs it.

Private names of moto, each for want of a public one: `BackendDict._instances` (what to take a snapshot of; to ask moto
for every backend by name imports all of them), `moto.moto_api._internal.mock_random` (identifiers from a seed; the
public way is an HTTP request for each world), `BaseResponse._dispatch` and `_get_action` (what a call from outside was;
`call_action`, which is public, is overridden without a call to `super`). Names with one underscore of the classes that
`backends` derives from are those that moto means for subclasses.

Measured with moto 5.2.5; an upgrade must pass tests/unit/twin/moto_bridge.
"""

from seatrials.twin.moto_bridge.bridge import Bridge
from seatrials.twin.moto_bridge.control_plane import control_plane, restore, seed_identifiers, shortcuts, snapshot
from seatrials.twin.moto_bridge.health_view import HealthView
from seatrials.twin.moto_bridge.hooks import ACCOUNT, TARGET_HEALTH, Living, current, unplug
from seatrials.twin.moto_bridge.index_lag import IndexLag
from seatrials.twin.moto_bridge.neighbours import NOBODY, Neighbours, let_neighbours_in
from seatrials.twin.moto_bridge.past import give_past, old_events

__all__ = [
    "ACCOUNT",
    "NOBODY",
    "TARGET_HEALTH",
    "Bridge",
    "HealthView",
    "IndexLag",
    "Living",
    "Neighbours",
    "control_plane",
    "current",
    "give_past",
    "let_neighbours_in",
    "old_events",
    "restore",
    "seed_identifiers",
    "shortcuts",
    "snapshot",
    "unplug",
]

"""The platform's contract in numbers, words and paths: what every release is held to, each fact once.

Beside each stand the rows of the catalogue that examine it. What resources and ports are called is an environment's own
affair, whose defaults are the contract's (`seatrials.environments.parts`). The mock's applications in
`seatrials.webordinary` state all of this a second time and import none of it: with one constant for both sides a
mistake in it would be no difference.
"""

# The status of a session, which goes one way: COLD-05, COLD-14, COLD-16.
INITIALIZING, ACTIVE, DRAINING, EXPIRED, ERROR = "initializing", "active", "draining", "expired", "error"
# Those that count for the limit, the metric and scaling: COLD-17, CONC-05.
LIVE = (INITIALIZING, ACTIVE)
# Those of which something is left on the platform: CONC-13.
OPEN = (*LIVE, DRAINING)
FINAL = (EXPIRED, ERROR)
# Before a UUID of version 4: COLD-03.
SESSION_ID_PREFIX, THREAD_ID_PREFIX = "session-", "thread-"

# How long a session may initialize before it ends in `error`: COLD-16.
START_SECONDS = 120
# How long the editor has to finish what it is answering when it is stopped: INFRA-08.
STOP_SECONDS_MIN = 30
# How long a session may be left alone before it drains: COLD-12, CONC-11.
IDLE_SECONDS = 5 * 60
# When one that is left alone has expired at the latest, for Hermes looks several times a minute: COLD-12, CONC-11.
EXPIRY_LATEST_SECONDS = IDLE_SECONDS + 60
# From the last activity to the `ttl`: COLD-03, COLD-11, PERS-08, PERS-09.
TTL_SECONDS = 30 * 60

# The most that is taken; one more is refused: COLD-03, COLD-15, CONC-05.
SESSIONS_MAX = 12
TEXT_CHARACTERS_MAX = 4_000
BODY_BYTES_MAX = 1 << 20
# The part of an instruction that its commit names: COLD-09, CONC-09.
COMMIT_CHARACTERS_MAX = 50

# Scaling of the edit service: INFRA-05, CONC-03, CONC-04, CONC-06.
TASKS_MAX = 3
# How many tasks of Hermes an operator may ask for.
HERMES_TASKS_MAX = 2
# By the number of live sessions; of more than three as many as of three.
TASKS_FOR_SESSIONS = (0, 1, 1, 3)
ALARM_PERIOD_SECONDS = 60
COOLDOWN_SECONDS = 60
# How often the number of live sessions is published, when it does not change: COLD-17.
PUBLISH_SECONDS = 60
# How long a target may finish what it is answering: INFRA-03.
DRAIN_SECONDS = 30
# From the end of the last session to no task: two periods of the alarm, the cooldown and the drain: COLD-12.
EXPIRED_TO_ZERO_SECONDS = 2 * ALARM_PERIOD_SECONDS + COOLDOWN_SECONDS + DRAIN_SECONDS

# Listener rules of sessions: INFRA-04, CONC-05, CONC-18, ROUTE-14.
SESSION_PRIORITIES = range(100, 500)
RULES_PER_SESSION = 3
# After how long without a byte the load balancer gives a connection up: ROUTE-13, ROUTE-23.
IDLE_TIMEOUT_SECONDS = 60

# Where Hermes answers: ROUTE-03.
HERMES_HEALTH_PATH = "/hermes/health"
SESSIONS_PATH = "/hermes/api/sessions"
ACTIVATE_PATH = f"{SESSIONS_PATH}/activate"
# Where edit containers answer for any session, and what names one: ROUTE-02, ROUTE-06.
HOSTED_SESSIONS_PATH = "/api/sessions"
SESSION_HEADER = "x-session-id"
# The WebSocket of a session's hot reload: ROUTE-10.
HMR_PATH = "/ws/hmr"

# How long things may take: COLD-07, COLD-10, CONC-02, CONC-12, CONC-14, CONC-15, CONC-19, ROUTE-26.
COLD_START_SECONDS_MAX = 60
WARM_START_SECONDS_MAX = 5
# From the crash of a container to its session's next answer.
RECOVERY_SECONDS_MAX = 120
THREE_COLD_STARTS_SECONDS_MAX = 90
OUTAGE_SECONDS_MAX = 30
SESSION_CREATION_SECONDS_MAX = 2
FILE_OPERATION_SECONDS_MAX = 1
API_SECONDS_MAX = 0.5


def preview_path(session_id: str) -> str:
    """Return the path of a session's preview on the load balancer: COLD-03, ROUTE-04."""
    return f"/session/{session_id}"


def instruction_to_create(path: str, content: str) -> str:
    """Return an instruction in the words that an editor without an AI follows too: COLD-08, COLD-09."""
    return f"Create a file named {path} with content: {content}"


def instruction_to_show(text: str) -> str:
    """Return an instruction that makes *text* the first page of a site: COLD-08, CONC-07."""
    return instruction_to_create("index.md", text)

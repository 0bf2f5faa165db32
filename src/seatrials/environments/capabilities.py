"""The capabilities of an environment: what its scenarios may do, beyond using the platform as its users do."""

from enum import StrEnum


class Capability(StrEnum):
    """What an environment lets a scenario do, beyond using the platform as its users do."""

    # Services are stopped and started, and their desired counts changed.
    CONTROL = "control"
    # Nobody else uses the service, so that its counts and scaling are the scenario's own.
    EXCLUSIVE = "exclusive"
    # `POST /api/exec` runs commands inside an edit container.
    EXEC = "exec"
    # Expired items of the table are deleted within the run.
    EXPIRY = "expiry"
    # Clocks of containers run ahead or behind.
    FAULTS_CLOCK = "faults.clock"
    # New versions of a service are rolled out, sound and broken ones.
    FAULTS_DEPLOYMENT = "faults.deployment"
    # A container stops answering and stays alive.
    FAULTS_HANG = "faults.hang"
    # Images are slow to pull, or cannot be pulled.
    FAULTS_IMAGE = "faults.image"
    # Tasks and container processes are killed.
    FAULTS_KILL = "faults.kill"
    # Metrics arrive late, or not at all.
    FAULTS_METRICS = "faults.metrics"
    # The file system cannot be mounted.
    FAULTS_MOUNT = "faults.mount"
    # Packets between parts are lost, and parts answer slowly.
    FAULTS_NETWORK = "faults.network"
    # Fargate Spot takes a task back.
    FAULTS_SPOT = "faults.spot"
    # The table throttles, or is away.
    FAULTS_TABLE = "faults.table"
    # A hundred requests are sent in a second, which at a rehearsal's usual pace is thousands in one of the machine.
    RATE = "rate"
    # A scenario may hold more than one live session at a time.
    SESSIONS = "sessions"
    # IAM enforces policies, and simulates them.
    IAM = "iam"
    # Hours of platform time pass in moments.
    TIME = "time"
    # Hermes and editor report the versions of the release.
    VERSIONS = "versions"

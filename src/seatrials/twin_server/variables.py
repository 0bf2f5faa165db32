"""What a client must know of a server, as variables, and the files that it finds them in."""

import json
import shlex
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from seatrials.errors import ConfigurationError
from seatrials.twin.scratch import OwnedFolder
from seatrials.whole_file import write_whole

# Variables of the shell that would lead a client elsewhere.
_MISLEADING = ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_DEFAULT_PROFILE")
# Any will do, for nobody checks a signature.
_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
JSON_FILE = "environment.json"
SHELL_FILE = "environment.sh"
CA_FILE = "ca.pem"


def client_variables(
    *,
    endpoint_url: str,
    region: str,
    base_url: str,
    ports: Mapping[str, int],
    ca_file: Path,
    pace: float,
    epoch_seconds: float,
) -> dict[str, str]:
    """Return what AWS's own clients read, and what seatrials reads; *ports* by scheme."""
    return {
        "AWS_ENDPOINT_URL": endpoint_url,
        **_CREDENTIALS,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "SEATRIALS_BASE_URL": base_url,
        "SEATRIALS_CONTROL_URL": endpoint_url,
        "SEATRIALS_HTTPS_PORT": str(ports["https"]),
        "SEATRIALS_HTTP_PORT": str(ports["http"]),
        "SEATRIALS_CA_FILE": str(ca_file),
        "SEATRIALS_PACE": f"{pace:g}",
        "SEATRIALS_EPOCH_SECONDS": f"{epoch_seconds:.6f}",
    }


@contextmanager
def directory_of(wanted: Path | None) -> Iterator[Path]:
    """Yield the directory for a server's files; at the end they are gone, and so is a directory that was made here."""
    made = wanted is None or not wanted.exists()
    directory = Path(tempfile.mkdtemp(prefix="seatrials-twin-")) if wanted is None else wanted.resolve()
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"--directory: {directory} cannot be made a folder ({error.strerror}): give another"
        raise ConfigurationError(msg) from error
    owned = OwnedFolder(directory) if made else None
    try:
        yield directory
    finally:
        remove_files(directory)
        if owned is not None:
            owned.remove()


def remove_files(directory: Path) -> None:
    """Remove a server's files from *directory*."""
    for name in (JSON_FILE, SHELL_FILE, CA_FILE):
        (directory / name).unlink(missing_ok=True)


def write_variables(directory: Path, variables: Mapping[str, str]) -> None:
    """Write the variables for a shell, and as JSON; who sees the JSON finds everything else in place."""
    (directory / SHELL_FILE).write_text(as_shell(variables), encoding="utf-8")
    write_whole(directory / JSON_FILE, json.dumps(variables, indent=2) + "\n")


def as_shell(variables: Mapping[str, str]) -> str:
    """Return lines that a shell sources."""
    exports = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    return "\n".join([f"unset {' '.join(_MISLEADING)}", *exports, ""])

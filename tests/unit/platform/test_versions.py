"""The version of a service is read from an answer that was asked for anyway, and believed from nobody else."""

import pytest

from seatrials.platform.versions import version_told


@pytest.mark.parametrize(
    ("request_line", "status", "content", "told"),
    [
        ("GET /hermes/health", 200, b'{"version": "1.4.2"}', ("hermes", "1.4.2")),
        ("GET /hermes/status", 200, b'{"version": "1.4.2"}', ("hermes", "1.4.2")),
        ("GET /api/status", 200, b'{"version": "2.0.1"}', ("edit", "2.0.1")),
        ("GET /api/files", 200, b'{"version": "2.0.1"}', None),
        ("POST /hermes/health", 200, b'{"version": "1.4.2"}', None),
        ("GET /hermes/health", 503, b'{"version": "1.4.2"}', None),
        ("GET /hermes/health", 200, b'{"version": ""}', None),
        ("GET /hermes/health", 200, b'{"version": 1}', None),
        ("GET /hermes/health", 200, b"[1]", None),
        ("GET /hermes/health", 200, b"\xff", None),
        ("GET /hermes/health", 200, b'{"version": "' + b"x" * 200 + b'"}', ("hermes", "x" * 80)),
    ],
)
def test_a_version_is_told_by_whom_the_contract_names(
    request_line: str, status: int, content: bytes, told: tuple[str, str] | None
) -> None:
    """Only a sound answer of the right path counts."""
    assert version_told(request_line, status, content) == told

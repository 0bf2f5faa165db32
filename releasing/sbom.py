"""Completes the SBOM that `uv export` makes of uv.lock: `python -m releasing.sbom dist` says which wheel it is of.

uv.lock knows each package that the wheel stands on, with the hashes of its files, but neither the version nor the
hash of the wheel itself. The format is CycloneDX 1.5, https://cyclonedx.org/docs/1.5/json/.
"""

import hashlib
import json
import sys
from collections.abc import Mapping
from typing import Any

from releasing.built import Built, built_in, folder_of

EXPORTED_FILE = "uv.cdx.json"


def completed(exported: Mapping[str, Any], built: Built) -> dict[str, Any]:
    """Return the SBOM with the wheel as what it is about, and without the time of its making: one commit, one SBOM."""
    digest = hashlib.sha256(built.wheel.read_bytes()).hexdigest()
    component = {
        **exported["metadata"]["component"],
        "version": built.version,
        "purl": f"pkg:pypi/seatrials@{built.version.replace('+', '%2B')}",
        "licenses": [{"license": {"id": "Apache-2.0"}}],
        "hashes": [{"alg": "SHA-256", "content": digest}],
    }
    metadata = {**exported["metadata"], "component": component}
    del metadata["timestamp"]
    return {**{name: each for name, each in exported.items() if name != "serialNumber"}, "metadata": metadata}


def main() -> None:
    """Put the completed SBOM in the place of the exported one, by the wheel's name."""
    folder = folder_of(sys.argv[1:])
    built, exported = built_in(folder), folder / EXPORTED_FILE
    found = completed(json.loads(exported.read_text(encoding="utf-8")), built)
    (folder / f"seatrials-{built.version}.cdx.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    exported.unlink()


if __name__ == "__main__":
    main()

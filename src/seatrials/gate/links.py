"""Where a row of a run can be looked at: its entry in the Allure report, and its timeline."""

import hashlib
import json
import os
from functools import cache
from pathlib import Path
from urllib.parse import quote

from seatrials.evidence.folder import entries_of
from seatrials.evidence.reader import RunEvidence
from seatrials.gate.failures import Link, Links

# The label by which Allure's results tell the row of a test.
_ROW_LABEL = "as_id"


def links_from(folder: Path, report: Path) -> Link:
    """Return what finds the links of a row from the *folder* of a decision; *report* is the Allure report's page."""

    @cache
    def report_content() -> bytes:
        return report.read_bytes() if report.is_file() else b""

    @cache
    def identifiers(results: Path) -> dict[str, str]:
        return dict(_identified(results))

    def link(run: RunEvidence, row: str) -> Links:
        entry = identifiers(run.folder.allure_results).get(row)
        # A report of other runs does not have the entry.
        has_entry = entry is not None and entry.encode() in report_content()
        page = run.folder.timeline_page(row)
        return Links(
            allure=f"{_way(folder, report)}#{entry}" if has_entry else None,
            timeline=_way(folder, page) if page.is_file() else None,
        )

    return link


def _identified(results: Path) -> list[tuple[str, str]]:
    """Return the rows that Allure has a result of, each with what Allure 3 calls the entry: the MD5 of its UUID."""
    found = []
    for path in sorted(each for each in entries_of(results) if each.name.endswith("-result.json")):
        try:
            result = json.loads(path.read_bytes())
            rows = [str(each["value"]) for each in result["labels"] if each["name"] == _ROW_LABEL]
            entry = hashlib.md5(str(result["uuid"]).encode(), usedforsecurity=False).hexdigest()
        except (OSError, ValueError, LookupError, TypeError):  # cut off by a worker that was killed
            continue
        found += [(row, entry) for row in rows]
    return found


def _way(folder: Path, page: Path) -> str:
    return quote(Path(os.path.relpath(page, folder)).as_posix())

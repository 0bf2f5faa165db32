"""The decision as a page."""

import json
from html import escape

from seatrials.gate.decision import Decision


def render(decision: Decision) -> str:
    """Return *decision* as one HTML file that needs no other."""
    data = escape(json.dumps(decision.as_json(), indent=1))
    return f'<!doctype html><html lang="en"><title>{decision.verdict}</title><pre>{data}</pre></html>\n'

"""Where the project's files are."""

from pathlib import Path

PROJECT = Path(__file__).parents[2]
TEMPLATE = PROJECT / "stack/webordinary.yaml"

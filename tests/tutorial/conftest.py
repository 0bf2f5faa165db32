"""What becomes of what is seen."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that takes the page's terminal output and the documentation's pictures from what was seen."""
    group = parser.getgroup("tutorial")
    group.addoption("--keep", action="store_true", help="write what was seen into docs/tutorial.md and docs/images")

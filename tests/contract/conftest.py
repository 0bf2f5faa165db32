"""How long the healthy platform is asked; the seed is the plugin's own option."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the number of seconds."""
    parser.getgroup("contract").addoption("--seconds", type=int, default=120, help="how long it is asked (120)")

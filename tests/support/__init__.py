"""What tests share that is no fixture: fakes, worlds, and the places of files.

The conftest.py files make fixtures of it; tests import its names from here for their types.
"""

import pkgutil

import pytest

# An assertion here then explains itself as one in a test does.
pytest.register_assert_rewrite(*(f"{__name__}.{each.name}" for each in pkgutil.iter_modules(__path__)))

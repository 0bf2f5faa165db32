"""Copies of the project's folders, for tests that change or commit what is in them."""

import shutil
import sys
from pathlib import Path

from tests.support.project import PROJECT


def copy_folder(name: str, target: Path) -> None:
    """Copy the folder *name* of the project into *target*, with what Python has compiled of it.

    To compile all of it anew takes longer than most tests. Sources come first: a compiled file that is older than its
    source proves nothing. What pytest compiles keeps the paths of the project, so it is left out. With `src` comes the
    contract that it judges by.
    """
    if name == "src":
        shutil.copytree(PROJECT / "contract", target / "contract")
    shutil.copytree(PROJECT / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
    for compiled in (PROJECT / name).rglob(f"__pycache__/*.{sys.implementation.cache_tag}.pyc"):
        copy = target / compiled.relative_to(PROJECT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(compiled, copy)

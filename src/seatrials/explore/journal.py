"""What an exploration has come to so far, a line for each seed, so that it can go on where it was interrupted."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from seatrials.explore.hunt import Hunted


class Journal:
    """The seeds that are done, of one tree, one world and one platform, broken or not."""

    def __init__(self, path: Path, of: str) -> None:
        """*of* says of what: lines of anything else are of no use."""
        self._path, self._of = path, of
        path.parent.mkdir(parents=True, exist_ok=True)

    def done(self) -> dict[int, Hunted]:
        """Return what each seed came to; a line that was cut off counts for nothing."""
        return {each.seed: each for each in self._read()}

    def begin(self) -> None:
        """Forget what was done before."""
        self._path.unlink(missing_ok=True)

    def add(self, hunted: Hunted) -> None:
        """Write down what a seed came to."""
        met = sorted(hunted.met)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"of": self._of, **asdict(hunted), "met": met}) + "\n")

    def _read(self) -> Iterator[Hunted]:
        lines = self._path.read_text(encoding="utf-8").splitlines() if self._path.exists() else []
        for line in lines:
            try:
                told = json.loads(line)
            except ValueError:  # the last one of a process that was killed
                continue
            if told.pop("of") == self._of:
                yield Hunted(**{**told, "met": {tuple(each) for each in told["met"]}})

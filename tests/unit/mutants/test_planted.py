"""The defects that exploration is to find."""

from seatrials.mutants.catalogue import CATALOGUE
from seatrials.mutants.planted import EXPLORABLE, MUTANTS, OF_ROWS


def test_planted_defects_have_ids_of_their_own() -> None:
    """Those of rows are in the catalogue, the others are not, and there are fifteen or more of both."""
    ids = {each.id for each in CATALOGUE}
    own = [each.id for each in MUTANTS]

    assert [name for name in OF_ROWS if name not in ids] == []
    assert [name for name in own if name in ids] == []
    assert len(EXPLORABLE) == len(ids) + len({*own})
    assert len({*OF_ROWS, *own}) >= 15

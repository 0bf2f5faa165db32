"""What a run on generated mutants proves, and the file of what people found out about survivors."""

from pathlib import Path
from types import FunctionType

import pytest

from seatrials.errors import ConfigurationError
from seatrials.mutants.generated.judgement import ITS_PROCESS, Fate, Judgement
from seatrials.mutants.generated.source import Generated
from seatrials.mutants.generated.verdicts import Kind, Verdict, Verdicts, read_verdicts

_KILLED, _SURVIVED = Fate(1, "COLD-01", "expected 200, saw 500"), Fate(9)


_TARGET = FunctionType((lambda: None).__code__, {})


def _mutant(name: str) -> Generated:
    return Generated(f"a:{name}", "x = 1", "x = 2", 1, Path("a.py"), range(3, 4), _TARGET, lambda: "")


def _verdict(kind: Kind, mutant: str) -> Verdict:
    return Verdict(verdict=kind, reason="so", mutants=[mutant])


def _judged(fates: list[Fate], *verdicts: Kind | None, is_whole: bool = True) -> Judgement:
    mutants = [_mutant(str(number)) for number in range(len(fates))]
    by_id = {one.id: _verdict(kind, one.id) for one, kind in zip(mutants, verdicts, strict=False) if kind}
    found = {one.id: fate for one, fate in zip(mutants, fates, strict=True)}
    return Judgement(mutants, found, Verdicts(by_id), is_whole=is_whole)


def test_all_killed_is_a_proof() -> None:
    """All killed is a proof."""
    judgement = _judged([_KILLED, _KILLED])

    assert judgement.problems() == []
    assert judgement.sum() == "2 of 2 generated mutants killed (100.0%); survivors: none judged"


def test_a_survivor_that_nobody_judged_is_a_problem_with_its_place() -> None:
    """A survivor that nobody judged is a problem with its place."""
    problems = _judged([_SURVIVED, *[_KILLED] * 20]).problems()

    assert problems == ["a.py:3: nobody has judged the survivor 'a:0: x = 1 -> x = 2'"]


def test_a_process_that_died_is_no_scenario_to_ask_first() -> None:
    """What no scenario outlives is killed, and there is nobody to be asked first another time."""
    judgement = _judged([_KILLED, Fate(1, ITS_PROCESS, "ended with 9"), _SURVIVED, Fate(None)])

    assert judgement.killed_and_not() == ({"a:0: x = 1 -> x = 2": "COLD-01"}, ["a:2: x = 1 -> x = 2"])
    assert judgement.sum().startswith("2 of 4")


def test_equivalent_ones_do_not_count_and_others_do() -> None:
    """Equivalent ones do not count and others do."""
    equivalent = _judged([_SURVIVED, *[_KILLED] * 3], Kind.EQUIVALENT)
    gap = _judged([_SURVIVED, *[_KILLED] * 3], Kind.GAP)

    assert equivalent.problems() == []
    assert gap.problems() == ["3 of 4 that are not judged equivalent are killed; 90% must be"]


def test_one_in_ten_may_survive() -> None:
    """One in ten may survive."""
    assert _judged([_SURVIVED, *[_KILLED] * 9], Kind.NOT_PROMISED).problems() == []


def test_of_a_sample_the_share_is_not_asked() -> None:
    """Of a sample the share is not asked, and who survives without a verdict is."""
    judged, unknown = (_judged([_SURVIVED, _KILLED], kind, is_whole=False).problems() for kind in (Kind.GAP, None))

    assert (judged, len(unknown)) == ([], 1)


def test_one_that_is_killed_was_not_equivalent() -> None:
    """One that is killed was not equivalent; that a gap is closed is no problem."""
    problems = _judged([_KILLED, _KILLED], Kind.EQUIVALENT, Kind.GAP).problems()

    assert problems == ["a.py:3: judged equivalent, and killed by COLD-01: 'a:0: x = 1 -> x = 2'"]


def test_a_line_says_who_killed_it_or_what_was_found_out() -> None:
    """A line says who killed it or what was found out."""
    judgement = _judged([_KILLED, _SURVIVED, _SURVIVED, Fate(None)], None, Kind.GAP, None, Kind.NOT_PROMISED)

    assert [judgement.line_of(each).partition("x = 2: ")[2] for each in judgement.mutants] == [
        "killed by COLD-01: expected 200, saw 500",
        "SURVIVES 9 scenarios, judged gap",
        "SURVIVES 9 scenarios, not judged",
        "not run again, judged not promised",
    ]


def test_a_verdict_on_code_that_has_changed_is_told() -> None:
    """A verdict on code that has changed is told."""
    verdicts = Verdicts({"gone": _verdict(Kind.GAP, "gone")})

    assert verdicts.stale(["other"]) == ["judged, and made no longer, so remove it: 'gone'"]
    assert verdicts.stale(["gone"]) == []


def test_the_shipped_file_is_read() -> None:
    """Each verdict of the shipped file has its reason."""
    assert [each.mutants for each in read_verdicts().by_id.values() if not each.reason.strip()] == []


def test_a_finding_is_about_one_mutant_or_several(tmp_path: Path) -> None:
    """A finding is about one mutant or several."""
    path = tmp_path / "verdicts.toml"
    path.write_text("[[survivor]]\nverdict = 'gap'\nreason = 'so'\nmutants = ['a', 'b']\n")

    assert [read_verdicts(path).of(mutant) for mutant in "abc"] == [Kind.GAP, Kind.GAP, None]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[[survivor]]\nmutants = ['a']\nverdict = 'fine'\nreason = 'b'", "'equivalent', 'not promised' or 'gap'"),
        ("[[survivor]]\nmutants = ['a']\nverdict = 'gap'", "reason"),
        ("[[survivor]]\nmutants = []\nverdict = 'gap'\nreason = 'b'", "mutants"),
        ("[[survivor]]\nmutants=['a']\nverdict='gap'\nreason='b'\n" * 2, "judges some mutants twice"),
        ("[[survivor", "holds no verdicts"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, text: str, told: str) -> None:
    """A wrong file is refused."""
    path = tmp_path / "verdicts.toml"
    path.write_text(text)

    with pytest.raises(ConfigurationError, match=r"verdicts\.toml") as raised:
        read_verdicts(path)

    assert told in str(raised.value)

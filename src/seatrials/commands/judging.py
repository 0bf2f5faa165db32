"""Commands that judge what runs have left."""

from pathlib import Path
from typing import Annotated

import typer

from seatrials.cost import SHIPPED_PRICES
from seatrials.environments.variables import read_variables
from seatrials.evidence.folder import DEFAULT_EVIDENCE, EvidenceFolder
from seatrials.output.output import AsJson, Output
from seatrials.output.paths import path_argument, path_option


def gate(  # noqa: PLR0913  # each is an option
    *,
    criteria: Annotated[Path, path_option(metavar="FILE", help="what a release must show")] = Path("gate.toml"),
    evidence: Annotated[Path, path_option(metavar="DIR", help="what runs have left")] = DEFAULT_EVIDENCE,
    history: Annotated[
        str, typer.Option(metavar="FILE|s3://BUCKET/KEY", help="the runs judged before (EVIDENCE/gate/history.jsonl)")
    ] = "",
    out: Annotated[
        Path | None, path_option(metavar="DIR", help="where the decision is written (EVIDENCE/gate)")
    ] = None,
    prices: Annotated[
        Path, path_option(metavar="FILE", help="what AWS charges (the shipped list)", show_default=False)
    ] = SHIPPED_PRICES,
    commit: Annotated[str, typer.Option(metavar="SHA", help="what is to be released (what is checked out)")] = "",
    scenarios: Annotated[Path, path_option(metavar="DIR", help="where the rows are")] = Path("tests/integration"),
    after: Annotated[
        Path | None, path_option(metavar="FILE", help="the decision.json that the history must go on from")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Decide whether a release may go out: exit with 0 for GO, 1 for NO-GO, 2 for CANNOT TELL."""
    from seatrials.evidence.provenance import commit_of
    from seatrials.evidence.signing import signer_of
    from seatrials.gate_command import GatePaths, open_history, run_gate

    folder = EvidenceFolder(evidence)
    place = out if out is not None else folder.gate
    signer = signer_of(read_variables())
    paths = GatePaths(criteria=criteria, evidence=evidence, scenarios=scenarios, prices=prices, out=place, after=after)
    kept = open_history(history or str(folder.gate_history))
    output = Output(as_json=as_json)
    judged = commit or commit_of(Path())[0]
    raise typer.Exit(run_gate(paths, kept, judged, output.console, signer, tell=output.tell))


def merge(
    *,
    folders: Annotated[
        list[Path],
        path_argument(metavar="FOLDER...", help="the evidence that each shard has left, or the folders of their runs"),
    ],
    evidence: Annotated[Path, path_option(metavar="DIR", help="where the whole is written")] = DEFAULT_EVIDENCE,
    criteria: Annotated[Path, path_option(metavar="FILE", help=r"whose \[signatures] are trusted")] = Path("gate.toml"),
    as_json: AsJson = False,
) -> None:
    """Put the evidence of shards together; exit as their run would have if it had been one."""
    from seatrials.evidence.signing import signer_of
    from seatrials.gate.signers import load_signers
    from seatrials.merging.command import merge_shards

    signer = signer_of(read_variables())
    raise typer.Exit(merge_shards(folders, evidence, load_signers(criteria), signer, Output(as_json=as_json)))


def verify(
    *,
    paths: Annotated[list[Path], path_argument(metavar="PATH...", help="a run, a decision, or a folder of them")],
    criteria: Annotated[Path, path_option(metavar="FILE", help=r"whose \[signatures] are trusted")] = Path("gate.toml"),
    key: Annotated[Path | None, path_option(metavar="FILE", help="the one public key that is trusted")] = None,
    as_json: AsJson = False,
) -> None:
    """Say who signed evidence and decisions: exit with 0 when all verifies, 75 when not, 79 when some is unsigned."""
    from seatrials.gate import verification

    output = Output(as_json=as_json)
    verification.verify(paths, verification.signers_for(criteria, key), output.console, output.tell)

"""The criteria on who answers for the evidence; there are none where the criteria name no signer."""

from collections.abc import Iterable, Sequence

from seatrials.evidence.envelope import Attestation
from seatrials.evidence.reader import MutantEvidence, RunEvidence
from seatrials.gate.case import Asked, Case
from seatrials.gate.decision import Criterion, Outcome
from seatrials.gate.signers import MUTANTS, UNSIGNED, Signers


def signature_criteria(case: Case, run: RunEvidence) -> Iterable[Criterion]:
    """Return whether somebody whom the criteria trust answers for a run."""
    if not case.signers.rules:
        return
    asked = Asked(
        id="signature",
        environment=run.environment,
        sentence=f"Somebody whom the criteria trust has signed the newest run on {run.environment}.",
    )
    yield _answered(case.signers, asked, run, run.environment)


def matrix_signature_criteria(case: Case) -> Iterable[Criterion]:
    """Return whether somebody whom the criteria trust answers for the kill matrix that they require."""
    if not case.signers.rules or case.mutants is None:
        return
    asked = Asked(id="mutants-signature", sentence="Somebody whom the criteria trust has signed the kill matrix.")
    yield _answered(case.signers, asked, case.mutants, MUTANTS)


def _answered(signers: Signers, asked: Asked, evidence: RunEvidence | MutantEvidence, of: str) -> Criterion:
    opinion = signers.opinion(evidence.attestation, of)
    doubts = [*([opinion.doubt] if opinion.doubt else []), *_hidden(signers, evidence.older, of)]
    if doubts:
        return asked.unknown("; ".join(doubts), sources=[evidence.path])
    told = f"{UNSIGNED}, which the criteria allow" if evidence.attestation is None else f"it is {opinion.told}"
    return asked.answered(Outcome.PASS, told, sources=[evidence.path])


def _hidden(signers: Signers, older: Sequence[tuple[str, Attestation | None]], of: str) -> Iterable[str]:
    """Yield which runs only seem to be older: whoever changed one may have changed when it began, too."""
    for name, attestation in older:
        doubt = signers.opinion(attestation, of).doubt
        if doubt:
            yield f"{name} may be the newest run: {doubt}; remove it if it is not"

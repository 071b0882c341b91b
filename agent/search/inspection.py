"""Whether a proposal may be trained: it keeps the contract, passes the probes and is none that was proposed before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from agent.core.failure import Failure
from agent.core.reason import Reason
from agent.core.run import BASELINE, PERSON, Proposal
from agent.evaluator.check import check
from agent.evaluator.contract.source import variant_file
from agent.evaluator.failure import EvaluationFailed
from agent.evaluator.protocol import Protocol
from agent.science.history import History
from agent.science.signature import distance


@dataclass
class Inspection:
    """Checks a proposal under a protocol. What passed is remembered: its proposer may have had it checked already."""

    protocol: Protocol
    passed: dict[str, tuple[float, ...]] = field(default_factory=dict)  # source -> signature

    def __call__(self, history: History, proposal: Proposal) -> tuple[float, ...]:
        """The signature of a proposal that may be trained; EvaluationFailed says why it may not."""
        signature = self.passed.get(proposal.source)
        if signature is None:
            with variant_file(proposal.source) as path:
                signature = self.passed[proposal.source] = check(path, self.protocol)
        mine = PERSON in (proposal.author, proposal.editor)  # and a person may come back to what was rejected
        earlier = {
            run.name: run.signature
            for run in history.runs
            if run.signature and run.name != proposal.name and not (mine and run.stage == "rejected")
        }
        twin = find_duplicate(signature, earlier)
        if twin and proposal.author != BASELINE:
            raise EvaluationFailed(Failure("duplicate", Reason("failure.duplicate", {"twin": twin})))
        return signature

    def why_not(self, history: History, proposal: Proposal) -> Failure | None:
        """Why a proposal may not be trained; None if it may."""
        try:
            self(history, proposal)
        except EvaluationFailed as error:
            return error.failure
        return None


# Of a number of the order of one. Rounding moves a signature by about 1e-6, the least change among the known variants
# by 1e-2 (tests/evaluator/test_check.py).
TOLERANCE = 1e-4


def find_duplicate(signature: Sequence[float], known: Mapping[str, Sequence[float]]) -> str | None:
    """The first earlier variant whose signature is this one to within rounding; None if there is none."""
    alike = (
        (name, other) for name, other in known.items() if abs(other[0] - signature[0]) <= TOLERANCE
    )  # most are not
    return next((name for name, other in alike if distance(signature, other) <= TOLERANCE), None)

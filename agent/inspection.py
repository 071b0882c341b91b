"""Whether a proposal may be trained: it keeps the contract, passes the probes and is none that was proposed before."""

from dataclasses import dataclass, field

from agent.evaluator.check import check
from agent.evaluator.exam import EvaluationFailed
from agent.evaluator.protocol import Protocol
from agent.evaluator.source import variant_file
from agent.fingerprint import find_duplicate
from agent.history import History
from agent.record import BASELINE, PERSON, Proposal
from agent.score import Failure


@dataclass
class Inspection:
    """Checks a proposal under a protocol. What passed is remembered: who made it may have had it checked already."""

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
            raise EvaluationFailed(Failure("duplicate", f"it computes what {twin} computes, number for number"))
        return signature

    def why_not(self, history: History, proposal: Proposal) -> Failure | None:
        """Why a proposal may not be trained; None if it may."""
        try:
            self(history, proposal)
        except EvaluationFailed as error:
            return error.failure
        return None

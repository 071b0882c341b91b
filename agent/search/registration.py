"""How a proposal comes to be a run: it is checked, and has its folder in any case."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from agent.core.failure import Failure
from agent.core.isolation import Isolation
from agent.core.run import BASELINE, PERSON, Proposal, Review, Run
from agent.evaluator.failure import EvaluationFailed
from agent.evaluator.protocol import Protocol
from agent.search.amending import patch_of
from agent.search.inspection import Inspection
from agent.store.folder import LOG, PATCH
from agent.store.workspace import Workspace


@dataclass(frozen=True)
class Registration:
    """Gives proposals their folders. With `review` those of a proposer wait for a person."""

    workspace: Workspace
    protocol: Protocol
    check: Inspection
    isolation: Isolation
    files: Mapping[str, str]  # kept with each run
    review: bool

    def __call__(self, proposal: Proposal, failure: Failure | None = None) -> Run:
        """The run: failed where the proposal is of no use, else approved or waiting for its reviewer.

        EvaluationFailed where a person's own proposal may not be trained.
        """
        history = self.workspace.history()
        files = {**self.files, PATCH: patch_of(history, proposal)}
        new = partial(self.workspace.create, proposal, self.protocol.name, self.protocol.fingerprint, files=files)
        try:
            signature = () if failure else self.check(history, proposal)
        except EvaluationFailed as error:
            if proposal.author == PERSON:
                raise  # the person is there to read it
            failure = error.failure
        if failure:
            files |= {LOG: f"{failure.kind}: {failure.reason}\n\n{failure.log_tail}"} if failure.log_tail else {}
            return new("failed", failure=failure, isolation=self.isolation)
        if self.review and proposal.author != BASELINE:
            return new("proposed", signature=signature, isolation=self.isolation)
        review = Review("approved", "the search")
        return new("approved", signature=signature, review=review, isolation=self.isolation)

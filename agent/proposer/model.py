"""The proposer that asks a language model, and lets it correct what does not do before anything is recorded."""

import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from agent.core.errors import Unavailable
from agent.core.failure import Failure
from agent.core.run import OlderNote, Proposal, Run
from agent.core.text import clean
from agent.llm import Conversation, Interrupted, LanguageModel, Message, PromptTooLong
from agent.llm.answers import reply_in
from agent.llm.prompts import Prompt, quoted, render
from agent.llm.spending import OutOfMoney
from agent.llm.tokens import estimate
from agent.llm.transcript import Exchange, answered
from agent.proposer import ProposalFailed
from agent.proposer.answer import Answer, said_parts, shown_lines
from agent.proposer.choice import choose_request
from agent.proposer.kinds import IDEA, Request, again
from agent.proposer.question import LEAST_KNOWN, length_without_evidence, longest_code, prompt_for
from agent.science.claims import Figures, figures_of
from agent.science.history import History
from agent.store.conversations import Conversations
from agent.store.synthesis import Synthesis

HERE = Path(__file__).parent
TRIES = 2  # to correct a reply
ROOM_FOR_A_REPLY, LONGEST_REPLY = 3, 8000  # one part in so many of a context, and at most so many tokens
SHORTER, LEAST_SHORTER = 0.75, 0.95  # what a prompt that is too long is cut to, of its length
LOG = 1200  # characters from its end
LATEST = 20  # runs among which a failed one is looked for
NOT_REPAIRED = ("duplicate", "interrupted", "unusable reply")

Check = Callable[[History, Proposal], Failure | None]


@dataclass
class ModelProposer:
    """Tells a model what is known and takes a variant of a parent from it.

    A reply that cannot be read, patched or checked goes back in the same conversation with the exact reason, twice at
    most. A variant of the model's own that failed in training goes back once. What it said is not asked again.
    """

    llm: LanguageModel
    check: Check
    conversations: Conversations
    older: Callable[[], Sequence[OlderNote]]
    prompt_tokens: int
    say: Callable[[str], None] = lambda line: None  # tells the reader of the search's log
    with_curves: Callable[[Run], Run] = lambda run: run  # reads a run's learning curves, which a history leaves out
    synthesis: Callable[[History], Synthesis | None] = lambda history: None  # what many results say together
    sent_back: set[str] = field(default_factory=set)  # ids of runs whose repair was begun: several threads may ask
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def choose(self, history: History, draw: Random, among: Collection[str] = ()) -> Proposal:
        """A variant of a kind that has paid so far, of parents that are each the first in something: see choice.py."""
        return self._answered(history, choose_request(history, draw, among))

    def propose(self, history: History, parent: Run, draw: Random, idea: str = "") -> Proposal:
        """A variant that passed the checks. Raises NothingToPropose, ProposalFailed, Unavailable and OutOfMoney."""
        return self._answered(history, Request(parent, IDEA, idea=idea) if idea else Request(parent))

    def _answered(self, history: History, request: Request) -> Proposal:
        """What comes of a request. Raises as `propose`."""
        while True:
            prompt = self.prompt(history, request)
            talk = self._begin("propose", Message("system", prompt.rules))
            try:
                return self._settle(talk, prompt.question, Answer(request.parent, self._longest), history, request)
            except PromptTooLong as refusal:
                self._shorten(refusal, prompt, history, request)

    def _shorten(self, refusal: PromptTooLong, prompt: Prompt, history: History, request: Request) -> None:
        """Lower prompt_tokens by what the endpoint said of the context. Raises the refusal where that is too low."""
        sent = estimate(prompt.rules) + estimate(prompt.question)
        if refusal.context and refusal.prompt:
            share = (refusal.context - min(refusal.context // ROOM_FOR_A_REPLY, LONGEST_REPLY)) / refusal.prompt
        else:
            share = SHORTER
        tokens = int(min(sent, self.prompt_tokens) * min(share, LEAST_SHORTER))
        if tokens < length_without_evidence(history, request, tokens) + LEAST_KNOWN:
            raise refusal
        holds = f"holds {refusal.context} tokens" if refusal.context else "is too short"
        self.say(f"· the model's context {holds}: prompt_tokens is {tokens} from now on, not {self.prompt_tokens}")
        self.prompt_tokens = tokens

    def repair(self, history: History) -> Proposal | None:
        """Another version of a variant that failed in training; None if there is none. Raises as `propose`."""
        with self._lock:
            failed = self.failed_in_training(history)
            self.sent_back |= {failed.id} if failed else set()
        parent = history.parent(failed.proposal) if failed else None
        said = self._said(failed) if failed and parent else []
        if failed is None or parent is None or not said:
            return None
        parts = said_parts(reply_in(exchange) for exchange in said) | {"name": failed.name}
        answer = Answer(parent, self._longest, parts, failed.proposal.source, refused=failed.failure)
        try:
            request = again(history, failed, parent)
            return self._settle(self._again(said[-1]), _failed_in_training(failed), answer, history, request, failed.id)
        except PromptTooLong as refusal:
            self.say(f"· {failed.name} is not repaired: {refusal}")
            return None
        except (Unavailable, OutOfMoney, Interrupted):  # another time
            self.sent_back.discard(failed.id)
            raise

    def prompt(self, history: History, request: Request) -> Prompt:
        """All that the model is told, in at most prompt_tokens. NothingToPropose if the parent alone fills them."""
        return prompt_for(history, request, self.older(), self.prompt_tokens, self.with_curves, self.synthesis(history))

    def failed_in_training(self, history: History) -> Run | None:
        """The latest of this model's variants that passed all checks, failed in training and was not sent back yet."""
        sent_back = {run.proposal.repairs_of for run in history.runs}
        return next(
            (
                run
                for run in reversed(history.runs[-LATEST:])
                if run.failure is not None
                and run.attempts
                and run.failure.kind not in NOT_REPAIRED
                and run.proposal.author == self.llm.model
                and not run.proposal.editor
                and run.proposal.parents
                and not run.proposal.repairs_of
                and run.id not in sent_back | self.sent_back
            ),
            None,
        )

    @property
    def _longest(self) -> int:
        return longest_code(self.prompt_tokens)

    def _begin(self, purpose: str, *messages: Message) -> Conversation:
        name = self.conversations.new_name()
        return Conversation(self.llm, purpose, self.conversations.keep(name), name, list(messages))

    def _said(self, failed: Run) -> list[Exchange]:
        """What was answered in the conversation that a variant came from; nothing where that was lost."""
        return answered(self.conversations.of(failed), "propose", "repair")

    def _again(self, last: Exchange) -> Conversation:
        """A conversation that goes on behind an exchange."""
        said = Message("assistant", reply_in(last).text or "(nothing)")
        return self._begin("repair", *(Message(**turn) for turn in last.messages), said)  # type: ignore[arg-type]

    def _settle(
        self,
        talk: Conversation,
        question: str,
        answer: Answer,
        history: History,
        request: Request,
        repairs_of: str = "",
    ) -> Proposal:
        """Ask until the answer does, or the tries are used up. Raises ProposalFailed where the code is of no use."""
        figures = self._figures(history, answer.parent)
        left = TRIES
        failure: Failure | None = None
        while True:
            try:
                failure = answer.take(talk.say(question))
            except PromptTooLong:
                if not answer.turns:
                    raise
                left = 0  # the conversation has grown beyond the context: what there is by now counts
            proposal = answer.proposal(history, self.llm.model, figures, request, talk.name, repairs_of)
            if failure is None and not answer.accepted:
                failure = self.check(history, proposal)
                answer.accepted = failure is None
                if failure is not None:
                    answer.refuse(failure)
            missing = answer.missing()
            if failure is None and not (missing and left):
                if unknown := answer.unknown_mechanisms():
                    self.say(f"· {proposal.name}: there is no mechanism called {', '.join(unknown)}: left out")
                return proposal
            if not left:
                raise ProposalFailed(proposal, failure)  # type: ignore[arg-type]
            talk.purpose, question = "repair", _sent_back(failure, missing, answer.shown, left)
            left -= 1

    def _figures(self, history: History, parent: Run) -> Figures:
        return figures_of(history, None, parent, self.older())


def _sent_back(failure: Failure | None, missing: Sequence[str], source: str, left: int) -> str:
    """Why a reply does not do yet: the reason for which it was refused, the lines that it names, the end of the log."""
    problems = _problems(failure, source) if failure else []
    return render(
        HERE / "repair.j2", trained=False, left=left, problems=[*problems, *missing], code_is_wrong=failure is not None
    ).question


def _failed_in_training(run: Run) -> str:
    assert run.failure is not None
    problems = _problems(run.failure, run.proposal.source)
    return render(
        HERE / "repair.j2", trained=True, name=run.name, kind=run.failure.kind, problems=problems, code_is_wrong=True
    ).question


def _problems(failure: Failure, source: str) -> list[str]:
    facts = failure.reason.fields
    line = facts.get("line", facts.get("at"))  # of a variant, or of the file that a reply made
    lines = shown_lines(source, [line] if isinstance(line, int) else [])
    log = clean(failure.log_tail).strip()[-LOG:]
    return [
        clean(str(failure)),
        *([f"These are the lines of your file:\n{lines}"] if lines else []),
        *([f"The end of the log:\n{quoted(log, LOG)}"] if log else []),
    ]

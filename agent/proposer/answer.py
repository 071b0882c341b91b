"""What a model answered so far, over all turns of a conversation, and the proposal that it makes."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from agent.core.baselines import TEMPLATE
from agent.core.failure import Failure
from agent.core.reason import Reason
from agent.core.run import PROPOSED_SECTIONS, Proposal, Run, Section
from agent.core.text import ENGLISH, Text, in_each
from agent.llm import Reply
from agent.llm.prompts import one_line
from agent.llm.reply import gaps, read_parts, tags_of, texts
from agent.llm.tokens import estimate
from agent.proposer.kinds import Request
from agent.proposer.patch import PatchRejected, apply_patch, same_code
from agent.proposer.predictions import read_predictions
from agent.science.claims import Figures, filled, verified
from agent.science.history import History, card_of
from agent.science.mechanisms.holding import with_mechanisms
from agent.science.mechanisms.table import RECOGNISERS

LONGEST_NAME = 100
TITLE = 40  # tokens
MOST_UNKNOWN = 5  # words that name no mechanism and are told of


@dataclass
class Answer:
    """The parts that came last, and the last code that could be made of them."""

    parent: Run
    longest: int  # tokens of code
    tagged: dict[str, str] = field(default_factory=dict)
    source: str = ""
    turns: int = 0
    accepted: bool = False  # the code; from then on words alone are listened to
    shown: str = ""  # the file to whose lines the latest refusal refers
    refused: Failure | None = None  # why `source` is of no use, where it was tried

    def take(self, reply: Reply) -> Failure | None:
        """Take in a reply. Why its code is of no use, if it is of none."""
        self.turns += 1
        parts = read_parts(reply.text, _tags())
        self.tagged |= parts.tagged
        if self.accepted:
            return None
        if reply.cut:
            return _unusable(Reason("failure.reply_cut"))
        try:
            return self._judged(self._patched(parts.rest))
        except PatchRejected as refusal:
            self.shown = refusal.source
            if source := self._in_thoughts(reply.thoughts):
                return self._judged(source)
            problem = {"problem": reply.problem, "refusal": str(refusal)}
            return _unusable(Reason("failure.reply_holds_no_answer", problem) if reply.problem else refusal.reason)

    def _in_thoughts(self, thoughts: str) -> str:
        """The file of an answer that was taken for thoughts, and its parts where they are missing; "" where none is."""
        parts = read_parts(thoughts, _tags())
        try:
            source = self._patched(parts.rest) if parts.tagged else ""
        except PatchRejected:
            return ""
        self.tagged = {**parts.tagged, **self.tagged}
        return source

    def refuse(self, failure: Failure) -> None:
        """Remember why the code that came last is of no use."""
        self.refused = failure

    def _judged(self, source: str) -> Failure | None:
        """Take a file that could be made; why it is of no use without being tried, if it is."""
        self.shown = source
        if (length := estimate(source)) > self.longest:
            return _unusable(Reason("failure.reply_long", {"length": length, "most": self.longest}))
        if self.source and same_code(self.source, source):
            if self.refused is None:
                return _unusable(Reason("failure.reply_changes_nothing"))
            before = {"kind": self.refused.kind, "reason": str(self.refused.reason)}
            return _unusable(Reason("failure.reply_repeats", before))
        if same_code(self.parent.proposal.source, source):
            return _unusable(Reason("failure.change_changes_nothing"))
        self.source, self.refused = source, None
        return None

    def _patched(self, change: str) -> str:
        """The file that a text makes of the model's own last file, or of the parent's. PatchRejected as the first."""
        refusals: list[PatchRejected] = []
        for base in filter(None, (self.source, self.parent.proposal.source)):
            try:
                return apply_patch(base, change).source
            except PatchRejected as refusal:
                refusals.append(refusal)
        raise refusals[0]

    def missing(self) -> list[str]:
        """What is missing besides the code."""
        predicted = self.predicted()
        unknown = [task for task in card_of(self.parent).scores if task not in predicted]
        lines = [f"the part <predicted> has no number between 0 and 1 for {', '.join(unknown)}"] if unknown else []
        lines += [f"the part <{name}> is missing" for name in ("name", *tags_of(["title"])) if name not in self.tagged]
        if self.tagged.get("name") and not change_of(self.tagged["name"]):
            lines.append("the part <name> names no change: write the change in English words, in snake_case")
        return lines + gaps(self.tagged, PROPOSED_SECTIONS)

    def predicted(self) -> dict[str, float]:
        """The scores that are expected, by task, where they can be read."""
        return read_predictions(self.tagged.get("predicted", ""), card_of(self.parent).scores)

    def proposal(
        self, history: History, author: str, figures: Figures, request: Request, conversation: str, repairs_of: str
    ) -> Proposal:
        """The proposal that this answer makes; what it leaves unsaid is said to be unsaid, and no change predicted."""
        changes = (change_of(self.tagged.get(part, "")) for part in ("name", f"title_{ENGLISH}"))
        name = history.free_name(variant_name(next(filter(None, changes), "unnamed")))
        proposal = Proposal(
            name=name,
            source=self.source or self.parent.proposal.source,
            author=author,
            title=in_each(lambda code: one_line(self.tagged.get(f"title_{code}", ""), TITLE) or name),
            parents=request.parents,
            predicted=card_of(self.parent).scores | self.predicted(),
            argument=_argument(texts(self.tagged, PROPOSED_SECTIONS), figures),
            conversation=conversation,
            repairs=self.turns - 1,
            repairs_of=repairs_of,
            kind=request.kind.name,
            task=request.task,
            idea=request.idea,
        )
        return with_mechanisms(proposal, frozenset(self.mechanisms()) & RECOGNISERS.keys())

    def mechanisms(self) -> list[str]:
        """What the variant is said to be made of, word by word, known words or not."""
        words = re.split(r"[,;\n]", self.tagged.get("mechanisms", "").lower())
        return [word for each in words if (word := " ".join(each.replace("_", " ").strip(" \t•*-`.'\"").split()))]

    def unknown_mechanisms(self) -> list[str]:
        """The words among them that name no known mechanism, and are dropped."""
        unknown = [word for word in self.mechanisms() if word not in RECOGNISERS and word != "none"]
        return [one_line(word, TITLE) for word in unknown[:MOST_UNKNOWN]]


def _tags() -> list[str]:
    return ["name", "predicted", "mechanisms", *tags_of(("title", *PROPOSED_SECTIONS))]


def said_parts(replies: Iterable[Reply]) -> dict[str, str]:
    """The parts of several replies, each as it was given last."""
    found: dict[str, str] = {}
    for reply in replies:
        found |= read_parts(reply.text, _tags()).tagged or read_parts(reply.thoughts, _tags()).tagged
    return found


def change_of(given: str) -> str:
    """A name in snake case without the template's; nothing where it has no Latin letter or digit."""
    line = given.strip().lower().partition("\n")[0]
    return re.sub(r"[^a-z0-9]+", "_", line.strip("`*_ ").removeprefix(TEMPLATE)).strip("_")


def variant_name(change: str) -> str:
    """A name as those of the table are: the template's, and the change."""
    return f"{TEMPLATE}_{change}"[:LONGEST_NAME].rstrip("_")


def _argument(said: Mapping[Section, Text], figures: Figures) -> dict[Section, Text]:
    """The sections with their numbers checked; what is expected is not known yet, so it is left as it is."""
    return {name: (filled if name == "expected" else verified)(text, figures) for name, text in said.items()}


def _unusable(reason: Reason) -> Failure:
    return Failure("unusable reply", reason)


def shown_lines(source: str, places: Iterable[int], around: int = 2) -> str:
    """Numbered lines of a file around some places."""
    lines = source.split("\n")
    wanted = sorted({n for place in places for n in range(place - around, place + around + 1) if 0 < n <= len(lines)})
    return "\n".join(f"{number:4}| {lines[number - 1]}" for number in wanted)

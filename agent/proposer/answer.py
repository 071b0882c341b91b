"""What a model answered so far, over all turns of a conversation, and the proposal that it makes."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from agent.core.baselines import TEMPLATE
from agent.core.failure import Failure
from agent.core.reason import Reason
from agent.core.run import PROPOSED_SECTIONS, Proposal, Run, Section
from agent.core.text import Text, in_each
from agent.llm import Reply
from agent.llm.prompts import one_line
from agent.llm.reply import gaps, read_parts, tags_of, texts
from agent.llm.tokens import estimate
from agent.proposer.patch import PatchRejected, apply_patch, same_code
from agent.science.claims import Figures, filled, verified
from agent.science.history import History, card_of

PREDICTION = re.compile(r"(?P<sign>[+−-])?\s*(?P<digits>\d+(?:\.\d+)?|\.\d+)\s*(?P<percent>%)?")
LONGEST_NAME = 100
TITLE = 40  # tokens


@dataclass
class Answer:
    """The parts that came last, and the last code that could be made of them."""

    parent: Run
    longest: int  # tokens of code
    tagged: dict[str, str] = field(default_factory=dict)
    source: str = ""
    turns: int = 0
    accepted: bool = False  # the code; from then on words alone are listened to

    def take(self, reply: Reply) -> Failure | None:
        """Take in a reply. Why its code is of no use, if it is of none."""
        self.turns += 1
        parts = read_parts(reply.text, _tags())
        self.tagged |= parts.tagged
        if self.accepted:
            return None
        if reply.cut:
            return _unusable(Reason("failure.reply_cut"))
        bases = [base for base in (self.source, self.parent.proposal.source) if base]
        try:
            source = _patched(bases, parts.rest)
        except PatchRejected as refusal:
            return _unusable(refusal.reason)
        if (length := estimate(source)) > self.longest:
            return _unusable(Reason("failure.reply_long", {"length": length, "most": self.longest}))
        if any(same_code(base, source) for base in bases):
            return _unusable(Reason("failure.reply_changes_nothing"))
        self.source = source
        return None

    def missing(self) -> list[str]:
        """What is missing besides the code."""
        predicted = self.predicted()
        unknown = [task for task in card_of(self.parent).scores if task not in predicted]
        lines = [f"the part <predicted> has no number between 0 and 1 for {', '.join(unknown)}"] if unknown else []
        lines += [f"the part <{name}> is missing" for name in ("name", *tags_of(["title"])) if name not in self.tagged]
        return lines + gaps(self.tagged, PROPOSED_SECTIONS)

    def predicted(self) -> dict[str, float]:
        """The scores that are expected, by task, where they can be read. A signed number is added to the parent's."""
        found = {}
        for task, score in card_of(self.parent).scores.items():
            name = r"[\s_-]*".join(task.split())
            line = re.search(
                rf"(?<!\w){name}[\s\"'`*|]*[:=|→-]*\s*(?P<value>.*)", self.tagged.get("predicted", ""), re.I
            )
            value = _predicted(line["value"], score) if line else None
            if value is not None:
                found[task] = value
        return found

    def proposal(self, history: History, author: str, figures: Figures, **facts: object) -> Proposal:
        """The proposal that this answer makes; what it leaves unsaid is said to be unsaid, and no change predicted."""
        name = history.free_name(variant_name(self.tagged.get("name", "")))
        return Proposal(
            name=name,
            source=self.source or self.parent.proposal.source,
            author=author,
            title=in_each(lambda code: one_line(self.tagged.get(f"title_{code}", ""), TITLE) or name),
            parents=(self.parent.name,),
            predicted=card_of(self.parent).scores | self.predicted(),
            argument=_argument(texts(self.tagged, PROPOSED_SECTIONS), figures),
            repairs=self.turns - 1,
            **facts,  # type: ignore[arg-type]
        )


def _tags() -> list[str]:
    return ["name", "predicted", *tags_of(("title", *PROPOSED_SECTIONS))]


def variant_name(given: str) -> str:
    """A name as those of the table are: the template's, and the change in snake case."""
    change = re.sub(r"[^a-z0-9]+", "_", given.lower().removeprefix(TEMPLATE)).strip("_")
    return f"{TEMPLATE}_{change or 'unnamed'}"[:LONGEST_NAME].rstrip("_")


def _argument(said: Mapping[Section, Text], figures: Figures) -> dict[Section, Text]:
    """The sections with their numbers checked; what is expected is not known yet, so it is left as it is."""
    return {name: (filled if name == "expected" else verified)(text, figures) for name, text in said.items()}


def _patched(bases: Sequence[str], change: str) -> str:
    """A file with a change made: the first of these files that it fits. PatchRejected as the first one refuses it."""
    refusals: list[PatchRejected] = []
    for base in bases:
        try:
            return apply_patch(base, change).source
        except PatchRejected as refusal:
            refusals.append(refusal)
    raise refusals[0]


def _predicted(text: str, parent: float) -> float | None:
    found = PREDICTION.search(text)
    if found is None:
        return None
    value = float(found["digits"]) / (100.0 if found["percent"] else 1.0)
    value = {"+": parent + value, None: value}.get(found["sign"], parent - value)
    return value if 0.0 <= value <= 1.0 else None


def _unusable(reason: Reason) -> Failure:
    return Failure("unusable reply", reason)


def shown_lines(source: str, places: Iterable[int], around: int = 2) -> str:
    """Numbered lines of a file around some places."""
    lines = source.split("\n")
    wanted = sorted({n for place in places for n in range(place - around, place + around + 1) if 0 < n <= len(lines)})
    return "\n".join(f"{number:4}| {lines[number - 1]}" for number in wanted)

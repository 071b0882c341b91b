"""Every ten proposals a model reads all results together. What it writes goes into the prompts in place of names."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agent.core.errors import Unavailable
from agent.core.run import BASELINE, OlderNote, Run
from agent.core.text import ENGLISH, Text, in_each
from agent.llm import Conversation, Interrupted, LanguageModel, Message
from agent.llm.prompts import render
from agent.llm.reply import read_parts, tags_of
from agent.llm.spending import OutOfMoney
from agent.llm.tokens import estimate
from agent.proposer.shares import Part, fit
from agent.proposer.standings import Standings, whole_sentences
from agent.science.claims import figures_of, verified
from agent.science.history import History
from agent.store.conversations import Conversations
from agent.store.synthesis import SYNTHESIS_PARTS, Synthesis, SynthesisPart, keep_synthesis, read_synthesis

HERE = Path(__file__).parent
EVERY = 10  # ended proposals
TRIES = 2  # replies that are listened to
BEFORE = 600  # tokens of each part of the synthesis before
PARTS: dict[SynthesisPart, str] = {
    "works": "what works, and why",
    "fails": "what does not work, and why",
    "untried": "what nobody tried, and should be",
}


@dataclass
class Synthesiser:
    """The latest synthesis of a workspace, made anew when it is due; several threads may ask."""

    llm: LanguageModel
    conversations: Conversations
    older: Callable[[], Sequence[OlderNote]]
    prompt_tokens: int
    say: Callable[[str], None] = lambda line: None
    _given_up: int = 0  # ended proposals at which a try came to nothing
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __call__(self, history: History) -> Synthesis | None:
        """What is known by now. Where the model cannot be asked, or answers with nothing of use, that is the latest."""
        with self._lock:
            latest = read_synthesis(self.conversations.workspace)
            ended = ended_proposals(history)
            if len(ended) < EVERY + max(latest.ended if latest else 0, self._given_up):
                return latest
            try:
                made = self._ask(history, ended, latest)
            except (Unavailable, OutOfMoney, Interrupted) as error:
                self.say(f"· no synthesis of the results so far: {error}")
                return latest
            if made is None:
                self._given_up = len(ended)
                self.say(f"· no synthesis of the results so far: {self.llm.model} wrote none that can be used")
                return latest
            keep_synthesis(self.conversations.workspace, made)
            return made

    def _ask(self, history: History, ended: Sequence[Run], latest: Synthesis | None) -> Synthesis | None:
        name = self.conversations.new_name()
        rules, said = self._question(history, ended, latest)
        talk = Conversation(self.llm, "synthesise", self.conversations.keep(name), name, [Message("system", rules)])
        tagged: dict[str, str] = {}
        for _ in range(TRIES):
            reply = talk.say(said)
            found = read_parts(reply.text, tags_of(SYNTHESIS_PARTS)).tagged
            tagged |= found or read_parts(reply.thoughts, tags_of(SYNTHESIS_PARTS)).tagged
            missing = [f"the part <{tag}> is missing" for tag in tags_of(SYNTHESIS_PARTS) if tag not in tagged]
            if not missing:
                break
            said = render(HERE / "synthesise.j2", missing=missing, parts=PARTS).question
        if any(f"{part}_{ENGLISH}" not in tagged for part in SYNTHESIS_PARTS):
            return None
        figures = figures_of(history, None, history.baseline, self.older())
        whole = {part: verified(_in_each_language(tagged, part), figures) for part in SYNTHESIS_PARTS}
        return Synthesis(self.llm.model, len(ended), ended[-1].id, whole)

    def _question(self, history: History, ended: Sequence[Run], latest: Synthesis | None) -> tuple[str, str]:
        before = "\n".join(told(latest)) if latest else ""
        facts = {"missing": (), "parts": PARTS, "before": before, "before_ended": latest.ended if latest else 0}
        bare = render(HERE / "synthesise.j2", lines=(), left_out=0, **facts)
        left = self.prompt_tokens - estimate(bare.rules) - estimate(bare.question)
        lines = fit({"all": Part("All experiments", 1.0, list(_lines(history, ended)))}, left)["all"]
        whole = render(HERE / "synthesise.j2", lines=lines.lines, left_out=lines.left_out, **facts)
        return whole.rules, whole.question


def _in_each_language(tagged: Mapping[str, str], part: SynthesisPart) -> Text:
    """A part of a reply; in a language that it lacks, in English."""
    return in_each(lambda code: tagged.get(f"{part}_{code}", tagged[f"{part}_{ENGLISH}"]))


def ended_proposals(history: History) -> list[Run]:
    """The proposals that were scored or failed, in their order."""
    return [
        run
        for run in history.runs
        if run.proposal.author != BASELINE and (run.scored or run.stopped is not None or run.failure is not None)
    ]


def told(synthesis: Synthesis) -> Iterator[str]:
    """What a prompt is told of a synthesis, as somebody else's words."""
    for part in SYNTHESIS_PARTS:
        yield f"{PARTS[part]}:\n{whole_sentences(synthesis.said[part][ENGLISH], BEFORE)}"


def _lines(history: History, ended: Sequence[Run]) -> Iterator[str]:
    """The best row, and each ended proposal with its parents, its kind and its note, the latest first."""
    standings = Standings(history)
    if history.best is not None:
        yield standings.row(history.best)
    for run in reversed(ended):
        made_of = f" [{run.proposal.kind or 'change'} of {', '.join(run.proposal.parents)}]"
        yield (standings.note(run) or standings.tried(run)) + made_of

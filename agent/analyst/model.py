"""The analyst that asks a language model what the facts mean. The facts stay, as code found them, above its words."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.analyst import Unread
from agent.analyst.note import analyse
from agent.core.errors import Unavailable
from agent.core.run import ANALYSED_SECTIONS, BASELINE, OlderNote, Run, Section
from agent.core.text import ENGLISH, Text, clean, say, unified_diff
from agent.llm import Conversation, Interrupted, LanguageModel, Message
from agent.llm.prompts import Prompt, quoted, render
from agent.llm.reply import gaps, read_parts, tags_of, texts
from agent.llm.spending import OutOfMoney
from agent.science.claims import Figures, figures_of, unknown_references, verified
from agent.science.history import History
from agent.store.conversations import Conversations

ASKED = Path(__file__).parent / "analyse.j2"
TRIES = 1  # to complete a reply
CHANGE, EXPECTED, FACTS, LOG = 1500, 400, 1500, 400  # tokens


@dataclass
class ModelAnalyst:
    """Writes what came of a run. Where the model does so badly, the built-in analyst's words stand alone.

    Raises Unread, with those words, where the model cannot be asked.

    Known variants and proposals that were never trained are left to the built-in analyst.
    """

    llm: LanguageModel
    conversations: Conversations
    older: Callable[[], Sequence[OlderNote]]
    beside: Callable[[History], Sequence[Text]] = lambda history: ()  # further lines of a known system's note

    def __call__(self, history: History, run: Run) -> dict[Section, Text]:
        facts = analyse(history, run, self.beside(history))
        if run.proposal.author == BASELINE or not run.attempts:
            return facts
        try:
            words = self._ask(history, run, facts)
        except (Unavailable, OutOfMoney, Interrupted) as error:
            raise Unread(self._joined(facts, str(error)), error) from error
        return self._joined(facts, words)

    def _ask(self, history: History, run: Run, facts: Mapping[Section, Text]) -> dict[Section, Text] | str:
        """The model's sections, their numbers filled in and checked; or why they cannot be used."""
        prompt = question(history, run, facts)
        keep = self.conversations.keep_with(run)
        talk = Conversation(self.llm, "analyse", keep, run.name, [Message("system", prompt.rules)])
        figures = self._figures(history, run)
        tagged: dict[str, str] = {}
        said = prompt.question
        for left in reversed(range(TRIES + 1)):
            reply = talk.say(said)
            found = read_parts(reply.text, tags_of(ANALYSED_SECTIONS)).tagged
            tagged |= found or read_parts(reply.thoughts, tags_of(ANALYSED_SECTIONS)).tagged
            missing = [*gaps(tagged, ANALYSED_SECTIONS), *_unknown(tagged, figures)]
            missing = [f"the reply is of no use: {reply.problem}", *missing] if reply.problem and missing else missing
            if not missing:
                return {name: verified(text, figures) for name, text in texts(tagged, ANALYSED_SECTIONS).items()}
            if left:
                said = render(ASKED, missing=missing).question
        if gaps(tagged, ANALYSED_SECTIONS):
            return "; ".join(gaps(tagged, ANALYSED_SECTIONS))
        return {name: verified(text, figures) for name, text in texts(tagged, ANALYSED_SECTIONS).items()}

    def _figures(self, history: History, run: Run) -> Figures:
        parent = history.parent(run.proposal)
        return figures_of(history, run, parent, self.older())

    def _joined(self, facts: Mapping[Section, Text], words: dict[Section, Text] | str) -> dict[Section, Text]:
        """The facts, and below them the model's words or why there are none."""
        if isinstance(words, str):
            why = clean(" ".join(words.split()))
            note = say("note.model unused", model=self.llm.model, why=why)
            return {**facts, "lessons": _below(facts["lessons"], note)}
        heading = say("note.model says", model=self.llm.model)
        return {name: _below(facts[name], _below(heading, words[name], "\n"), "\n\n") for name in ANALYSED_SECTIONS}


def question(history: History, run: Run, facts: Mapping[Section, Text]) -> Prompt:
    """What the model is asked about a run."""
    parent = history.parent(run.proposal)
    change = unified_diff(parent.proposal.source, run.proposal.source, parent.name, run.name) if parent else ""
    expected = run.proposal.argument.get("expected")
    return render(
        ASKED,
        missing=(),
        name=run.name,
        parent=parent.name if parent else "nothing",
        title=quoted(run.proposal.title[ENGLISH], EXPECTED),
        expected=quoted(expected[ENGLISH] if expected else "nothing was written", EXPECTED),
        change=quoted(change or "(no parent to compare with)", CHANGE),
        outcome=quoted(facts["outcome"][ENGLISH], FACTS),
        lessons=quoted(facts["lessons"][ENGLISH], FACTS),
        failure=quoted(run.failure.log_tail[-LOG * 3 :], LOG) if run.failure else "",
    )


def _unknown(tagged: Mapping[str, str], figures: Figures) -> list[str]:
    return [
        f"in <{name}>, {reference} refers to no score: give full names of variants and tasks"
        for name, text in tagged.items()
        for reference in unknown_references(text, figures)
    ]


def _below(upper: Text, lower: Text, gap: str = "\n") -> Text:
    return upper + Text(en=gap) + lower

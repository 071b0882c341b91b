"""How runs stand, in the lines of a prompt."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from statistics import quantiles

from agent.core.run import Run, Section
from agent.core.sentences import signed, spread
from agent.core.text import ENGLISH, clean
from agent.llm.prompts import one_line, quoted
from agent.llm.reply import own_words
from agent.llm.tokens import estimate as tokens_of
from agent.science.budget import ratios
from agent.science.calibration import hits, outcomes_of
from agent.science.comparison import Comparison
from agent.science.estimate import AVERAGE
from agent.science.field import rivals
from agent.science.history import History, card_of
from agent.science.learning import learning_line
from agent.science.objective_words import brief, outcome

LINE = 60  # tokens of a reason, a title or another line that somebody else wrote
LONGEST_NOTE = 450  # tokens of what one author wrote in one section; what models write is shorter
# Where a text may be cut: behind a whole sentence or line.
SENTENCE_END = re.compile(r"(?<=[.!?。！？；])(?=\s|[^\x00-\x7f]|$)|(?=\n)")


class Standings:
    """Lines about the scored runs of a history."""

    def __init__(self, history: History) -> None:
        self.history = history

    def row(self, run: Run) -> str:
        """Every score with 95 percent of its noise, what it won or lost, and what it takes beside the template."""
        known = self.history.estimates(run)
        cells = " | ".join(f"{task.mean:.3f}{spread(task.half_width)}" for task in known.values())
        judged = self.history.judgement(run)
        means = ratios(card_of(run), card_of(self.history.baseline)) if self.history.baseline else {}
        taken = ", ".join(f"{axis} x{ratio:.2f}" for axis, ratio in means.items())
        return f"{run.name} | {cells} | {brief(judged) if judged else 'the template'} | {taken}"

    def learning(self, run: Run) -> str:
        """How it came to these scores."""
        return f"{run.name}: {learning_line(run, self.history.noise)[ENGLISH]}"

    def tried(self, run: Run) -> str:
        """A change and what became of it."""
        title = one_line(run.proposal.title[ENGLISH], LINE)
        return f"{run.name}: {title} -> {self.became(run)}"

    def became(self, run: Run) -> str:
        if run.failure is not None:
            return f"failed: {run.failure.kind}"
        if run.review is not None and run.review.decision == "rejected":
            return f"rejected: {one_line(run.review.reason, LINE)}"
        if run.stopped is not None:
            return f"stopped, not worth a whole row: {self._so_far(run)}"
        if not run.scored:
            return f"not scored yet ({run.stage})"
        found, judged = self.history.against_template(run), self.history.judgement(run)
        if judged is None:
            return f"average {card_of(run).average:.3f}"
        return (
            f"average {card_of(run).average:.3f}, {signed(found[AVERAGE].difference)} against the template: "
            f"{brief(judged)}{self._rivals(run)}; beyond the noise: {self._changed(found)}"
        )

    def _so_far(self, run: Run) -> str:
        """How far a stopped run stood from the template when it was stopped, on the seeds of its legs."""
        part = self.history.part(run, self.history.baseline) if self.history.baseline else None
        if part is None:
            return str(run.stopped)
        average = part.tasks[AVERAGE]
        changed = self._changed(part.tasks)
        return (
            f"after {len(run.legs)} of its legs {signed(average.difference)}{spread(average.needed)} against the "
            f"template on the same seeds; beyond the noise: {changed}"
        )

    @staticmethod
    def _changed(found: Mapping[str, Comparison]) -> str:
        """The tasks that differ beyond the noise."""
        tasks = [f"{task} {signed(c.difference)}" for task, c in found.items() if c.told_apart and task != AVERAGE]
        return ", ".join(tasks) or "no task"

    def _rivals(self, run: Run) -> str:
        """The averages of its parent and of the best known mixer beside its own."""
        said = (
            f", {signed(rival.average.difference)} against {rival.run.name}: {outcome(rival.judgement)[ENGLISH]}"
            for rival in rivals(self.history, run)
        )
        return "".join(said)

    def note(self, run: Run) -> str:
        """A run's insight note: why it was tried, what came, and what its author learnt; nothing if nobody wrote."""
        written = {**run.proposal.argument, **run.analysis}
        sections: tuple[Section, ...] = ("reasoning", "lessons")
        words = [own_words(written[name][ENGLISH]).strip() for name in sections if name in written]
        if not any(words):
            return ""
        said = "\n".join(whole_sentences(part, LONGEST_NOTE) for part in words if part)
        hit, judged = hits(outcomes_of(self.history, run))
        said_hits = f"; {hit} of {judged} predictions hit" if judged else ""
        return f"{run.name}: {self.became(run)}{said_hits}\n{said}"

    def digest(self) -> Iterator[str]:
        """All runs in a few lines."""
        runs, scored = self.history.runs, self.history.scored
        failures = Counter(run.failure.kind for run in self.history.failed if run.failure)
        kinds = ", ".join(f"{kind} {count}" for kind, count in failures.most_common())
        stopped = f", {len(self.history.stopped)} stopped after a leg" if self.history.stopped else ""
        yield f"{len(runs)} runs: {len(scored)} scored{stopped}, {len(self.history.failed)} failed ({kinds or 'none'})"
        averages = [card_of(run).average for run in scored]
        if len(averages) > 3:
            low, middle, high = quantiles(averages, n=4)
            yield f"averages: a quarter below {low:.3f}, half below {middle:.3f}, three quarters below {high:.3f}"
            judged = (self.history.judgement(run) for run in scored)
            verdicts = Counter(outcome(found)[ENGLISH] for found in judged if found is not None)
            yield f"against the template: {', '.join(f'{count} {name}' for name, count in verdicts.most_common())}"


def whole_sentences(text: str, tokens: int) -> str:
    """Quote somebody else's words, so many of their sentences as fit; where the first does not, its beginning."""
    text = clean(text).strip()
    if tokens_of(text) <= tokens:
        return quoted(text, tokens)
    ends = [found.start() for found in SENTENCE_END.finditer(text)]
    fitting = [end for end in ends if end and tokens_of(text[:end]) < tokens]
    return quoted(text[: fitting[-1]] if fitting else text, tokens)

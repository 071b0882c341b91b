"""What the model is told of everything that was tried, chosen so that it fits into a prompt however long that is."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from statistics import quantiles
from typing import TypeVar

from agent.core.run import BASELINE, OlderNote, Run, Section
from agent.core.sentences import counted, signed, spread
from agent.core.text import ENGLISH
from agent.llm.prompts import one_line, quoted
from agent.llm.reply import own_words
from agent.llm.tokens import estimate as tokens_of
from agent.science.budget import ratios
from agent.science.calibration import calibrate, hits, outcomes_of
from agent.science.comparison import AVERAGE
from agent.science.effects import measured_effects
from agent.science.field import rivals
from agent.science.history import History, card_of
from agent.science.steps import barred, steps_of

T = TypeVar("T")

LINE = 60  # tokens of a reason, a title or another line that somebody else wrote
NOTE = 160  # tokens of a note
OLDER_NOTE = 350
MOST = 200  # candidates that are looked at for each part
FEW_ROWS = 12  # best and latest rows each
# The parts of a prompt in the order in which they are fitted, and the share of it that each may take.
SHARES = {
    "reviews": 0.08,
    "pending": 0.04,
    "calibration": 0.04,
    "rows": 0.26,
    "tried": 0.16,
    "failures": 0.08,
    "effects": 0.06,
    "notes": 0.16,
    "older": 0.06,
    "digest": 0.06,
}


@dataclass(frozen=True)
class Part:
    """A part of a prompt: its lines, the most important first, and the share of the prompt that it may take."""

    share: float
    lines: Sequence[str]


@dataclass(frozen=True)
class Fitted:
    """The lines that fit, and how many do not."""

    lines: tuple[str, ...]
    left_out: int


NOTHING_KNOWN = {name: Fitted((), 0) for name in SHARES}


def fit(parts: Mapping[str, Part], tokens: int) -> dict[str, Fitted]:
    """Give each part its share of so many tokens. What a part leaves of its share goes to those after it."""
    fitted = {}
    shares = sum(part.share for part in parts.values())
    for name, part in parts.items():
        room = tokens * part.share / shares
        kept: list[str] = []
        for line in part.lines:
            cost = tokens_of(line) + 1
            if cost <= room:
                kept.append(line)
                room, tokens = room - cost, tokens - cost
        shares -= part.share
        fitted[name] = Fitted(tuple(kept), len(part.lines) - len(kept))
    return fitted


def brief(history: History, parent: Run, older: Sequence[OlderNote], tokens: int) -> dict[str, Fitted]:
    """Everything that is known, in so many tokens."""
    standings = Standings(history)
    lines: dict[str, Iterable[str]] = {
        "reviews": _reviews(history),
        "pending": (f"{run.name}: {one_line(run.proposal.title[ENGLISH], LINE)}" for run in _pending(history)),
        "calibration": _calibration(history),
        "rows": (standings.row(run) for run in _rows(history, parent)),
        "tried": (standings.tried(run) for run in _best_and_latest(history.children(parent.name))),
        "failures": (_failure(run) for run in _latest(history.failed)[:MOST]),
        "effects": _effects(history),
        "notes": (standings.note(run) for run in _noteworthy(history, parent)),
        "older": (_older(note) for note in reversed(older)),
        "digest": standings.digest(),
    }
    return fit({name: Part(share, list(lines[name])) for name, share in SHARES.items()}, tokens)


class Standings:
    """How the scored runs stand, in the lines of a prompt."""

    def __init__(self, history: History) -> None:
        self.history = history

    def row(self, run: Run) -> str:
        """Every score with its standard error, the verdict on the average, and what it takes beside the template."""
        known = self.history.estimates(run)
        cells = " | ".join(f"{task.mean:.3f}{spread(task.error)}" for task in known.values())
        verdict = self.history.against_template(run)
        means = ratios(card_of(run), card_of(self.history.baseline)) if self.history.baseline else {}
        taken = ", ".join(f"{axis} x{ratio:.2f}" for axis, ratio in means.items())
        return f"{run.name} | {cells} | {verdict[AVERAGE].verdict if verdict else 'the template'} | {taken}"

    def tried(self, run: Run) -> str:
        """A change of the parent and what became of it."""
        title = one_line(run.proposal.title[ENGLISH], LINE)
        return f"{run.name}: {title} -> {self.became(run)}"

    def became(self, run: Run) -> str:
        if run.failure is not None:
            return f"failed: {run.failure.kind}"
        if run.review is not None and run.review.decision == "rejected":
            return f"rejected: {one_line(run.review.reason, LINE)}"
        if not run.scored:
            return f"not scored yet ({run.stage})"
        found = self.history.against_template(run)
        if not found:
            return f"average {card_of(run).average:.3f}"
        changed = [f"{task} {signed(c.difference)}" for task, c in found.items() if c.told_apart and task != AVERAGE]
        return (
            f"average {card_of(run).average:.3f}, {signed(found[AVERAGE].difference)} against the template "
            f"({found[AVERAGE].verdict}){self._rivals(run)}; beyond the noise: {', '.join(changed) or 'no task'}"
        )

    def _rivals(self, run: Run) -> str:
        """The averages of its parent and of the best known mixer beside its own."""
        said = (
            f", {signed(rival.average.difference)} against {rival.run.name} ({rival.average.verdict})"
            for rival in rivals(self.history, run)
        )
        return "".join(said)

    def note(self, run: Run) -> str:
        """A run's insight note, in short: why it was tried, what came, and what its author learnt."""
        outcomes = outcomes_of(self.history, run)
        hit, judged = hits(outcomes)
        said_hits = f"; {hit} of {judged} predictions hit" if judged else ""
        written = {**run.proposal.argument, **run.analysis}
        sections: tuple[Section, ...] = ("reasoning", "lessons")
        words = [own_words(written[name][ENGLISH]) for name in sections if name in written]
        said = "\n".join(quoted(part, NOTE // 2) for part in words) or "> (nothing was written)"
        return f"{run.name}: {self.became(run)}{said_hits}\n{said}"

    def digest(self) -> Iterator[str]:
        """All runs in a few lines, and then the names of variants by their verdict, as many as fit."""
        runs, scored = self.history.runs, self.history.scored
        failures = Counter(run.failure.kind for run in self.history.failed if run.failure)
        kinds = ", ".join(f"{kind} {count}" for kind, count in failures.most_common())
        yield f"{len(runs)} runs: {len(scored)} scored, {len(self.history.failed)} failed ({kinds or 'none'})"
        averages = [card_of(run).average for run in scored]
        if len(averages) > 3:
            low, middle, high = quantiles(averages, n=4)
            yield f"averages: a quarter below {low:.3f}, half below {middle:.3f}, three quarters below {high:.3f}"
        verdicts = ("better", "indistinguishable", "unjudged", "worse", "larger")
        by_verdict: dict[str, list[str]] = {verdict: [] for verdict in verdicts}
        for run in _latest(scored)[:MOST]:
            if found := self.history.against_template(run):
                by_verdict[found[AVERAGE].verdict].append(run.name)
        rows = [
            [f"{verdict}: {', '.join(names[start : start + 4])}" for start in range(0, len(names), 4)]
            for verdict, names in by_verdict.items()
        ]
        yield from _in_turn(*rows)


def _rows(history: History, parent: Run) -> list[Run]:
    """The rows worth a look: parent, template, other baselines, then the best and the latest in turn."""
    first = [run for run in (parent, history.baseline) if run is not None]
    known = [run for run in history.scored if run.proposal.author == BASELINE]
    best = sorted(history.scored, key=lambda run: card_of(run).average, reverse=True)[:FEW_ROWS]
    return _distinct([*first, *known, *_in_turn(best, _latest(history.scored)[:FEW_ROWS])])


def _best_and_latest(runs: Sequence[Run]) -> list[Run]:
    best = sorted((run for run in runs if run.scored), key=lambda run: card_of(run).average, reverse=True)
    return _distinct(_in_turn(best, _latest(runs)))[:MOST]


def _noteworthy(history: History, parent: Run) -> list[Run]:
    """The runs whose notes say most: in turn the best, the latest, and the most related to the parent."""
    ours = [run for run in history.scored if run.proposal.author != BASELINE]
    best = sorted(ours, key=lambda run: card_of(run).average, reverse=True)
    related = sorted(ours, key=lambda run: relatedness(run, parent), reverse=True)
    return _distinct(_in_turn(best[:MOST], _latest(ours)[:MOST], related[:MOST]))[:MOST]


def relatedness(run: Run, parent: Run) -> float:
    """What two variants have in common: the share of words of their names and titles, and one if one made the other."""
    one, other = (set(f"{r.name} {r.proposal.title[ENGLISH]}".lower().replace("_", " ").split()) for r in (run, parent))
    kin = run.name in parent.proposal.parents or parent.name in run.proposal.parents or run.id == parent.id
    return len(one & other) / max(1, len(one | other)) + kin


def _reviews(history: History) -> Iterator[str]:
    """What a person said, the latest first; before it what must never come again."""
    never = _latest(barred(history))
    for run in never:
        yield _review(run, f"rejected everywhere, never propose this change again, of any parent:{_step(history, run)}")
    for run in _latest(history.runs):
        if run.review and run.review.reason and run not in never:
            yield _review(run, run.review.decision)


def _step(history: History, run: Run) -> str:
    """The moves that a proposal makes and takes back, where they are known."""
    return "".join(f" {step.text[ENGLISH]}, as in" for step in steps_of(history, run.proposal)[:1])


def _review(run: Run, decision: str) -> str:
    assert run.review is not None
    title = one_line(run.proposal.title[ENGLISH], LINE)
    return f"{decision} {run.name} ({title}):\n{quoted(run.review.reason, LINE)}"


def _failure(run: Run) -> str:
    assert run.failure is not None
    return f"{run.name} ({run.failure.kind}):\n{quoted(str(run.failure.reason), LINE)}"


def _pending(history: History) -> list[Run]:
    return [run for run in _latest(history.runs) if run.stage in ("proposed", "approved", "evaluating")]


def _calibration(history: History) -> Iterator[str]:
    found = calibrate(history)
    for name, known in sorted(found.items(), key=lambda item: item[0] != AVERAGE):
        label = "all tasks" if name == AVERAGE else name
        yield f"{label}: {known.hits} of {known.judged} hit, measured minus predicted {signed(known.bias)} on the mean"


def _effects(history: History) -> Iterator[str]:
    """What each move of the catalogue does to the average, the surest first."""
    known = {name: by_task[AVERAGE] for name, by_task in measured_effects(history).items()}
    for name in sorted(known, key=lambda name: known[name].strength, reverse=True):
        yield f"{name}: {known[name]} from {counted(known[name].runs, 'run')}"


def _older(note: OlderNote) -> str:
    """An imported note: its scores are of another protocol, its lessons may hold here too."""
    said = "\n".join(note.sections.get(name, "") for name in ("lessons", "reasoning", "observations")) or note.text
    best = max(note.table, key=lambda name: sum(note.table[name].values()), default="")
    table = f"; {len(note.table)} variants there, the best {best}" if best else ""
    return f"note {note.id}{table}\n{quoted(said, OLDER_NOTE)}"


def _latest(runs: Sequence[Run]) -> list[Run]:
    return list(reversed(runs))


def _in_turn(*orders: Sequence[T]) -> Iterator[T]:
    for group in zip_longest(*orders):
        yield from (each for each in group if each is not None)


def _distinct(runs: Iterable[Run]) -> list[Run]:
    return list({run.id: run for run in runs}.values())

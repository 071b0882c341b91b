"""Numbers in a model's words: filled in from the table where they are referred to, and checked against it elsewhere.

    {{score:VARIANT:TASK}}            VARIANT's score; TASK may be "average"
    {{change:VARIANT:OTHER:TASK}}     how far VARIANT's lies above OTHER's, with its error and verdict

A number of two decimals or more that stands beside a task's name is taken for a score or a difference of scores. It is
right if it is that of a variant named in the same sentence, rounded or cut off; else it is marked. Where no variant is
named, it may be that of the variant in question, of its parent or of the template.

A difference is how far its subject lies above another: the subject is the nearest variant named before it that nothing
is compared with, or the variant in question. Its sign, or a verb such as "falls by", has to be that of the table.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain

from agent.core.run import OlderNote, Run
from agent.core.score import MAD_TASKS
from agent.core.sentences import signed, spread
from agent.core.text import Text, say
from agent.science.claim_words import (
    APART,
    AVERAGE_NAME,
    CHANGE,
    DIFFERENCE_IS,
    DIRECTION,
    FOLLOWS,
    NO_SCORE,
    OTHERS,
    ROLES,
    SENTENCE,
    START,
    whole,
)
from agent.science.comparison import Comparison
from agent.science.estimate import AVERAGE
from agent.science.history import History, card_of
from agent.science.verdict_claims import wrong_verdicts

REFERENCE = re.compile(r"\{\{\s*+(score|change)\s*+:\s*+((?:[^{}\s]++|\s++(?!\}))*+)\s*+\}\}")
NUMBER = re.compile(
    r"(?<![A-Za-z0-9_.±])(?P<sign>[+−-])?(?P<digits>\d?\.\d{2,}|\d{1,3}\.\d+(?=\s?%))(?P<percent>\s?%)?"
    r"(?![A-Za-z0-9_]|\.\d)"
)
NEAR = 40  # characters between a number and the name of its task
RIGHT = Text()  # nothing stands behind a number that is right
ASSUMED = ("this", "parent", "template")  # whose scores a sentence may mean that names nobody


@dataclass(frozen=True)
class Figures:
    """The scores that may be spoken of. `runs` has the scored variants, and this, parent, template and best."""

    history: History
    runs: Mapping[str, Run]
    older: Mapping[str, Mapping[str, float]] = field(default_factory=dict)  # of imported tables

    @cached_property
    def task_names(self) -> dict[str, re.Pattern[str]]:
        """How a sentence may name each task, and the average."""
        rows = [*(card_of(run).scores for run in self.runs.values()), *self.older.values()]
        tasks = dict.fromkeys(chain(MAD_TASKS, *rows))
        patterns = {task: re.compile(whole(r"[\s_-]+".join(task.split())), re.IGNORECASE) for task in tasks}
        return patterns | {AVERAGE: AVERAGE_NAME}

    def compared(self, variant: str, other: str, task: str) -> Comparison | None:
        """How a variant stands against another on a task or "average"; None where one of both has no score of it."""
        if variant not in self.runs or other not in self.runs or self.runs[variant].id == self.runs[other].id:
            return None
        return self.history.compare(self.runs[variant], self.runs[other]).get(task)

    def score(self, variant: str, task: str) -> float | None:
        """A variant's score of a task or "average"; None if there is none."""
        if variant in self.runs:
            card = card_of(self.runs[variant])
            return card.average if task == AVERAGE else card.scores.get(task)
        row = self.older.get(variant, {})
        return sum(row.values()) / len(row) if row and task == AVERAGE else row.get(task)


def figures_of(history: History, this: Run | None, parent: Run | None, older: Iterable[OlderNote]) -> Figures:
    """What can be known when something is written about a run or beside its parent."""
    roles = {"this": this, "parent": parent, "template": history.baseline, "best": history.best}
    known = {run.name: run for run in history.scored}
    known |= {role: run for role, run in roles.items() if run is not None and run.scored}
    return Figures(history, known, {name: row for note in older for name, row in note.table.items()})


def verified(text: Text, figures: Figures) -> Text:
    """Words in which every reference is filled in, and each number beside a task's name is right or marked."""
    checked = {code: _checked(words, code, figures) for code, words in text.words.items()}
    return filled(Text(**checked), figures)


def unknown_references(text: str, figures: Figures) -> list[str]:
    """The references that no score stands behind."""
    return [found[0] for found in REFERENCE.finditer(text) if _value(found, figures) is None]


def filled(text: Text, figures: Figures) -> Text:
    """Words in which every reference is filled in, and nothing is checked: for what is expected and not yet known."""
    return Text(**{code: _filled(words, code, figures) for code, words in text.words.items()})


def _filled(text: str, language: str, figures: Figures) -> str:
    def value(found: re.Match[str]) -> str:
        return (_value(found, figures) or say("claim.unknown", reference=found[2]))[language]

    return REFERENCE.sub(value, text)


def _value(found: re.Match[str], figures: Figures) -> Text | None:
    """What a reference stands for; None where there is no such score."""
    *variants, task = (part.strip() for part in found[2].split(":"))
    task = next((known for known, pattern in figures.task_names.items() if pattern.fullmatch(task)), task)
    if found[1] == "score" and len(variants) == 1:
        score = figures.score(variants[0], task)
        return None if score is None else Text(en=f"{score:.3f}")
    if found[1] == "change" and len(variants) == 2 and all(variant in figures.runs for variant in variants):
        one, other = (figures.runs[variant] for variant in variants)
        compared = figures.history.compare(one, other).get(task)
        if compared is not None:
            difference = f"{signed(compared.difference)}{spread(compared.needed)}"
            return say("claim.change", difference=difference, verdict=say(f"verdict.{compared.verdict}"))
    return None


def _checked(text: str, language: str, figures: Figures) -> str:
    return "".join(_checked_sentence(sentence, language, figures) for sentence in SENTENCE.split(text))


def _checked_sentence(sentence: str, language: str, figures: Figures) -> str:
    """A sentence with a mark behind each number that is wrong or cannot be checked."""
    tasks = sorted(
        (found.start(), found.end(), task) for task, p in figures.task_names.items() for found in p.finditer(sentence)
    )
    named = sorted(_variants(sentence, figures))
    parts, done = [], 0
    for number in NUMBER.finditer(sentence):
        near = _near(number, tasks, sentence)
        if not near or sentence[: number.start()].rstrip().endswith("±"):
            continue
        mark = Claim(number, near, named, figures).mark()
        parts += [sentence[done : number.end()], mark[language]]
        done = number.end()
    rest = sentence[done:]
    if not any(mark for mark in parts[1::2]):
        for end, mark in wrong_verdicts(sentence, [task for *_, task in tasks], named, figures.compared)[:1]:
            if end >= done:
                return "".join([*parts, sentence[done:end], mark[language], sentence[end:]])
    return "".join([*parts, rest])


def _variants(sentence: str, figures: Figures) -> Iterator[tuple[int, str]]:
    """Where variants are named in a sentence, by their names or by their part in it."""
    for found in re.finditer(r"(?<![a-z0-9])[a-z][a-z0-9]*+(?:_[a-z0-9]++)+", sentence, re.ASCII):
        if found[0] in figures.runs or found[0] in figures.older:
            yield found.start(), found[0]
    for role, pattern in ROLES.items():
        if role in figures.runs:
            yield from ((found.start(), role) for found in pattern.finditer(sentence))


def _near(number: re.Match[str], tasks: list[tuple[int, int, str]], sentence: str) -> list[str]:
    """The tasks that a number may belong to, the likeliest first: the one before it, and the one after it."""
    before = [task for _, end, task in tasks if 0 <= number.start() - end <= NEAR][-1:]
    after = [task for start, _, task in tasks if 0 <= start - number.end() <= NEAR][:1]
    return after + before if FOLLOWS.match(sentence, number.end()) else before + after


@dataclass(frozen=True)
class Claim:
    """A number, the tasks it may belong to, the likeliest first, and the variants that its sentence names."""

    number: re.Match[str]
    tasks: Sequence[str]
    named: Sequence[tuple[int, str]]
    figures: Figures

    def mark(self) -> Text:
        """Nothing behind a number that is right; else what is wrong with it, if that can be known."""
        if self._follows(NO_SCORE):
            return RIGHT
        if self.number["sign"] is not None or self._follows(CHANGE):
            return self._mark_of_difference()
        found = self._mark_of_score()
        if found not in (RIGHT, say("claim.other way")) and (
            self._follows(DIFFERENCE_IS) or APART.match(self.number.string, self.number.end())
        ):
            return self._mark_of_difference()
        return found

    def _mark_of_score(self) -> Text:
        before = self._before()[::-1]
        owners = before or [name for _, name in self.named]
        whose = owners if before and not self._follows(OTHERS) else [*owners, *ASSUMED]
        if any(self._says(score) for task in self.tasks for score in self._scores(whose, task)):
            start, way = START.search(self._text_before), self._way()
            against = start is not None and way * (float(self.number["digits"]) - float(start["start"])) < 0
            return say("claim.other way") if against else RIGHT
        meant = before[:1] or [name for name in ("this",) if self.named and name in self.figures.runs] or owners
        truth = self.figures.score(meant[0], self.tasks[0]) if meant else None
        return say("claim.unchecked") if truth is None else say("claim.wrong", truth=truth)

    def _mark_of_difference(self) -> Text:
        """How far a subject lies above another. A claim that might be of another subject is not called wrong."""
        subjects = [name for place, name in self.named if not OTHERS.search(self.number.string, 0, place)]
        before = [name for name in self._before() if name in subjects]
        assumed = "this" if "this" in self.figures.runs else "parent"
        subject = (before[-1:] or subjects[:1] or [assumed])[0]
        known = [*(name for _, name in self.named), *ASSUMED]
        if self._is_difference(subject, known, self._way()):
            return RIGHT
        sure = len({*subjects}) == 1 or (not subjects and assumed == "this")
        if sure and self._is_difference(subject, known, 0):
            return say("claim.other way")
        possible = any(self._is_difference(name, known, 0) for name in known)
        return say("claim.no difference" if self.named and not possible else "claim.unchecked")

    def _is_difference(self, subject: str, others: Iterable[str], way: int) -> bool:
        """Whether the number says how far a subject lies above one of the others."""
        return any(
            self._says(one - other, way)
            for task in self.tasks
            for one in self._scores([subject], task)
            for other in self._scores(others, task)
        )

    def _says(self, truth: float, way: int = 0) -> bool:
        """Whether the number is the truth, rounded to its last digit or cut off there; with no way, either way up."""
        scale = 100.0 if self.number["percent"] else 1.0
        value = float(self.number["digits"]) / scale * (way or 1)
        step = 10.0 ** -len(self.number["digits"].partition(".")[2]) / scale
        truth = truth if way else abs(truth)
        return abs(truth - value) <= 0.5001 * step or (-1e-9 <= abs(truth) - abs(value) < step and truth * value >= 0)

    def _way(self) -> int:
        """1 where the number tells of a rise, -1 of a fall, 0 where it does not say: its sign, else the verb before."""
        if self.number["sign"] is not None:
            return 1 if self.number["sign"] == "+" else -1
        behind = APART.match(self.number.string, self.number.end())
        words = [*DIRECTION.finditer(behind[0] if behind else "")] or [*DIRECTION.finditer(self._text_before)]
        return 0 if not words else 1 if words[-1]["up"] else -1 if words[-1]["down"] else 0

    @property
    def _text_before(self) -> str:
        return self.number.string[: self.number.start()]

    def _follows(self, words: re.Pattern[str]) -> bool:
        return words.search(self._text_before) is not None

    def _before(self) -> list[str]:
        """The variants named before the number, the nearest last."""
        return [name for place, name in self.named if place < self.number.start()]

    def _scores(self, names: Iterable[str], task: str) -> list[float]:
        return [score for name in names if (score := self.figures.score(name, task)) is not None]

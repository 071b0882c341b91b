"""Numbers in somebody's words: filled in from the table where they are referred to, and checked against it elsewhere.

    {{score:VARIANT:TASK}}            VARIANT's score; TASK may be "average"
    {{change:VARIANT:OTHER:TASK}}     how far VARIANT's lies above OTHER's, with its error and verdict

A number of two decimals or more that stands beside a task's name is taken for a score or a difference of scores. It is
right if it is that of a variant named in the same sentence, rounded or cut off; else it is marked. Where no variant is
named, it may be that of the variant in question, of its parent or of the template.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from agent.comparison import AVERAGE
from agent.evaluator.setting import TASKS
from agent.history import History, card_of
from agent.older_notes import OlderNote
from agent.record import Run, Text

REFERENCE = re.compile(r"\{\{\s*(score|change)\s*:\s*([^{}]*?)\s*\}\}")
NUMBER = re.compile(
    r"(?<![A-Za-z0-9_.±])(?P<sign>[+−-])?(?P<digits>\d?\.\d{2,6}|\d{1,3}\.\d+(?=\s?%))(?P<percent>\s?%)?"
    r"(?![A-Za-z0-9_]|\.\d)"
)
SENTENCE = re.compile(r"(?<=[。；;！？!?\n])|(?<=\.)(?=\s)")
NEAR = 40  # characters between a number and the name of its task
OTHERS = re.compile(r"(from|than|over|above|below|versus|vs\.?|against|从|比|由|较)\s*(its\s*)?$", re.IGNORECASE)
CHANGE = re.compile(
    r"(by|(gain|loss|drop|rise|improvement|change) of|提升|提高|上升|增加|下降|降低|减少)\s*(了\s*)?$", re.I
)
FOLLOWS = re.compile(r"\s*[(（]?(on|in|for|at|as|的)\b", re.IGNORECASE)
VERDICTS = {
    "better": Text("better", "更好"),
    "worse": Text("worse", "更差"),
    "indistinguishable": Text("indistinguishable", "无法区分"),
}
WRONG = Text(" [wrong: the table has {0}]", "［有误：表中为 {0}］")
NO_DIFFERENCE = Text(" [wrong: the table has no such difference]", "［有误：表中没有这一差值］")
UNCHECKED = Text(" [not checked]", "［未核对］")
UNKNOWN = Text("[no score of {0}]", "［没有 {0} 的分数］")


def _name(words: str) -> str:
    """A pattern for a name that stands for itself, also beside Chinese characters, which are letters to `re`."""
    return rf"(?<![A-Za-z0-9_]){words}(?![A-Za-z0-9_])"


TASK_NAMES = {
    **{task: re.compile(_name(r"[\s_-]+".join(task.split())), re.IGNORECASE) for task in TASKS},
    AVERAGE: re.compile(_name("average|mean") + "|平均", re.IGNORECASE),
}
ALIASES = {
    "this": re.compile(_name("this variant|the variant|this one") + "|本变体|该变体|此变体", re.IGNORECASE),
    "parent": re.compile(_name("the parent|its parent|parent") + "|父变体", re.IGNORECASE),
    "template": re.compile(_name("the template|the baseline|template|baseline") + "|模板|基线", re.IGNORECASE),
    "best": re.compile(_name("the best variant|the best so far") + "|最佳变体", re.IGNORECASE),
}


@dataclass(frozen=True)
class Figures:
    """The scores that may be spoken of. `runs` has the scored variants, and this, parent, template and best."""

    history: History
    runs: Mapping[str, Run]
    older: Mapping[str, Mapping[str, float]] = field(default_factory=dict)  # of imported tables

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
    checked = Text(_checked(text.en, "en", figures), _checked(text.zh, "zh", figures))
    return filled(checked, figures)


def unknown_references(text: str, figures: Figures) -> list[str]:
    """The references that no score stands behind."""
    return [found[0] for found in REFERENCE.finditer(text) if _value(found, "en", figures) is None]


def filled(text: Text, figures: Figures) -> Text:
    """Words in which every reference is filled in, and nothing is checked: for what is expected and not yet known."""
    return Text(_filled(text.en, "en", figures), _filled(text.zh, "zh", figures))


def _filled(text: str, tongue: str, figures: Figures) -> str:
    def value(found: re.Match[str]) -> str:
        return _value(found, tongue, figures) or getattr(UNKNOWN, tongue).format(found[2])

    return REFERENCE.sub(value, text)


def _value(found: re.Match[str], tongue: str, figures: Figures) -> str | None:
    *variants, task = (part.strip() for part in found[2].split(":"))
    task = next((known for known, pattern in TASK_NAMES.items() if pattern.fullmatch(task)), task)
    if found[1] == "score" and len(variants) == 1:
        score = figures.score(variants[0], task)
        return None if score is None else f"{score:.3f}"
    if found[1] == "change" and len(variants) == 2 and all(variant in figures.runs for variant in variants):
        one, other = (figures.runs[variant] for variant in variants)
        compared = figures.history.compare(one, other).get(task)
        if compared is not None:
            error = f" ± {compared.error:.3f}" if math.isfinite(compared.error) else ""
            left, right = "（）" if tongue == "zh" else (" (", ")")
            return f"{compared.difference:+.3f}{error}{left}{getattr(VERDICTS[compared.verdict], tongue)}{right}"
    return None


def _checked(text: str, tongue: str, figures: Figures) -> str:
    return "".join(_checked_sentence(sentence, tongue, figures) for sentence in SENTENCE.split(text))


def _checked_sentence(sentence: str, tongue: str, figures: Figures) -> str:
    """A sentence with a mark behind each number that is wrong or cannot be checked."""
    tasks = sorted(
        (found.start(), found.end(), task) for task, p in TASK_NAMES.items() for found in p.finditer(sentence)
    )
    named = sorted(_variants(sentence, figures))
    parts, done = [], 0
    for number in NUMBER.finditer(sentence):
        near = _near(number, tasks, sentence)
        if not near or sentence[: number.start()].rstrip().endswith("±"):
            continue
        parts += [sentence[done : number.end()], _mark(number, near, named, sentence, tongue, figures)]
        done = number.end()
    return "".join([*parts, sentence[done:]])


def _variants(sentence: str, figures: Figures) -> Iterator[tuple[int, str]]:
    """Where variants are named in a sentence, by their names or by their part in it."""
    for found in re.finditer(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+", sentence, re.ASCII):
        if found[0] in figures.runs or found[0] in figures.older:
            yield found.start(), found[0]
    for role, pattern in ALIASES.items():
        if role in figures.runs:
            yield from ((found.start(), role) for found in pattern.finditer(sentence))


def _near(number: re.Match[str], tasks: list[tuple[int, int, str]], sentence: str) -> list[str]:
    """The tasks that a number may belong to, the likeliest first: the one before it, and the one after it."""
    before = [task for _, end, task in tasks if 0 <= number.start() - end <= NEAR][-1:]
    after = [task for start, _, task in tasks if 0 <= start - number.end() <= NEAR][:1]
    return after + before if FOLLOWS.match(sentence, number.end()) else before + after


def _mark(
    number: re.Match[str],
    tasks: list[str],
    named: list[tuple[int, str]],
    sentence: str,
    tongue: str,
    figures: Figures,
) -> str:
    """Nothing behind a number that is right; else what is wrong with it, if that can be known."""
    before = [name for place, name in named if place < number.start()]
    owners = before[::-1] or [name for _, name in named]
    difference = number["sign"] is not None or CHANGE.search(sentence, 0, number.start()) is not None
    of_others = difference or OTHERS.search(sentence, 0, number.start()) is not None
    whose = owners if owners and not of_others else [*owners, "this", "parent", "template"]
    for task in tasks:
        scores = [score for name in whose if (score := figures.score(name, task)) is not None]
        if (
            any(_says(number, one - other) for one in scores for other in scores)
            if difference
            else any(_says(number, score) for score in scores)
        ):
            return ""
    truth = figures.score(owners[0], tasks[0]) if owners else None
    if truth is None:
        return str(getattr(UNCHECKED, tongue))
    return str(getattr(NO_DIFFERENCE if difference else WRONG, tongue).format(f"{truth:.3f}"))


def _says(number: re.Match[str], truth: float) -> bool:
    """Whether a number is the truth, rounded to its last digit or cut off there; without a sign, either way up."""
    scale = 100.0 if number["percent"] else 1.0
    value = float(number["digits"]) / scale * (-1.0 if number["sign"] in ("−", "-") else 1.0)
    step = 10.0 ** -len(number["digits"].partition(".")[2]) / scale
    truth = truth if number["sign"] else abs(truth)
    return abs(truth - value) <= 0.5001 * step or (-1e-9 <= abs(truth) - abs(value) < step and truth * value >= 0)

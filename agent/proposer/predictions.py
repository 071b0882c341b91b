"""Reads the scores that a reply predicts, in whatever form: one number a task, or none where it is unclear.

Memorize: 0.852 -> 0.90 (+0.05)      | Memorize | 0.852 | 0.90 |      Memorize: 85-90 %      Memorize: +0.05
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

# Other names of the tasks, besides their own with any blanks, hyphens and underscores.
ALIASES = {
    "Compress": r"compression|压缩",
    "Context Recall": r"in[\s_-]*context[\s_-]*recall|(?:上下文|语境)(?:回忆|召回)",
    "Fuzzy Recall": r"fuzzy[\s_-]*in[\s_-]*context[\s_-]*recall|模糊(?:回忆|召回)",
    "Memorize": r"memori[sz](?:ation|ing|e)|记忆",
    "Noisy Recall": r"noisy[\s_-]*in[\s_-]*context[\s_-]*recall|(?:噪声|带噪)(?:回忆|召回)",
    "Selective Copy": r"selective[\s_-]*copying|选择性?复制",
}
BLANKS = re.compile(r"[^\S\n]+")
BEFORE_A_NAME = r"(?:^|(?<=[,;|{\t]))[\s\"'`*_>{(\[•-]{0,100}+(?:\d{1,9}[.)])?+[\s\"'`*_]{0,100}+"
NUMBER = r"(?:\d+[.,]\d+|\d+\.?|\.\d+)(?:e[+-]?\d+)?"
VALUE = re.compile(rf"(?P<sign>\+/-|±|[+-])?\s*(?P<number>{NUMBER})\s*(?P<percent>%|percent|per cent)?", re.IGNORECASE)
ARROW = re.compile(r"(?<!-)-++>|(?<!=)=++>|→|⇒|⟶|➜|➔|\\to\b|\\rightarrow|&rarr;", re.IGNORECASE)
RANGE = re.compile(
    rf"(?<![\d.])(?P<low>{NUMBER})\s*(?P<unit>%?)\s*(?P<by>-|–|—|~|\.\.\.?|…|/|\bto\b|\band\b|到|至)\s*\+?(?P<high>{NUMBER})",
    re.IGNORECASE,
)
BRACKETS = re.compile(rf"[\[(]\s*({NUMBER})\s*[,;]\s*({NUMBER})\s*[\])]", re.IGNORECASE)  # [0.88, 0.92]
# What a number behind such a word is: the parent's score, not the prediction.
REFERENCE = re.compile(
    rf"(?:\bfrom|\bwas|\bwere|\bvs\.?|\bversus|\bthan|\bbefore|\bparent(?:'s)?(?: score)?|\bbaseline|\bcurrent(?:ly)?"
    rf"|\bprevious(?:ly)?|\bold|原来?|父(?:变体)?|此前|目前|当前|从)[\"'\s:=]*+(?:of|is|at|为)?[\"'\s:=]*+{NUMBER}\s*%?",
    re.IGNORECASE,
)
RISES = re.compile(
    rf"(?:\b(?:up|rises?|increases?|gains?|improves?|higher|plus)|上升|提高|提升|增加)\s*(?:by|of|约|了)?\s*(?={NUMBER})",
    re.I,
)
FALLS = re.compile(
    rf"(?:\b(?:down|falls?|drops?|decreases?|loses?|lower|minus)|下降|降低|减少)\s*(?:by|of|约|了)?\s*(?={NUMBER})",
    re.I,
)
UNCHANGED = re.compile(r"\b(?:unchanged|no change|same|as before|stays?|equal|flat)\b|不变|持平|相同", re.IGNORECASE)
PREDICTED = re.compile(r"predict|expect|new|target|after|forecast|estimate|预测|预期|预计|目标", re.IGNORECASE)
CHANGE = re.compile(r"change|delta|diff|Δ|±|变化|差", re.IGNORECASE)
RULE = re.compile(r"[\s|:+=-]*")  # the line below a table's header


@dataclass(frozen=True)
class Read:
    """What was read for a task: a score, or a change of the parent's. `percent`: it was marked as one."""

    value: float
    change: bool = False
    percent: bool = False


def read_predictions(text: str, parents: Mapping[str, float]) -> dict[str, float]:
    """The predicted score of each task, where it can be told. `parents` has the parent's scores by task."""
    text = re.sub(r"[−‒]", "-", unicodedata.normalize("NFKC", text)).replace("**", "").replace("`", "").replace("$", "")
    text = BLANKS.sub(lambda run: "\t" if "\t" in run[0] else " ", text)  # a long run takes each pattern long
    found: dict[str, Read] = {}
    for task, words in [*_across(text, parents), *_segments(text, parents)]:
        read = _read(words, parents[task])
        if read is not None and (task not in found or _repeats(found[task], parents[task])):
            found[task] = read
    plain = [read.value for read in found.values() if not (read.change or read.percent)]
    whole = len(plain) > 1 and all(1 < value <= 100 for value in plain)  # percentages without their sign
    changes = any(read.change for read in found.values())
    scores = {task: _score(read, parents[task], whole, changes) for task, read in found.items()}
    return {task: score for task, score in scores.items() if score is not None}


def _score(read: Read, parent: float, whole: bool, changes: bool) -> float | None:
    """A score between 0 and 1; None where it is none, or may be meant as a change."""
    value = read.value / 100 if read.percent or (whole and not read.change) else read.value
    if value == 0 and not read.change and changes:
        return None  # no change, or nothing right?
    score = parent + value if read.change else value
    return score if 0 <= round(score, 9) <= 1 else None


def _repeats(read: Read, parent: float) -> bool:
    """Whether what was read is the parent's score, which a table may give first."""
    return not read.change and abs(read.value - parent) < 0.0051


def _names(tasks: Mapping[str, float]) -> re.Pattern[str]:
    """Finds the names of the tasks where a line or a part of a list begins; a group for each, the longest first."""
    parts = []
    for task in sorted(tasks, key=len, reverse=True):
        own = r"[\s_-]*".join(map(re.escape, task.split()))
        parts.append(rf"(?P<t{list(tasks).index(task)}>{ALIASES.get(task, own)}|{own})")
    return re.compile(rf"{BEFORE_A_NAME}(?:{'|'.join(parts)})(?![^\W_])", re.IGNORECASE | re.MULTILINE)


def _segments(text: str, parents: Mapping[str, float]) -> Iterator[tuple[str, str]]:
    """Each task and what stands behind its name, up to the next name or the end of its line."""
    tasks, pattern = list(parents), _names(parents)
    header: list[str] = []
    for line in text.split("\n"):
        names = list(pattern.finditer(line))
        if not names and "|" in line and not RULE.fullmatch(line):
            header = _cells(line)
        for name, following in zip(names, [*names[1:], None][: len(names)], strict=True):
            end = following.start() if following else len(line)
            task = next(tasks[int(group[1:])] for group, said in name.groupdict().items() if said)
            words = line[name.end() : end]
            yield task, _column(words, header) if "|" in words or "\t" in words else words


def _across(text: str, parents: Mapping[str, float]) -> Iterator[tuple[str, str]]:
    """The same of a table that has a column for each task: of the row that is named so, or the last."""
    lines = [line for line in text.split("\n") if "|" in line and not RULE.fullmatch(line)]
    if len(lines) < 2:
        return
    titles = _cells(lines[0])
    tasks = {n: task for n, title in enumerate(titles) for task in _task_of(title, parents)}
    if len(tasks) < 2:
        return
    rows = [_cells(line) for line in lines[1:]]
    named = [row for row in rows if row and PREDICTED.search(row[0])]
    row = (named or rows)[-1]
    yield from ((task, row[n]) for n, task in tasks.items() if n < len(row))


def _task_of(title: str, parents: Mapping[str, float]) -> list[str]:
    found = _names(parents).fullmatch(title)
    return [list(parents)[int(group[1:])] for group, said in (found.groupdict() if found else {}).items() if said]


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _column(words: str, header: list[str]) -> str:
    """What a row says in the column of the prediction, else in the last with a score, else in that of the change."""
    cells = [cell.strip() for cell in re.split(r"[|\t]", words.strip().strip("|")) if cell.strip()]
    titles = header[-len(cells) :] if len(header) >= len(cells) else []
    by_title = list(zip(titles, cells, strict=False))
    for title, cell in reversed(by_title):
        if PREDICTED.search(title) and not CHANGE.search(title) and VALUE.search(cell):
            return cell
    for title, cell in by_title:
        if CHANGE.search(title) and VALUE.search(cell):
            return cell if cell.lstrip()[0] in "+-±" else f"+{cell}"
    scores = [cell for cell in cells if (found := VALUE.search(cell)) and not found["sign"]]
    changes = [cell for cell in cells if (found := VALUE.match(cell)) and found["sign"]]
    if len(scores) == 1 and changes:
        return f"{scores[0]} {changes[-1]}"
    return (scores or changes or [""])[-1]


def _read(words: str, parent: float) -> Read | None:
    """The score or the change in some words; None where there is none, or more than one."""
    behind = ARROW.split(words)[-1]
    words = behind if VALUE.search(behind) else words
    words = BRACKETS.sub(r"\1 - \2", words)
    bare = re.sub(r"[(\[][^()\[\]]*[)\]]", " ", words)
    words = bare if VALUE.search(bare) or UNCHANGED.search(bare) else words
    rest = REFERENCE.sub(" ", words)
    words = rest if VALUE.search(rest) or UNCHANGED.search(rest) else words
    equal = words.rpartition("=")[2]
    words = equal if VALUE.search(equal) else words
    words = FALLS.sub(" -", RISES.sub(" +", words))
    if found := RANGE.search(words):
        return _middle(found, words, parent)
    return _single(words, parent)


def _middle(found: re.Match[str], words: str, parent: float) -> Read:
    """The middle of a range; the end of a way that begins at the parent's score."""
    low, high = _number(found["low"]), _number(found["high"])
    percent = bool(re.match(r"\s*(%|per ?cent)", words[found.end() :], re.IGNORECASE))
    sign = re.search(r"([+-])\s*$", words[: found.start()])
    unit = 100.0 if percent else 1.0
    if found["by"].lower() in ("to", "到", "至") and abs(low / unit - parent) < 0.0051:
        return Read(high, percent=percent)
    value = (low + high) / 2
    return Read(-value if sign and sign[1] == "-" else value, change=sign is not None, percent=percent)


def _single(words: str, parent: float) -> Read | None:
    found = [each for each in VALUE.finditer(words) if _is_number(words, each)]
    spread = [each for each in found if each["sign"] in ("±", "+/-")]
    found = [each for each in found if each not in spread]
    if spread and not found:  # no change, or no more than that: which way is not said
        return Read(0.0, change=True) if _number(spread[0]["number"]) == 0 else None
    decimal = [each for each in found if re.search(r"[.,e]\d", each["number"]) or each["percent"]]
    found = decimal or found  # a whole number beside a score counts steps or decimals
    plain = [each for each in found if not each["sign"]]
    if plain:
        values = {_number(each["number"]) / (100 if each["percent"] else 1) for each in plain}
        if len(values) > 1:
            return None
        signed = [each for each in found if each["sign"]]
        if signed and abs(values.pop() - parent) < 0.0051:
            plain = signed
    elif len({each[0] for each in found}) > 1:
        return None
    if not (plain or found):
        return Read(0.0, change=True) if UNCHANGED.search(words) else None
    last = (plain or found)[0]
    value = _number(last["number"])
    return Read(-value if last["sign"] == "-" else value, change=bool(last["sign"]), percent=bool(last["percent"]))


def _is_number(words: str, found: re.Match[str]) -> bool:
    """Whether these digits are a number of their own, not a part of a name such as v2 or of a date."""
    start, end = found.span("number")
    before, behind = words[max(0, start - 1) : start], words[end : end + 1]
    return not (before.isalnum() or before == "_") and not behind.isalpha()


def _number(text: str) -> float:
    return float(text.replace(",", "."))

"""Sentences with numbers in them, each made once in both languages from the same numbers, so that these agree."""

import time
from collections import Counter
from collections.abc import Sequence

from agent.core.failure import kind_text
from agent.core.run import Run
from agent.core.sentences import confident, counted, spread
from agent.core.sentences import signed as plain_signed
from agent.core.text import Text, say
from agent.science.comparison import Comparison, Estimate

WEEKDAYS = (Text("Mon", "周一"), Text("Tue", "周二"), Text("Wed", "周三"), Text("Thu", "周四"), Text("Fri", "周五"),
            Text("Sat", "周六"), Text("Sun", "周日"))  # fmt: skip
# What a search may be doing, as its status has it.
PHASES = (
    "starting", "proposing", "checking", "training", "analysing", "measuring the noise with", "waiting for a decision",
)  # fmt: skip
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def same(text: str) -> Text:
    """Numbers and names are the same in both languages."""
    return Text(text, text)


def number(value: float, digits: int = 3) -> str:
    """Without a sign, as scores are."""
    return f"{value:.{digits}f}"


def signed(value: float, digits: int = 3) -> str:
    """With a sign, a true minus among them; what rounds to nothing has a plus."""
    return plain_signed(value, digits).replace("-", "−")


def score(known: Estimate) -> str:
    return number(known.mean) + spread(known.error)


def difference(found: Comparison) -> str:
    return signed(found.difference) + spread(found.error)


def verdict(found: Comparison) -> Text:
    """A difference, what to call it, and how sure that is."""
    word, sure = say(f"page.{found.verdict}"), confident(found.confidence)
    if found.verdict == "unjudged":
        return Text(f"{difference(found)}: {word.en}", f"{difference(found)}：{word.zh}")
    return Text(
        f"{difference(found)}: {word.en} (confidence {sure})", f"{difference(found)}：{word.zh}（置信度 {sure}）"
    )


def moment(at: float) -> Text:
    """Day and time, by the clock of the machine that writes the page."""
    then = time.localtime(at)
    day = WEEKDAYS[then.tm_wday]
    clock = f"{then.tm_hour:02}:{then.tm_min:02}"
    return Text(
        f"{day.en} {then.tm_mday} {MONTHS[then.tm_mon - 1]} {then.tm_year}, {clock}",
        f"{then.tm_year}年{then.tm_mon}月{then.tm_mday}日（{day.zh}）{clock}",
    )


def period(start: float, end: float) -> Text:
    """From when to when; the day once where it is the same."""
    first, last = moment(start), moment(end)
    if time.localtime(start)[:3] == time.localtime(end)[:3]:
        last = same(time.strftime("%H:%M", time.localtime(end)))
    return Text(f"{first.en} – {last.en}", f"{first.zh} – {last.zh}")


def duration(seconds: float) -> Text:
    """As people say it: with no more than two units."""
    if seconds < 60:
        return Text(f"{seconds:.0f} s", f"{seconds:.0f} 秒")
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return Text(f"{minutes} min {rest} s", f"{minutes} 分 {rest} 秒") if minutes < 10 else _minutes(minutes)
    hours, minutes = divmod(minutes, 60)
    return Text(f"{hours} h {minutes} min", f"{hours} 小时 {minutes} 分")


def _minutes(minutes: int) -> Text:
    return Text(f"{minutes} min", f"{minutes} 分钟")


def runs(count: int) -> Text:
    return Text(counted(count, "run"), f"{count} 次运行")


def tried(count: int, started: float | None, ended: float | None) -> Text:
    """How many proposals, and in how long."""
    if started is None:
        return Text("proposals", "个提案")
    if ended is None:
        return Text("proposals so far", "个提案，仍在继续")
    long = duration(ended - started)
    return Text(f"proposal{'' if count == 1 else 's'} in {long.en}", f"个提案，用时 {long.zh}")


def waiting(count: int) -> Text:
    """How many proposals a person has yet to decide on."""
    verb = "waits" if count == 1 else "wait"
    return Text(f"{counted(count, 'proposal')} {verb} for a decision.", f"{count} 个提案待定。")


def joined(texts: Sequence[Text], en: str = ", ", zh: str = "，") -> Text:
    return Text(en.join(text.en for text in texts), zh.join(text.zh for text in texts))


def failures(failed: Sequence[Run], rejected: int) -> Text:
    """How many failed of what, and how many a person turned down."""
    kinds = Counter(run.failure.kind for run in failed if run.failure)
    parts = [Text(f"{count} × {kind}", f"{count} 个{kind_text(kind).zh}") for kind, count in kinds.items()]
    if rejected:
        parts.append(Text(f"{rejected} rejected by the reviewer", f"{rejected} 个被评审驳回"))
    return joined(parts, zh="、") if parts else Text("nothing failed, nothing was rejected", "没有失败，也没有驳回")


def author(name: str) -> Text:
    """The author of a proposal or a decision: a word of ours, or the name of a language model as it is."""
    return say(f"page.{name}") if name in ("catalogue", "baseline", "a person", "the search") else same(name)


def phase(name: str) -> Text:
    """What a search is doing; a phase that is none of ours, such as another version's, as it is named."""
    return say(f"page.{name}") if name in PHASES else same(name)

"""Sentences with numbers in them, each made from the same numbers in every language, so that these agree."""

import math
import time
from collections import Counter
from collections.abc import Sequence

from agent.core.run import Run
from agent.core.sentences import confident, joined, spread
from agent.core.sentences import signed as plain_signed
from agent.core.text import Text, say
from agent.proposer.controls import controls_lines as controls_lines
from agent.report.place_lanes import PlaceLanes
from agent.report.steps import Steps
from agent.science.comparison import Comparison
from agent.science.confirmation import Confirmed
from agent.science.estimate import Estimate
from agent.science.field import Rival
from agent.science.objective import Judgement, Objective
from agent.science.objective_words import axes, outcome, told_by
from agent.store.places import PlaceStatus

# What a search may be doing, as its status has it.
PHASES = (
    "starting", "proposing", "checking", "training", "analysing", "measuring the noise with", "confirming",
    "verifying",
    "waiting for a decision",
    "paused",
)  # fmt: skip
# Authors that are words of ours; every other is the name of a language model or of a script.
AUTHORS = ("catalogue", "baseline", "a person", "the search")


def finite(value: float) -> bool:
    """Whether a number is known."""
    return math.isfinite(value)


def same(text: str) -> Text:
    """Numbers and names are the same in every language."""
    return Text(en=text)


def number(value: float, digits: int = 3) -> str:
    """Without a sign, as scores are."""
    return f"{value:.{digits}f}"


def signed(value: float, digits: int = 3) -> str:
    """With a sign, a true minus among them; what rounds to nothing has a plus."""
    return plain_signed(value, digits).replace("-", "−")


def score(known: Estimate) -> str:
    """A score and how far 95 percent of its noise reach to both sides, where that is known."""
    return number(known.mean) + spread(known.half_width)


def difference(found: Comparison) -> str:
    """A difference and how far its 95 percent interval reaches to both sides, where that is known."""
    return signed(found.difference) + spread(found.needed)


def verdict(found: Comparison) -> Text:
    """A difference, what to call it, and how sure that is."""
    word, sure = say(f"page.{found.verdict}"), confident(found.confidence)
    if found.verdict == "unjudged":
        return say("report.unjudged", difference=difference(found), verdict=word)
    return say("report.judged", difference=difference(found), verdict=word, confidence=sure)


def confirmed(found: Confirmed) -> Text:
    """How far a run's average lies above the template's on fresh seeds, with 95 percent; then what it won, by axis."""
    average = found.judgement.average
    margin = say("report.confirmed", margin=signed(average.difference), interval=interval(average))
    return joined([margin, *_by_axis(found.judgement)], "list.semicolon")


def judged(found: Judgement) -> Text:
    """What a run won against another and how far its average lies above it, then both axes."""
    return joined([verdict(found.average), *_by_axis(found)], "list.semicolon")


def _by_axis(found: Judgement) -> list[Text]:
    return [outcome(found), axes(found)] if found.in_log_odds else []


def judged_on(objective: Objective) -> Text:
    """What the verdicts of a table are told by: those of variants, and those of tasks."""
    return joined([told_by(objective), say("objective.judged on")], "list.space")


def rival(found: Rival) -> Text:
    """How the best stands to its parent or to the best known mixer."""
    key = "report.against the best known" if found.known else "report.against its parent"
    return say(key, name=found.run.name, verdict=judged(found.judgement))


def moment(at: float) -> Text:
    """Day and time, by the clock of the machine that writes the page."""
    then = time.localtime(at)
    return say(
        "report.moment",
        weekday=say(f"report.weekday {then.tm_wday}"),
        day=then.tm_mday,
        month=say(f"report.month {then.tm_mon}"),
        year=then.tm_year,
        clock=f"{then.tm_hour:02}:{then.tm_min:02}",
    )


def period(start: float, end: float) -> Text:
    """From when to when; the day once where it is the same."""
    first, last = moment(start), moment(end)
    if time.localtime(start)[:3] == time.localtime(end)[:3]:
        last = same(time.strftime("%H:%M", time.localtime(end)))
    return say("report.period", first=first, last=last)


def at_work(places: Sequence[PlaceStatus]) -> Text:
    """How many places of a running search have work just now."""
    return say("places.at work", count=len(places), working=sum(bool(place.work) for place in places))


def busy(places: PlaceLanes) -> Text:
    """How many places a search had, and how busy they were together."""
    counted = say("places.were", count=len(places.lanes))
    return say("places.share", counted=counted, share=f"{places.together.share:.0%}")


def duration(seconds: float) -> Text:
    """As people say it: with no more than two units."""
    if seconds < 60:
        return say("report.seconds", seconds=seconds)
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 10:
        return say("report.minutes and seconds", minutes=minutes, seconds=rest)
    if minutes < 60:
        return say("report.minutes", minutes=minutes)
    hours, minutes = divmod(minutes, 60)
    return say("report.hours and minutes", hours=hours, minutes=minutes)


def runs(count: int) -> Text:
    return say("count.runs", count=count)


def tried(count: int, started: float | None, ended: float | None) -> Text:
    """How many proposals, and in how long."""
    if started is None:
        return say("report.proposals")
    if ended is None:
        return say("report.proposals so far")
    return say("report.proposals in", count=count, duration=duration(ended - started))


def waiting(count: int) -> Text:
    """How many proposals a person has yet to decide on."""
    return say("report.waiting", count=count)


def interval(found: Comparison) -> Text:
    """Between what a difference lies with 95 percent; nothing where its noise is not known."""
    if not math.isfinite(found.needed):
        return Text()
    low, high = (signed(found.difference + sign * found.needed) for sign in (-1, 1))
    return say("report.interval", low=low, high=high)


def steps(found: Steps) -> Text:
    """How many changes were better and worse than what they changed."""
    return say("report.steps", better=found.better, worse=found.worse, count=found.scored)


def tied(count: int) -> Text:
    """How many others cannot be told from the best."""
    return say("report.tied", count=count)


def failures(failed: Sequence[Run], rejected: int, stopped: int = 0) -> Text:
    """How many failed of what, how many a person turned down, and how many were stopped after a leg."""
    kinds = Counter(run.failure.kind for run in failed if run.failure)
    parts = [say(f"report.failed {kind}", failed=count) for kind, count in kinds.items()]
    if rejected:
        parts.append(say("report.rejected", rejected=rejected))
    if stopped:
        parts.append(say("report.stopped", stopped=stopped))
    return joined(parts) if parts else say("report.nothing failed")


def author(name: str) -> Text:
    """The author of a proposal or a decision: a word of ours, or the name of a language model as it is."""
    return say(f"page.{name}") if name in AUTHORS else same(name)


def phase(name: str) -> Text:
    """What a search is doing; a phase that is none of ours, such as another version's, as it is named."""
    return say(f"page.{name}") if name in PHASES else same(name)

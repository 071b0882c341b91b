"""What a variant achieved by the objective of a search, in words: which axis it won, and its numbers."""

import math

from agent.core.sentences import joined, signed
from agent.core.text import ENGLISH, Text, say
from agent.science.comparison import Comparison
from agent.science.objective import Judgement, Objective


def outcome(found: Judgement) -> Text:
    """The verdict with its axis, such as "learns faster, memory kept"; by the average alone, its verdict."""
    if not _axes_tell(found):
        return _means_told(found, say(f"verdict.{found.verdict}"))
    said = _axis_won(found)
    if found.lost:
        said = say("objective.lost", outcome=said, list=joined(found.lost))
    return _means_told(found, said)


def _axes_tell(found: Judgement) -> bool:
    return found.in_log_odds and found.verdict != "unjudged"


def _means_told(found: Judgement, said: Text) -> Text:
    """What is said, with the words that a variant takes too much to be the best; not where it is worse.

    They are said of equals too, as only a variant that keeps to the budget may be the best. By the average alone the
    word "larger" has them already.
    """
    says_so = found.verdict == "larger" and not _axes_tell(found)
    if not found.gain.larger or found.verdict == "worse" or says_so:
        return said
    return say("objective.larger", outcome=said)


def _axis_won(found: Judgement) -> Text:
    """Only of a gain that is told from nothing: both axes are looked at after it, and not beside it."""
    if found.verdict == "indistinguishable":
        return say("objective.indistinguishable")
    memory, learnability = found.memory_went, found.learning_went
    if {memory, learnability} <= {"same", "none"}:
        return say(f"objective.{'better' if found.gain.ahead else 'worse'} together")
    return say(f"objective.{memory} {learnability}")


def numbers(found: Judgement) -> Text:
    """Both axes in log-odds and the average in accuracy, each with what lies within 95 percent."""
    average = _number(found.average, digits=3)
    if found.memory is None and found.learnability is None:
        return say("list.label", label=say("average"), value=average)
    return say("objective.numbers", axes=axes(found), average=average)


def axes(found: Judgement) -> Text:
    """Both axes in log-odds, each with what lies within 95 percent; nothing of cards without a task of either."""
    memory, learnability = found.memory, found.learnability
    if memory and learnability:
        return say("objective.axes", memory=_number(memory), learnability=_number(learnability))
    if memory:
        return say("objective.memory", memory=_number(memory))
    return say("objective.learnability", learnability=_number(learnability)) if learnability else Text()


def _number(found: Comparison, digits: int = 2) -> Text:
    value = signed(found.difference, digits)
    if not math.isfinite(found.needed):
        return Text(en=value)
    low, high = (signed(found.difference + way * found.needed, digits) for way in (-1, 1))
    return say("objective.number", value=value, low=low, high=high)


def told_by(objective: Objective) -> Text:
    """What a variant's verdict is told by."""
    return say("objective.memory alone" if objective == "memory" else f"objective.{objective}")


def brief(found: Judgement) -> str:
    """The outcome with both gains in log-odds, in the English of a prompt and of the terminal."""
    axes = {"memory": found.memory, "learnability": found.learnability}
    gains = [f"{axis} {signed(gain.difference, 2)}" for axis, gain in axes.items() if gain is not None]
    said = (outcome(found) if _axes_tell(found) else _means_told(found, Text(en=found.verdict)))[ENGLISH]
    return f"{said} ({', '.join(gains)} log-odds)" if found.in_log_odds else said

"""What a verification showed, in words and numbers."""

import math

from agent.core.run import Run
from agent.core.sentences import joined, signed
from agent.core.text import Text, say
from agent.science.capacity import Capacity, Held
from agent.science.comparison import Comparison
from agent.science.history import History
from agent.science.lengths import AtLength
from agent.science.text_gain import TextGain
from agent.science.verification import Verdict, verdict_of

LARGEST = 20.0  # half the width of an interval in logarithms: wider ones say nothing


def verified(history: History, run: Run) -> Text | None:
    """What may be said of a run that was verified; None of one that was not, and of the template itself."""
    template = history.baseline
    if run.id not in history.verifications or template is None or run.id == template.id:
        return None
    found = verdict_of(history, run)
    return say("verify.no template") if found is None else told(found)


def told(found: Verdict) -> Text:
    """Each part of a verdict: at twice its length, by pairs per byte, by bits per byte."""
    parts = [length(found.headline)] if found.headline else [say("verify.no length")]
    parts += [pairs_per_byte(found.capacity)] if found.capacity else []
    parts += [bits(found.text)] if found.text else []
    return joined(parts, "list.semicolon")


def length(found: AtLength) -> Text:
    """Whether it holds at so many times its length, with its accuracies and its gain over the template."""
    return say(
        f"verify.length {found.holding}",
        times=found.times,
        there=found.there,
        home=found.home,
        gain=within(found.gain),
    )


def pairs_per_byte(found: Capacity) -> Text:
    """Whether it holds more pairs per byte, with the ratio and what both hold."""
    return say(
        f"verify.pairs {found.per_byte}",
        fewest=found.fewest,
        ratio=ratio(found.ratio),
        held=held(found.held),
        bytes=found.state_bytes,
        theirs=held(found.template_held),
        their_bytes=found.template_bytes,
    )


def bits(found: TextGain) -> Text:
    """Whether it needs fewer bits per byte, of all bytes and of recalled ones."""
    recalled = Text()
    if found.recalled is not None:
        recalled = say(f"verify.recalled {found.bits_recalled}", difference=within(found.recalled, 3))
    return say(
        f"verify.bits {found.bits}",
        mine=found.mine,
        theirs=found.theirs,
        difference=within(found.every, 3),
        recalled=recalled,
    )


def held(found: Held) -> Text:
    """A number of pairs, or at least that many."""
    number = f"{found.pairs:.1f}".removesuffix(".0")
    return say("verify.at least", pairs=number) if found.at_least else Text(en=number)


def within(found: Comparison, digits: int = 2) -> Text:
    """A difference, and between what it lies with 95 percent where that is known."""
    value = signed(found.difference, digits)
    if not math.isfinite(found.needed):
        return Text(en=value)
    low, high = (signed(found.difference + way * found.needed, digits) for way in (-1, 1))
    return say("objective.number", value=value, low=low, high=high)


def ratio(found: Comparison) -> Text:
    """A ratio that is given as its logarithm, and between what it lies with 95 percent where that is known."""
    value = f"{math.exp(found.difference):.2f}"
    if not math.isfinite(found.needed) or found.needed > LARGEST:
        return Text(en=value)
    low, high = (f"{math.exp(found.difference + way * found.needed):.2f}" for way in (-1, 1))
    return say("objective.number", value=value, low=low, high=high)

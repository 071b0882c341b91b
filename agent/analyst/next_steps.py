"""What a finished run suggests to try next."""

import math

from agent.analyst.facts import Facts
from agent.core.sentences import SOLVED, measuring_noise, signed
from agent.core.text import Text, say
from agent.science.comparison import Comparison
from agent.science.history import card_of

MOST_TIMES = 20  # a difference that needs so many times the seeds is too small to go after


def next_steps(facts: Facts) -> list[Text]:
    """The next steps, the nearest first."""
    if facts.run.failure is not None:
        return [say("next.after failure", step=say(f"next.{facts.run.failure.kind}"))]
    if facts.run.stopped is not None:
        return [say("next.after stop"), *_moves(facts)]
    return [*_verdict(facts), *_moves(facts), *_weakest(facts)]


def _verdict(facts: Facts) -> list[Text]:
    """Whether to go on from here."""
    judged = facts.judged_parent or facts.judged_baseline
    if judged is None or facts.run == facts.baseline:
        return []
    if judged.verdict == "unjudged":
        command = f".venv/bin/python -m agent.study {measuring_noise(card_of(facts.run).protocol)}"
        return [say("next.measure", command=command, apart=signed(judged.average.difference))]
    if judged.verdict == "indistinguishable":
        return [_inside_the_noise(judged.gain)]
    return [say(f"next.{judged.verdict}")]


def _inside_the_noise(found: Comparison) -> Text:
    """How many times the seeds would show a difference of the size that was seen."""
    times = (found.needed / found.difference) ** 2 if found.difference else math.inf
    return say("next.too small") if times > MOST_TIMES else say("next.more seeds", times=max(2, math.ceil(times)))


def _moves(facts: Facts) -> list[Text]:
    """The measured move that it lacks and that adds most, and the one that it holds and that costs most."""
    own = set(facts.run.proposal.moves)
    seen = {name: effect for name, effect in facts.effects.items() if effect.strength > 1}
    lacking = {name: effect for name, effect in seen.items() if name not in facts.held and effect.mean > 0}
    costing = {name: effect for name, effect in seen.items() if name in own and effect.mean < 0}
    lines = []
    if lacking:
        best = max(lacking, key=lambda name: lacking[name].mean)
        lines.append(say("next.adds most", move=best, effect=str(lacking[best])))
    if costing and len(own) > 1:
        worst = min(costing, key=lambda name: costing[name].mean)
        lines.append(say("next.costs most", move=worst, effect=str(costing[worst])))
    return lines


def _weakest(facts: Facts) -> list[Text]:
    """The task with the most room, and who does best on it."""
    scores = card_of(facts.run).scores
    task = min(scores, key=lambda name: scores[name])
    if scores[task] >= SOLVED:
        return []
    leader = facts.leaders.get(task)
    if leader is None:
        return [say("next.weakest unled", task=task, score=scores[task])]
    theirs = card_of(leader).scores[task]
    return [say("next.weakest", task=task, score=scores[task], leader=leader.name, theirs=theirs)]

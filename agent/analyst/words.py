"""The sentences of a note, each made from the same numbers in every language."""

import math
from collections.abc import Mapping

from agent.analyst.facts import LOCAL, Facts
from agent.core.run import Run
from agent.core.sentences import confident, joined, listed, signed, spread
from agent.core.text import Text, say
from agent.science.calibration import Calibration, Outcome, hits
from agent.science.comparison import Comparison, Verdict
from agent.science.effects import Effect
from agent.science.estimate import AVERAGE
from agent.science.history import card_of
from agent.science.objective import Judgement
from agent.science.objective_words import axes, outcome
from agent.science.unfinished import unfinished_lines

VERDICTS: tuple[Verdict, ...] = ("better", "larger", "worse", "indistinguishable", "unjudged")  # in the order of a line
MOST_EFFECTS = 3  # of moves that the variant does not hold


def difference(comparison: Comparison) -> str:
    """A difference with 95 percent of its noise to both sides, where that is known."""
    return f"{signed(comparison.difference)}{spread(comparison.needed)}"


def placing(facts: Facts) -> Text:
    average = card_of(facts.run).average
    if facts.new_best and facts.best_before:
        return say("note.new best", average=average, name=facts.best_before.name)
    return say("note.rank", average=average, rank=facts.rank, count=facts.scored)


def against(other: Run, found: Mapping[str, Comparison], judged: Judgement) -> Text:
    """How the run stands against another: by axis, on the average, and which tasks make the difference."""
    average, sure = found[AVERAGE], Text()
    if average.verdict != "unjudged":
        sure = say("note.sure", confidence=confident(average.confidence))
    won = Text()
    if judged.in_log_odds and judged.verdict != "unjudged":
        won = say("note.outcome", outcome=outcome(judged), axes=axes(judged))
    return say(
        "note.against",
        name=other.name,
        won=won,
        difference=difference(average),
        verdict=say(f"verdict.{average.verdict}"),
        sure=sure,
        tasks=_by_task(found),
    )


def _by_task(found: Mapping[str, Comparison]) -> Text:
    """The tasks that rose and fell beyond the noise, and those that are not told apart."""
    tasks = {task: comparison for task, comparison in found.items() if task != AVERAGE}
    if all(comparison.verdict == "indistinguishable" for comparison in tasks.values()):
        return say("note.no task differs")
    parts = []
    for verdict in VERDICTS:
        chosen = {task: comparison for task, comparison in tasks.items() if comparison.verdict == verdict}
        if verdict == "indistinguishable":
            told = listed([*chosen])
        else:
            told = listed([f"{task} {difference(c)}" for task, c in chosen.items()], "list.semicolon")
        if chosen:
            parts.append(say(f"note.tasks {verdict}", list=told))
    return joined(parts, "list.space")


def noise(facts: Facts) -> list[Text]:
    """How far two averages must lie apart, so that a reader can judge every other number."""
    if not math.isfinite(facts.resolution):
        return [say("note.noise unknown")]
    removed = facts.against_baseline[AVERAGE].removed if facts.against_baseline else None
    pairs = [] if removed is None else [say("note.pairs", percent=round(100 * removed))]
    return [say("note.noise", needed=facts.resolution), *pairs]


def learning(facts: Facts) -> list[Text]:
    """Each seed's score, and how far the training had come: what was still rising may be better than its score."""
    return [say("note.learning", list=facts.learning)] if facts.run.scored else []


def local_apart(facts: Facts) -> list[Text]:
    """A task such as Memorize rewards what only smooths or starts well, so a gain on it alone is told apart."""
    found = ((task, facts.against_baseline.get(task), facts.without(task)) for task in LOCAL)
    return [
        say("note.local apart", task=task, others=signed(rest))
        for task, comparison, rest in found
        if comparison is not None and rest is not None and comparison.verdict == "better"
    ]


def predictions(facts: Facts) -> list[Text]:
    """What was predicted before the training, and what came."""
    if not facts.outcomes:
        return []
    count = len(facts.outcomes)
    predicted = sum(outcome.predicted for outcome in facts.outcomes) / count
    measured = sum(outcome.measured.mean for outcome in facts.outcomes) / count
    summary = say(
        "note.registered",
        predicted=predicted,
        measured=measured,
        off=signed(measured - predicted),
        judged=_judged(*hits(facts.outcomes), count),
    )
    return [summary, *map(_prediction, facts.outcomes)]


def _judged(hit: int, judged: int, count: int) -> Text:
    """How many tasks came as predicted, and how many cannot be judged."""
    if not judged:
        return say("note.nothing judged")
    unknown = say("note.not judged", unknown=count - judged) if judged < count else Text()
    return say("note.judged", hit=hit, count=judged, unknown=unknown)


def _prediction(outcome: Outcome) -> Text:
    """One task's expectation against what came."""
    way = {None: Text(), True: say("note.as foreseen"), False: say("note.against what was foreseen")}
    off = say("note.too low" if outcome.miss > 0 else "note.too high", far=abs(outcome.miss))
    result = {None: off, True: say("note.hit"), False: say("note.missed", off=off)}
    return say(
        "note.prediction",
        task=outcome.task,
        predicted=outcome.predicted,
        measured=f"{outcome.measured.mean:.3f}{spread(outcome.measured.half_width)}",
        result=result[outcome.hit],
        way=way[outcome.direction],
    )


def beyond_the_table(facts: Facts) -> list[Text]:
    """What was measured beside the columns: further tasks, and the same weights on longer sequences."""
    card = card_of(facts.run)
    lines = []
    if card.further:
        told = listed([f"{task} {score.mean:.3f}" for task, score in card.further.items()])
        lines.append(say("note.further", list=told))
    for times in sorted({times for score in card.tasks.values() for times in score.longer}):
        reached = {task: score.longer[times] for task, score in card.tasks.items() if times in score.longer}
        told = listed([f"{task} {plain:.3f}" for task, plain in reached.items()])
        lines.append(say("note.longer", times=times, list=told))
    return lines


def cost(facts: Facts) -> list[Text]:
    """What the variant costs beside the template."""
    card = card_of(facts.run)
    if facts.baseline is None or facts.baseline == facts.run:
        return []
    more = card.parameters - card_of(facts.baseline).parameters
    state = card.state_size / max(1, card_of(facts.baseline).state_size)
    return [say("note.cost", speed=card.speed.ratio, parameters=more, state=state)]


def interplay(facts: Facts) -> list[Text]:
    """Whether several moves together do more or less than the sum of what each does."""
    found = facts.interplay
    if found is None:
        return []
    way = "same" if not found.certain else "more" if found.surplus > 0 else "less"
    expected, measured = signed(found.expected), signed(found.measured)
    return [say("note.interplay", expected=expected, measured=measured, way=say(f"note.interplay {way}"))]


def calibration(found: dict[str, Calibration]) -> list[Text]:
    """How good predictions have been, and where they are wrong in one direction."""
    if AVERAGE not in found:
        return []
    total = found[AVERAGE]
    unknown = total.count - total.judged
    so_far = say("note.hits", hits=total.hits, judged=total.judged)
    if unknown:
        so_far += say("note.hits unknown", unknown=unknown)
    lines = [say("note.calibration", hits=so_far, bias=signed(total.bias))]
    worst = max((task for task in found if task != AVERAGE), key=lambda task: abs(found[task].bias))
    if found[worst].count > 1 and found[worst].hits < found[worst].judged:
        lines.append(say("note.worst bias", task=worst, bias=signed(found[worst].bias)))
    return lines


def effect_lines(facts: Facts) -> list[Text]:
    """What its own moves are known to do to the average, then others, the surest first."""
    ranked = sorted(facts.effects, key=lambda name: facts.effects[name].strength, reverse=True)
    own = [name for name in ranked if name in facts.run.proposal.moves]
    others = [name for name in ranked if name not in facts.run.proposal.moves][:MOST_EFFECTS]
    return [_effect(name, facts.effects[name]) for name in own + others]


def _effect(name: str, effect: Effect) -> Text:
    sure = "certain" if effect.certain else "not certain"
    number = str(effect)
    if not effect.freedom:
        sure, number = "unmeasured", signed(effect.mean)
    return say(
        "note.effect",
        name=name,
        effect=number,
        runs=say("count.runs", count=effect.runs),
        sure=say(f"note.effect {sure}"),
    )


def failure(facts: Facts) -> list[Text]:
    """Why there is no score, and whether that has happened before."""
    assert facts.run.failure is not None
    kind, reason = facts.run.failure.kind_text, facts.run.failure.reason.text
    lines = [say("note.failure", kind=kind, reason=reason), *unfinished_lines(facts.run.failure.unfinished)]
    if facts.similar_failures:
        names = [run.name for run in facts.similar_failures[-3:]]
        count = len(facts.similar_failures)
        lines.append(say("note.similar failures", failures=count, list=listed(names)))
    return lines


def siblings(facts: Facts) -> list[Text]:
    """What else was tried from the same parent."""
    if not facts.siblings or facts.parent is None:
        return []
    scored = sorted((run for run in facts.siblings if run.scored), key=lambda run: card_of(run).average, reverse=True)
    failed = sum(run.failure is not None for run in facts.siblings)
    best = [f"{scored[0].name} {card_of(scored[0]).average:.3f}"] if scored else []
    return [
        say(
            "note.siblings",
            parent=facts.parent.name,
            siblings=len(facts.siblings),
            failed=failed,
            best=listed(best),
        )
    ]

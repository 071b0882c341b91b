"""Verdicts in a model's words without a number: "clearly better than the template", "低于模板"."""

from collections.abc import Callable, Sequence

from agent.core.text import Text, say
from agent.science.claim_words import DENIED, OTHERS, VERDICT
from agent.science.comparison import Comparison
from agent.science.estimate import AVERAGE

Compare = Callable[[str, str, str], Comparison | None]
REACH = 24  # characters before a verdict in which it may be denied


def wrong_verdicts(
    sentence: str, tasks: Sequence[str], named: Sequence[tuple[int, str]], compare: Compare
) -> list[tuple[int, Text]]:
    """Where a verdict ends that is certainly wrong, and the mark that belongs behind it.

    Only a sentence that leaves no doubt is judged: one subject, named before the verdict, one other, and at most one
    task. What is called surely better must be so beyond the noise; what is merely called better must not be beyond the
    noise worse.
    """
    found = []
    about = list(dict.fromkeys(tasks)) or [AVERAGE]
    for verdict in VERDICT.finditer(sentence):
        others = {name for place, name in named if OTHERS.search(sentence, 0, place) or place >= verdict.end()}
        subjects = {name for place, name in named if place < verdict.start()} - others
        denied = DENIED.search(sentence, max(0, verdict.start() - REACH), verdict.start())
        if denied or len(about) > 1 or len(subjects) != 1 or len(others) != 1:
            continue
        compared = compare(subjects.pop(), others.pop(), about[0])
        if compared is None or not compared.freedom:
            continue
        if compared.told_apart and compared.ahead != (verdict["above"] is not None):
            found.append((verdict.end(), say("claim.other way")))
        elif verdict["surely"] and not compared.told_apart:
            found.append((verdict.end(), say("claim.indistinguishable")))
    return found

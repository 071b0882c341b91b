"""What the page that compares variants loads of each: a script that hands over its facts.

A page that was opened from the disk may load scripts that lie beside it, and nothing else; so the facts of a run are a
call with JSON in it.
"""

import json
import math
from collections.abc import Sequence
from itertools import takewhile

from agent.core.run import Run
from agent.report.curves import Panel
from agent.report.scores import setting_lines
from agent.report.standing import standing
from agent.science.comparison import compare
from agent.science.estimate import AVERAGE
from agent.science.history import History, card_of

NEAR = 300  # scored runs before a run with which it is compared: with all of them the site grows with their square


def data_of(history: History, run: Run, curves: Sequence[Panel] = ()) -> str:
    """The script of a run; `curves` are its learning curves, a panel a task."""
    known = standing(history, run).estimates
    settings: dict[str, dict[str, float]] = {}
    for line in setting_lines(run, None) if run.scored else ():
        settings.setdefault(line.task, {})[line.setting] = round(line.mean, 4)
    facts = {
        "id": run.id,
        "name": run.name,
        "source": run.proposal.source,
        "average": AVERAGE,
        "scores": {
            task: {
                "mean": each.mean,
                "reach": each.half_width if math.isfinite(each.half_width) else None,
            }
            for task, each in known.items()
        },
        "larger": bool(history.excess(run)),
        "settings": settings,
        "curves": {panel.task: [round(value, 3) for value in panel.mean] for panel in curves},
        "against": {other.id: judged(history, run, other) for other in known_to(history, run)},
    }
    return f"deltasearch.arrived({json.dumps(facts, ensure_ascii=True, separators=(',', ':'))});\n"


def known_to(history: History, run: Run) -> list[Run]:
    """The scored runs before a scored run that it is compared with: of two runs the later one knows.

    They are the latest before it, the template, and the best there was at each time: what a reader compares with.
    """
    if not run.scored:
        return []
    before = list(takewhile(lambda other: other.id != run.id, history.scored))
    best, kept = -math.inf, []
    for place, other in enumerate(before):
        record = card_of(other).average > best
        best = max(best, card_of(other).average)
        near = place >= len(before) - NEAR
        if record or near or (history.baseline and other.id == history.baseline.id):
            kept.append(other)
    return kept


def judged(history: History, run: Run, other: Run) -> list[int | None]:
    """By task and the average: how sure it is that two runs differ, in thousandths, cut and not rounded; and how far
    the 95 percent interval of their difference reaches, in hundred thousandths, None where that is not known.

    The first is negative where the run is the lower one by what tells the verdict, whatever the difference shown.
    """
    found = compare(card_of(run), card_of(other), history.noise).values()  # not History's, which keeps every pair
    return [
        part
        for each in found
        for part in (
            math.floor(1000 * each.confidence) * (1 if each.ahead else -1),
            round(100_000 * each.needed) if math.isfinite(each.needed) else None,
        )
    ]

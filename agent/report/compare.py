"""What the page that compares any two variants loads of each: a script that hands over its facts.

A page that was opened from the disk may load scripts that lie beside it, and nothing else; so the facts of a run are a
call with JSON in it.
"""

import json
import math
from itertools import takewhile

from agent.core.run import Run
from agent.report.standing import standing
from agent.science.comparison import AVERAGE
from agent.science.history import History


def data_of(history: History, run: Run) -> str:
    """The script of a run."""
    known = standing(history, run).estimates
    facts = {
        "id": run.id,
        "name": run.name,
        "source": run.proposal.source,
        "average": AVERAGE,
        "scores": {
            task: {
                "mean": each.mean,
                "error": each.error if math.isfinite(each.error) else None,
            }
            for task, each in known.items()
        },
        "larger": bool(history.excess(run)),
        "confidence": {other.id: confidences(history, run, other) for other in earlier_scored(history, run)},
    }
    return f"deltasearch.arrived({json.dumps(facts, ensure_ascii=True)});\n"


def earlier_scored(history: History, run: Run) -> list[Run]:
    """The scored runs before a scored run: of two runs the later one knows how sure their difference is."""
    return list(takewhile(lambda other: other.id != run.id, history.scored)) if run.scored else []


def confidences(history: History, run: Run, other: Run) -> list[int]:
    """By task and the average, how sure it is that two runs differ: in thousandths, cut and not rounded."""
    found = history.compare(run, other)
    return [math.floor(1000 * each.confidence) for each in found.values()]

"""What the page that compares any two variants loads of each: a script that hands over its facts.

A page that was opened from the disk may load scripts that lie beside it, and nothing else; so the facts of a run are a
call with JSON in it.
"""

import json
from math import isfinite

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
                "error": each.error if isfinite(each.error) else None,
                "shares": [[share.variance, share.freedom, share.measured] for share in each.shares if share.freedom],
            }
            for task, each in known.items()
        },
    }
    return f"deltasearch.arrived({json.dumps(facts, ensure_ascii=True)});\n"

"""Writes runs of Weights & Biases to the disk, offline: `wandb sync` may send them later, if you want that."""

from collections import defaultdict
from pathlib import Path

from agent.core.errors import Unavailable
from agent.export.measured import curves_of, facts_of, scored_runs, scores_of
from agent.store.files import writing
from agent.store.workspace import Workspace

PROJECT = "deltasearch"


def export(workspace: Workspace, out: Path) -> int:
    """An offline run for each scored one, with its learning curves and scores. Returns how many.

    Nothing is sent anywhere. Unavailable without wandb.
    """
    try:
        import wandb
    except ImportError as error:
        raise Unavailable(f"{error}: pip install 'deltasearch[wandb]'") from error
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
    settings = wandb.Settings(silent=True, console="off", disable_git=True, disable_code=True, x_disable_stats=True)
    count = 0
    for run in scored_runs(workspace):
        there = wandb.init(
            mode="offline", dir=str(out), project=PROJECT, id=run.id, name=run.name, config=facts_of(run),
            settings=settings,
        )  # fmt: skip
        steps: dict[int, dict[str, float]] = defaultdict(dict)
        for point in curves_of(run):
            steps[point.step][point.name] = point.value
        for step in sorted(steps):
            there.log(steps[step], step=step)
        there.summary.update({f"score/{task}": score for task, score in scores_of(run).items()})
        there.finish()
        count += 1
    return count

"""Writes a journal of Optuna: a study with a trial for each run, which optuna and optuna-dashboard read.

A trial's parameters say of each move of the catalogue whether the variant holds it; its value is the average score.
"""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from agent.core.errors import Unavailable, UsageError
from agent.core.run import Run
from agent.export.measured import facts_of, scores_of, time_of
from agent.store.workspace import Workspace

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

STUDY = "deltasearch"


def export(workspace: Workspace, out: Path) -> int:
    """A trial for each run that was scored or failed, in a new file. Returns how many.

    UsageError where the file is there already: a journal is only ever added to. Unavailable without optuna.
    """
    try:
        import optuna
    except ImportError as error:
        raise Unavailable(f"{error}: pip install 'deltasearch[optuna]'") from error
    if out.exists():
        raise UsageError(f"{out} exists: name a new file for the journal")
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    out.parent.mkdir(parents=True, exist_ok=True)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        storage=JournalStorage(JournalFileBackend(str(out))), study_name=STUDY, direction="maximize"
    )
    runs = [run for run in workspace.history().runs if run.tried]
    moves = sorted({move for run in runs for move in run.proposal.moves})
    study.add_trials([_trial(run, moves) for run in runs])
    return len(runs)


def _trial(run: Run, moves: list[str]) -> "FrozenTrial":
    import optuna

    scores, state = scores_of(run) if run.scored else {}, optuna.trial.TrialState
    trial = optuna.trial.create_trial(
        state=state.COMPLETE if scores else state.PRUNED if run.stopped else state.FAIL,
        value=scores.get("average"),
        params={move: move in run.proposal.moves for move in moves},
        distributions={move: optuna.distributions.CategoricalDistribution((False, True)) for move in moves},
        user_attrs={**facts_of(run), **scores},
    )
    trial.datetime_start = datetime.fromtimestamp(run.reached("proposed") or time_of(run))
    trial.datetime_complete = datetime.fromtimestamp(time_of(run))
    return trial

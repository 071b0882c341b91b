"""What was measured, for other programs."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from agent.cli.options import WorkspaceOption
from agent.core.invocation import HERE
from agent.core.sentences import counted
from agent.store.workspace import Workspace


def export(
    program: Annotated[
        Literal["tensorboard", "optuna", "wandb"],
        typer.Argument(help="tensorboard and wandb get the learning curves and scores, optuna moves and averages."),
    ],
    out: Annotated[Path, typer.Argument(help="Write there: a folder, or for optuna a new file.")],
    workspace: WorkspaceOption = HERE,
) -> None:
    """Write all scored runs in the form of another program. Nothing is sent anywhere."""
    from importlib import import_module

    count = import_module(f"agent.export.{program}").export(Workspace(workspace), out)
    read = {
        "tensorboard": f"tensorboard --logdir {out}",
        "optuna": f"optuna-dashboard {out}",
        "wandb": f"wandb sync {out}/wandb/offline-run-*",
    }
    print(f"{out}: {counted(count, 'run')}; {read[program]}")

"""Confirming by hand: runs of a workspace, new or old, are trained on seeds that no choice ever saw."""

from typing import Annotated

import typer

from agent.cli.options import DeviceOption, UnsandboxedOption, WorkspaceOption
from agent.core.errors import UsageError
from agent.core.invocation import HERE
from agent.core.text import ENGLISH
from agent.store.workspace import Workspace


def confirm(
    run: Annotated[
        list[str] | None, typer.Argument(help="Runs or variants; default: those that are most probably better.")
    ] = None,
    times: Annotated[
        int | None,
        typer.Option(
            min=1, help="Train on so many times the protocol's seeds. Default: as many as before, at first 1."
        ),
    ] = None,
    device: DeviceOption = None,
    allow_unsandboxed: UnsandboxedOption = False,
    workspace: WorkspaceOption = HERE,
) -> None:
    """Train runs, the template and the best known variant on fresh seeds, and say which are winners."""
    from agent.evaluator.executor.choice import open_places
    from agent.science.confirmation import finalists, standing_of, times_before
    from agent.search.assembly import assembled, training
    from agent.search.config import read_config
    from agent.search.screen import open_screen

    home = Workspace(workspace)
    history = home.history()
    chosen = [home.find(key) for key in run] if run else finalists(history)
    if history.baseline is None:
        raise UsageError(f"{workspace}: the template has no score here, and everything is compared with it")
    if unscored := [one.name for one in chosen if not one.scored]:
        raise UsageError(f"{unscored[0]} has no score: only a scored run can be confirmed")
    if not chosen:
        raise UsageError(f"{workspace}: no run is probably better than the template: name the runs to confirm")
    before = times_before(history)
    if before and times not in (None, before):
        raise UsageError(
            f"the template was confirmed on {before} times the seeds, which all must share: leave out --times"
        )
    config = read_config(workspace, {"device": device})
    with open_places(None, config.device, config.places) as executor, open_screen() as screen:
        search = training(assembled(config, home, allow_unsandboxed, screen, executor))
        with home.locks.searching():
            search.confirm(chosen, times or before or 1)
    history = home.history()
    for one in chosen:
        print(f"{one.name}: {standing_of(history, one)[ENGLISH]}")

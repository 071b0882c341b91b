"""The end of a run: its note is written, a scored variant enters the lineage, and nothing more is changed."""

from dataclasses import replace

from agent.analyst.note import analyse, render_note
from agent.core.run import Run
from agent.proposer.controls import controls_lines
from agent.store.folder import NOTE
from agent.store.lineage import Lineage
from agent.store.workspace import Workspace


def conclude(workspace: Workspace, lineage: Lineage, run: Run) -> Run:
    """Write the note of a run that has come to its end, keep a scored variant in the lineage, and close the run."""
    history = workspace.history()
    analysed = replace(run, analysis=analyse(history, workspace.with_curves(run), controls_lines(history)))
    workspace.write(run, NOTE, render_note(history, analysed))
    if run.scored:
        lineage.record(analysed)
    return workspace.advance(run, "analysed", analysis=analysed.analysis)

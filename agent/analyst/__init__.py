"""What came of a run: the facts from code, and the words that say what they mean."""

from collections.abc import Callable

from agent.history import History
from agent.record import Run, Sections

# Writes the sections that follow a run which was scored or failed.
Analyst = Callable[[History, Run], Sections]

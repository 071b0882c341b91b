"""What came of a run: the facts from code, and the words that say what they mean."""

from collections.abc import Callable

from agent.core.run import Run, Sections
from agent.science.history import History

# Writes the sections that follow a run which was scored or failed.
Analyst = Callable[[History, Run], Sections]

"""What came of a run: the facts from code, and the words that say what they mean."""

from collections.abc import Callable

from agent.core.errors import DeltaSearchError
from agent.core.run import Run, Sections
from agent.science.history import History

# Writes the sections that follow a run which was scored or failed.
Analyst = Callable[[History, Run], Sections]


class Unread(DeltaSearchError):
    """The analyst could not be asked. `sections` hold the facts, and say why there is no more; it is asked again."""

    def __init__(self, sections: Sections, why: Exception) -> None:
        super().__init__(str(why))
        self.sections = sections

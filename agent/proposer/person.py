"""A person's own variant, as a proposal beside those of the catalogue and of a model."""

import re
from difflib import SequenceMatcher

from agent.core.baselines import TEMPLATE
from agent.core.run import PERSON, Proposal, Run
from agent.core.text import Text, say
from agent.science.history import History

LONGEST_NAME = 124  # and four for a number: agent/store/workspace.py takes 128


def own_proposal(history: History, source: str, file: str, name: str | None, parent: Run | None, why: str) -> Proposal:
    """The proposal of a file that somebody wrote. `parent` is what it is compared with; None: what it is most like."""
    parent = parent or _most_like(history, source)
    argument = {"reasoning": Text(en=why)} if why else {}
    return Proposal(
        name=name or _name(history, file),
        source=source,
        author=PERSON,
        title=say("title.by hand", file=file),
        parents=(parent.name,) if parent else (),
        argument=argument,  # type: ignore[arg-type]
    )


def _most_like(history: History, source: str) -> Run | None:
    """The scored variant that a file was most probably written from."""
    lines = source.splitlines()

    def likeness(run: Run) -> float:
        return SequenceMatcher(None, run.proposal.source.splitlines(), lines, autojunk=False).ratio()

    return max(history.scored, key=likeness, default=None)


def _name(history: History, file: str) -> str:
    """The template's name and the file's; a number where that is taken."""
    stem = re.sub(r"[^a-z0-9]+", "_", file.rpartition(".")[0].lower()).strip("_") or "variant"
    name = stem if stem.startswith(TEMPLATE) else f"{TEMPLATE}_{stem}"
    return history.free_name(name[:LONGEST_NAME])

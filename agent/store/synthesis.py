"""What a model made of many results together, in runs/synthesis.json: what works, what does not, what nobody tried."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from pydantic import TypeAdapter

from agent.core.text import Text, say
from agent.store.files import reading
from agent.store.workspace import RUNS, Workspace

SYNTHESIS = "synthesis.json"

SynthesisPart = Literal["works", "fails", "untried"]
SYNTHESIS_PARTS: tuple[SynthesisPart, ...] = get_args(SynthesisPart)


@dataclass(frozen=True)
class Synthesis:
    """A model's reading of so many ended proposals, of which `last` is the id of the latest."""

    model: str
    ended: int
    last: str
    said: Mapping[SynthesisPart, Text]


_SYNTHESIS = TypeAdapter(Synthesis)


def read_synthesis(workspace: Workspace) -> Synthesis | None:
    """The latest synthesis of a workspace; None before there is one."""
    path = _path(workspace)
    with reading(path, "move it away: the next is made after ten more proposals"):
        return _SYNTHESIS.validate_json(path.read_bytes()) if path.exists() else None


def keep_synthesis(workspace: Workspace, synthesis: Synthesis) -> None:
    """Put a synthesis in the place of the one before."""
    workspace.keep(SYNTHESIS, _SYNTHESIS.dump_json(synthesis, indent=1).decode() + "\n")


def heading_of(part: SynthesisPart) -> Text:
    """What stands above a part."""
    return say(f"synthesis.{part}")


def _path(workspace: Workspace) -> Path:
    return workspace.root / RUNS / SYNTHESIS

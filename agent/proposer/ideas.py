"""Ideas that others had, with their papers and what they were measured to do: catalogue moves and published mixers."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from agent.core.baselines import BASELINES, moves_of, published_paths
from agent.core.resources import MOVES
from agent.core.run import Run
from agent.core.sentences import counted, signed, spread
from agent.core.text import ENGLISH
from agent.proposer.measured import MeasuredVariant, file_name, template_of
from agent.proposer.moves import Move, load_moves
from agent.science.comparison import Comparison
from agent.science.effects import Effect, measured_effects
from agent.science.estimate import AVERAGE
from agent.science.history import History

Measured = Mapping[str, MeasuredVariant]


@dataclass(frozen=True)
class CitedIdea:
    """A line about an idea, and how surely it is known to help: above all others where it was measured to do so."""

    line: str
    worth: float


def cited_ideas(history: History, parent: Run, measured: Measured) -> list[str]:
    """Every move of the catalogue that the parent lacks and every published mixer: those known to help first."""
    effects = measured_effects(history)
    own = set(parent.proposal.moves)
    found = [_of_move(move, effects.get(name, {}), measured) for name, move in _moves().items() if name not in own]
    found += [_of_mixer(name, about, measured) for name, about in _mixers().items()]
    return [idea.line for idea in sorted(found, key=lambda idea: idea.worth, reverse=True)]


def equations() -> list[str]:
    """Each published mixer whole, as its file tells it: the recurrence, and what its file leaves out."""
    return [f"{name}: {about}" for name, about in _mixers().items()]


def published_code(parent: Run) -> list[str]:
    """The file of each published mixer that is not the parent's own."""
    sources = {name: path.read_text(encoding="utf-8").strip() for name, path in published_paths().items()}
    own = parent.proposal.source.strip()
    return [f"{name}:\n```python\n{source}\n```" for name, source in sources.items() if source != own]


def _of_move(move: Move, by_task: Mapping[str, Effect], measured: Measured) -> CitedIdea:
    """By the runs that hold it, else by the shipped row of the known variant that it makes, else by its author."""
    told = f"{move.name}: {move.title[ENGLISH]} ({move.source[ENGLISH]})."
    effect = by_task.get(AVERAGE)
    if effect is None or not effect.runs:
        known = next((name for name in BASELINES if moves_of(name) == (move.name,)), "")
        expected = sum(move.expected.values()) / max(1, len(move.expected))
        hoped = CitedIdea(f"{told} Not tried here; its author expects {signed(expected)} on the average", expected)
        return _by_its_row(told, measured.get(known), measured) or hoped
    tasks = [f"{task} {signed(each.mean)}" for task, each in by_task.items() if task != AVERAGE and each.certain]
    where = f"; {', '.join(tasks)}" if tasks else ""
    line = f"{told} Measured: average {effect}{where}, from {counted(effect.runs, 'run')}"
    return CitedIdea(line, _worth(effect.mean, effect.certain))


def _of_mixer(name: str, about: str, measured: Measured) -> CitedIdea:
    told = f"{name}: {' '.join(about.partition(chr(10) * 2)[0].split())}"
    return _by_its_row(told, _row_of(name, measured), measured) or CitedIdea(told, 0.0)


def _by_its_row(told: str, row: MeasuredVariant | None, measured: Measured) -> CitedIdea | None:
    """What a shipped row says of an idea; None without one that can be compared with the template's."""
    template = template_of(measured)
    against = row.against(template) if row and template else {}
    if not against:
        return None
    total = against[AVERAGE]
    line = f"{told} Measured against the template: average {_change(total)}{_told_apart(against)}"
    return CitedIdea(line, _worth(total.difference, total.told_apart))


def _told_apart(against: Mapping[str, Comparison]) -> str:
    tasks = [f"{task} {_change(each)}" for task, each in against.items() if task != AVERAGE and each.told_apart]
    return f"; {', '.join(tasks)}" if tasks else ""


def _change(found: Comparison) -> str:
    return f"{signed(found.difference)}{spread(found.needed)}"


def _worth(effect: float, certain: bool) -> float:
    """What surely helps stands before all hopes, and what surely costs behind them."""
    return effect + (1.0 if effect > 0 else -1.0) * certain


def _row_of(name: str, measured: Measured) -> MeasuredVariant | None:
    return next((row for row in measured.values() if name in (row.name, file_name(row.name))), None)


@cache
def _moves() -> dict[str, Move]:
    return load_moves(MOVES)


@cache
def _mixers() -> dict[str, str]:
    """Published mixer -> the docstring of its file: a title with its paper, then the equations."""
    files = published_paths().items()
    return {name: ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or name for name, path in files}

"""What the verbs of the study take: mixers by name or by group, a protocol, and where tables are kept."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from agent.core.baselines import BASELINES, control_paths, find_known, proposed_paths, published_paths
from agent.core.errors import UsageError
from agent.core.resources import CHECKOUT, MEASURED
from agent.evaluator.protocol import Protocol
from agent.study.rows import Table
from agent.study.text_rows import TextTable

STUDY = "agent.study"
Name = TypeVar("Name", bound=str)

# What may be asked for by one word.
GROUPS: dict[str, Callable[[], Iterable[str]]] = {
    "known": lambda: BASELINES,
    "proposed": proposed_paths,
    "controls": control_paths,
    "published": published_paths,
}


def variants_named(word: str) -> tuple[str, ...]:
    """Mixers that ship with the project: all of a group, or one by its name."""
    if word in GROUPS:
        return tuple(GROUPS[word]())
    try:
        found = find_known(word, Path())
    except LookupError as error:
        raise typer.BadParameter(f"{error}; or a whole group: {', '.join(GROUPS)}") from error
    if word.endswith(".py"):
        raise typer.BadParameter(f"{word}: only what ships with the project is kept in its tables")
    return (found,)


def one_of(kind: str, names: Sequence[Name], wanted: Sequence[str] | None) -> list[Name]:
    """The names that were asked for, or all; UsageError for one that there is not."""
    if strange := sorted({*(wanted or ())} - {*names}):
        raise UsageError(f"there is no {kind} {strange[0]!r}: choose of {', '.join(names)}")
    return [name for name in names if not wanted or name in wanted]


ProtocolName = Annotated[str, typer.Option("--protocol", help="Of smoke, quick, mad, mad-grid or verify.")]
Folder = Annotated[
    Path | None, typer.Option(help="Keep the measured rows (and the page) there, not in baselines/measured/ and docs/.")
]


def table_of(protocol: Protocol, folder: Path | None) -> Table:
    """The rows that were measured of a protocol, there or where this project keeps them."""
    return Table((folder or MEASURED) / f"{protocol.name}.csv")


def text_path(protocol: Protocol, folder: Path) -> Path:
    """The table of a protocol of text in a folder."""
    return folder / f"{protocol.name.replace('-', '_')}.csv"


def text_rows(protocol: Protocol, folder: Path | None) -> TextTable:
    """What was measured of language models, there or where this project keeps it."""
    return TextTable(text_path(protocol, folder or MEASURED))


def tables_in(folder: Path | None) -> Path:
    """Where measured rows are kept. UsageError where they would be written into an installed package."""
    if folder is None and CHECKOUT is None:
        raise UsageError("this is an installed package, which keeps no new measurements: say where with --folder")
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    return folder or MEASURED

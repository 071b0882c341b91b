"""A variant file as the command line reads it: what is a file of the field's own is refused with the way on."""

from contextlib import suppress
from pathlib import Path

from agent.core.baselines import find_known, known_path
from agent.core.errors import UsageError
from agent.core.invocation import command
from agent.evaluator.contract.declaration import Declaration
from agent.evaluator.contract.variant import VariantRefused, read_declaration
from agent.evaluator.foreign.reading import NotAdaptable, functions_of, read_tree

FOREIGN = ("failure.no_op", "failure.op_arguments", "failure.op_defaults")


def named_variant(word: Path) -> Path:
    """The file that somebody means: a path, or the name of a known mixer, which is there wherever this is installed."""
    with suppress(LookupError):
        return word if word.exists() else known_path(find_known(str(word), Path.cwd()))
    return word


def read_variant(file: Path) -> Declaration:
    """What a file declares. Raises UsageError; where it holds an op in another form, it names `adapt`."""
    try:
        return read_declaration(file)
    except VariantRefused as refusal:
        if refusal.reason.key in FOREIGN:
            with suppress(NotAdaptable):
                if names := [each.name for each in functions_of(read_tree(file))]:
                    raise UsageError(
                        f"{refusal}; it has {', '.join(names)}: write a contract file from it with "
                        f"{command(f'adapt {file}')}"
                    ) from refusal
        raise

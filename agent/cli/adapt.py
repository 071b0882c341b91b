"""A contract file from a naive file of the field."""

from pathlib import Path
from typing import Annotated

import typer

from agent.core.errors import UsageError
from agent.core.invocation import command
from agent.core.text import clean


def adapt(
    file: Annotated[Path, typer.Argument(help="A naive file of the field: a function of q, k and v in plain torch.")],
    function: Annotated[
        str | None, typer.Argument(help="The function; default: the one that works token by token.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write there; default: FUNCTION.py in the current folder.")] = None,
    layout: Annotated[str | None, typer.Option(help="Say that its tensors are BTHD or BHTD.")] = None,
    kind: Annotated[
        list[str] | None, typer.Option(help="Say that an argument is of a head, key or value: g=head; repeat for more.")
    ] = None,
    normalise: Annotated[
        bool | None, typer.Option("--normalise/--no-normalise", help="Give it q and k of length one, or as they come.")
    ] = None,
) -> None:
    """Write a contract file from a naive file of the field, and print each guess. See docs/field.md."""
    kinds = dict(_kind(word) for word in kind or ())
    if layout not in (None, "BTHD", "BHTD"):
        raise UsageError(f"--layout {layout}: BTHD or BHTD")

    from agent.evaluator.foreign.trial import adapt as make

    made = make(file, function, layout, kinds, normalise)  # type: ignore[arg-type]
    target = out or Path(f"{made.plan.function.name}.py")
    if target.exists():
        raise UsageError(f"{target} is there already: choose another place with --out")
    target.write_text(made.source, encoding="utf-8")
    for line in (*made.plan.lines(), *(f"remark: {remark}" for remark in made.remarks)):
        print(clean(line))
    print(
        f"written: {target}\n"
        "It computes what the function computes. That does not make it the mixer of its paper: activations, norms, "
        "projections\nand how the gates start live in the paper's layer, and are not in it; look at each guess above.\n"
        f"Next: {command(f'check {target}')}"
    )


def _kind(word: str) -> tuple[str, str]:
    name, _, kind = word.partition("=")
    if kind not in ("head", "key", "value"):
        raise UsageError(f"--kind {word}: NAME=head, NAME=key or NAME=value")
    return name, kind

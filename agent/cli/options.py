"""Options that several verbs share."""

from pathlib import Path
from typing import Annotated

import typer

from agent.core.languages import LANGUAGES

WorkspaceOption = Annotated[
    Path, typer.Option("--workspace", help="Use the workspace in this folder, which holds results.csv and runs/.")
]
ProtocolOption = Annotated[
    str | None,
    typer.Option(
        help="Train by smoke, quick, mad or mad-grid; evaluate also by verify, text-small or text. "
        "Default: mad on a GPU, quick without one."
    ),
]
DeviceOption = Annotated[str | None, typer.Option(help="Train on cpu or cuda; default: a GPU where there is one.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
PrintLangOption = Annotated[str, typer.Option("--lang", help=f"Print in {', '.join(LANGUAGES)}.")]
LangOption = Annotated[
    str | None,
    typer.Option(
        help="Show the desk, or the screen of a search, in en or zh; the desk remembers it, and the key l changes it."
    ),
]
UnsandboxedOption = Annotated[
    bool, typer.Option("--allow-unsandboxed", help="Go on where generated code cannot be confined.")
]

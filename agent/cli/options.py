"""Options that several verbs share."""

from pathlib import Path
from typing import Annotated

import typer

WorkspaceOption = Annotated[Path, typer.Option("--workspace", help="Where results.csv and runs/ are.")]
ProtocolOption = Annotated[
    str | None, typer.Option(help="smoke, quick, mad or mad-grid; default: mad on a GPU, quick without one.")
]
DeviceOption = Annotated[str | None, typer.Option(help="cpu or cuda; default: a GPU where there is one.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
LangOption = Annotated[str | None, typer.Option(help="en or zh, remembered; the key l changes it at the desk.")]
UnsandboxedOption = Annotated[
    bool, typer.Option("--allow-unsandboxed", help="Go on even where generated code cannot be confined.")
]

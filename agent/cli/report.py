"""The report from the command line."""

from typing import Annotated

import typer

from agent.cli.options import WorkspaceOption
from agent.core.errors import UsageError
from agent.core.invocation import HERE
from agent.store.workspace import Workspace


def report(
    serve: Annotated[
        bool, typer.Option("--serve", help="Serve the report on this machine, and keep it up to date.")
    ] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Serve on this port; 0 takes any that is free.")] = 8321,
    host: Annotated[
        str, typer.Option(help="Serve to other devices, such as a phone, at this name or address of this machine.")
    ] = "",
    open_it: Annotated[bool, typer.Option("--open", help="Open the report in the browser.")] = False,
    workspace: WorkspaceOption = HERE,
) -> None:
    """Build the site of all runs, in English and in Chinese: runs/site/index.html."""
    import secrets
    import webbrowser

    from agent.report.site import Site

    if host and not serve:
        raise UsageError("--host goes with --serve")
    site = Site(Workspace(workspace))
    built = site.build()
    print(f"{built.index}: {built.made} of {built.files} files made in {built.seconds:.1f} s", flush=True)
    if serve:
        from agent.report.serve import serve_site

        token = secrets.token_urlsafe(32) if host else ""
        serve_site(site, port, lambda address: webbrowser.open(address) if open_it else None, host, token)
    elif open_it:
        webbrowser.open(built.index.resolve().as_uri())

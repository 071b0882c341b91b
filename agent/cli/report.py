"""The report from the command line."""

from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.options import UnsandboxedOption, WorkspaceOption
from agent.core.errors import UsageError
from agent.core.invocation import HERE
from agent.store.workspace import Workspace

if TYPE_CHECKING:
    from starlette.routing import Route

    from agent.report.site import Site


def report(
    serve: Annotated[
        bool, typer.Option("--serve", help="Serve the report on this machine, and keep it up to date.")
    ] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Serve on this port; 0 takes any that is free.")] = 8321,
    host: Annotated[
        str, typer.Option(help="Serve to other devices, such as a phone, at this name or address of this machine.")
    ] = "",
    decide: Annotated[
        bool,
        typer.Option("--decide", help="Let those who know the printed address decide about proposals and searches."),
    ] = False,
    allow_unsandboxed: UnsandboxedOption = False,
    open_it: Annotated[bool, typer.Option("--open", help="Open the report in the browser.")] = False,
    workspace: WorkspaceOption = HERE,
) -> None:
    """Build the site of all runs, in English and in Chinese: runs/site/index.html."""
    import secrets
    import webbrowser

    from agent.report.site import Site

    if (host or decide) and not serve:
        raise UsageError("--host and --decide go with --serve")
    if allow_unsandboxed and not decide:
        raise UsageError("--allow-unsandboxed goes with --decide, whose edits are checked: a page runs nothing")
    site = Site(Workspace(workspace))
    built = site.build()
    print(f"{built.index}: {built.made} of {built.files} files made in {built.seconds:.1f} s", flush=True)
    if serve:
        from agent.report.serve import serve_site

        token = secrets.token_urlsafe(32) if host or decide else ""
        routes, page = _deciding(site, allow_unsandboxed) if decide else ([], "")
        serve_site(site, port, lambda address: webbrowser.open(address) if open_it else None, host, token, routes, page)
    elif open_it:
        webbrowser.open(built.index.resolve().as_uri())


def _deciding(site: "Site", allow_unsandboxed: bool) -> "tuple[list[Route], str]":
    """The routes by which a page decides, and that page. What checks an edit is brought together at the first one."""
    from agent.desk.session import Once
    from agent.desk.web import PAGE, Web
    from agent.search.assembly import assembled
    from agent.search.config import read_config

    root = site.workspace.root
    config = read_config(root, {})
    whole = Once(lambda: assembled(config, Workspace(root), allow_unsandboxed))
    return Web(site, lambda run, reply: whole().amend(run, reply)).routes(), PAGE

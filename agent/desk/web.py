"""Decisions by way of a page: the desk's cards, what is asked of the search, and the answers to both.

Everything is a move of `run.json` or a file that the search reads, as at the terminal, so that terminals and pages may
be open at once: the first decision counts, and the second gets 409 and is told what was decided.
"""

import threading
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from http import HTTPStatus
from math import isfinite
from pathlib import Path
from typing import TypeVar

from jinja2 import ChoiceLoader, Environment, FileSystemLoader
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

from agent.core.errors import DeltaSearchError
from agent.core.invocation import command
from agent.core.run import Run
from agent.core.text import Text, say
from agent.desk import confirmations
from agent.desk.answers import NoSuchRun, TooLate, reason, told, too_late
from agent.desk.card import ORDER
from agent.desk.cards import card_for, seen_of
from agent.desk.decisions import approve, reject, waiting
from agent.desk.forms import Approval, Asked, Edit, Idea, OfSearch, Rejection, ToBeConfirmed
from agent.desk.keys import DRAFT
from agent.report.markup import both
from agent.report.prose import Prose
from agent.report.render import PAGES
from agent.report.sentences import phase
from agent.report.serve import LIVE, live_line
from agent.report.site import Site
from agent.science.confirmation import standing_of
from agent.science.history import card_of
from agent.store.files import WorkspaceError
from agent.store.requests import (
    AskedAlready,
    NothingIsSearching,
    ask_of_search,
    ask_to_confirm,
    queue_idea,
    queued_ideas,
    wish_of,
)
from agent.store.status import read_status
from agent.store.workspace import StaleRun, Workspace

HERE = Path(__file__).parent / "pages"
PAGE = "decide"
LONGEST = 1_000_000  # bytes of a request: a variant file has some tens of thousands
LATEST_IDEAS = 8


A = TypeVar("A", bound=Asked)


@dataclass
class Web:
    """The routes by which a page decides. `amend` checks and keeps a person's version of a run."""

    site: Site
    amend: Callable[[Run, str], Run]
    lock: threading.Lock = field(default_factory=threading.Lock)  # one request at a time uses the workspace

    def __post_init__(self) -> None:
        self.workspace = Workspace(self.site.workspace.root, self.site.workspace.tell)
        loader = ChoiceLoader([FileSystemLoader(HERE), FileSystemLoader(PAGES)])
        self.environment: Environment = self.site.pages.environment.overlay(loader=loader)

    def routes(self) -> list[Route]:
        """To be put before those of the site."""
        return [
            Route(f"/{PAGE}", self._page),
            Route("/decide.js", lambda request: FileResponse(HERE / "decide.js")),
            Route("/decide.css", lambda request: FileResponse(HERE / "decide.css")),
            Route(LIVE, self._live),
            Route("/runs/{run}/approve", self._taking(Approval, self._approve), methods=["POST"]),
            Route("/runs/{run}/reject", self._taking(Rejection, self._reject), methods=["POST"]),
            Route("/runs/{run}/edit", self._taking(Edit, self._edit, takes_long=True), methods=["POST"]),
            Route("/queue", self._taking(Idea, self._queue), methods=["POST"]),
            Route("/confirm", self._taking(ToBeConfirmed, self._confirm), methods=["POST"]),
            Route("/search", self._taking(OfSearch, self._search), methods=["POST"]),
        ]

    # What is shown

    def _page(self, request: Request) -> Response:
        with self.lock:
            history = self.workspace.history()
            running = self.workspace.locks.searcher() is not None
            runs = {run.name: run for run in history.runs}
            scored = sorted(history.scored, key=lambda run: -card_of(run).average)
            text = self.environment.get_template("decide.html.j2").render(
                cards=[card_for(run, history) for run in waiting(self.workspace)],
                sections=ORDER,
                prose=Prose(runs, "/"),
                scored=scored,
                confirming=confirmations.lines(self.workspace, history),
                to_choose=[run for run in scored if run.id not in history.confirmations and run != history.baseline],
                queue=queued_ideas(self.workspace)[-LATEST_IDEAS:],
                wish=wish_of(self.workspace),
                running=running,
                searching=self._doing() if running else say("web.no search"),
                isfinite=isfinite,
                t=lambda key: both(say(f"web.{key}")),
                d=lambda key: both(say(f"desk.{key}")),
            )
        return HTMLResponse(text)

    def _live(self, request: Request) -> Response:
        """The line of the report's pages, which leads to the decisions."""
        with self.lock:
            count = len(waiting(self.workspace))
        link = f'<a href="/{PAGE}">{both(say("web.waiting", count=count))}</a>'
        return HTMLResponse(f"{live_line(self.site)} {link}")

    def _doing(self) -> Text:
        """What the search that runs is doing; one that has begun just now has not said it yet."""
        try:
            return phase(read_status(self.workspace).phase)
        except WorkspaceError:
            return phase("starting")

    # What is done

    def _approve(self, name: str, asked: Approval) -> Response:
        run = approve(self.workspace, self._as_seen(name, asked.seen), asked.remark)
        if self.workspace.locks.searcher() is not None:
            return told(say("web.approved", name=run.name))
        return told(say("web.approved for later", name=run.name, command=command("review", self.workspace.root)))

    def _reject(self, name: str, asked: Rejection) -> Response:
        runs = reject(self.workspace, self._as_seen(name, asked.seen), asked.reason, asked.everywhere)
        return told(say("web.rejected", names=", ".join(run.name for run in runs)))

    def _edit(self, name: str, asked: Edit) -> Response:
        with self.lock:
            run = self._run(name)
        try:
            self.amend(self._as_seen(name, asked.seen), asked.source)
        except (TooLate, StaleRun):
            self.workspace.write(run, DRAFT, asked.source)  # nobody's work is lost
            raise
        return told(say("desk.edited"))

    def _queue(self, name: str, asked: Idea) -> Response:
        queue_idea(self.workspace, asked.idea, asked.parent)
        return told(say("web.queued"))

    def _confirm(self, name: str, asked: ToBeConfirmed) -> Response:
        run = self._run(asked.run)
        try:
            ask_to_confirm(self.workspace, run)
        except AskedAlready:
            standing = standing_of(self.workspace.history(), run)
            return told(say("web.asked already", name=run.name, standing=standing), HTTPStatus.CONFLICT)
        except NothingIsSearching:
            by_hand = command(f"confirm {run.id}", self.workspace.root)
            return told(say("web.confirm by hand", name=run.name, command=by_hand), HTTPStatus.CONFLICT)
        return told(say("web.asked to confirm", name=run.name))

    def _search(self, name: str, asked: OfSearch) -> Response:
        ask_of_search(self.workspace, asked.wish)
        return told(say(f"web.asked {asked.wish}"))

    def _run(self, name: str) -> Run:
        """A run by its id. Raises NoSuchRun."""
        found = next((run for run in self.workspace.history().runs if run.id == name), None)
        if found is None:
            raise NoSuchRun(f"there is no run {name!r}")
        return found

    def _as_seen(self, name: str, seen: str) -> Run:
        """The run, if it is as the page had shown it. Raises TooLate."""
        run = self._run(name)
        if run.stage != "proposed" or seen_of(run) != seen:
            raise TooLate(run)
        return run

    def _taking(
        self, form: type[A], act: Callable[[str, A], Response], takes_long: bool = False
    ) -> Callable[..., Awaitable[Response]]:
        """An endpoint that reads a request of a form and does what it asks, one at a time unless it takes long."""

        def done(name: str, asked: A) -> Response:
            with nullcontext() if takes_long else self.lock:
                try:
                    return act(name, asked)
                except StaleRun:  # somebody was quicker by less than a page can see
                    return too_late(self._run(name))
                except TooLate as late:
                    return too_late(late.run)
                except NothingIsSearching:
                    return told(say("web.no search"), HTTPStatus.CONFLICT)
                except NoSuchRun as error:
                    return told(reason(error), HTTPStatus.NOT_FOUND)
                except WorkspaceError as error:
                    return told(reason(error), HTTPStatus.SERVICE_UNAVAILABLE)
                except DeltaSearchError as error:
                    return told(reason(error), HTTPStatus.UNPROCESSABLE_ENTITY)

        async def endpoint(request: Request) -> Response:
            body = b""
            async for part in request.stream():
                body += part
                if len(body) > LONGEST:
                    return told(say("web.too long"), HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            try:
                asked = form.model_validate_json(body)
            except ValidationError as error:
                return told(say("web.not understood", why=error.errors()[0]["msg"]), HTTPStatus.BAD_REQUEST)
            return await run_in_threadpool(done, request.path_params.get("run", ""), asked)

        return endpoint

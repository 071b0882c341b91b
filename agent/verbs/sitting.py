"""Brings the desk together with the search that it feeds; for `review` and `search --review`."""

import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Generic, TypeVar

from agent.budget import Stop
from agent.config import Config
from agent.workspace import Workspace

if TYPE_CHECKING:
    from agent.loop import Search
    from agent.screen import Screen

T = TypeVar("T")


def sit_down(
    config: Config,
    home: Workspace,
    allow_unsandboxed: bool,
    lang: str | None,
    proposes: bool,
    trains: bool = True,
    only: str | None = None,
) -> Stop:
    """Let a person decide, and train what he approves. With `proposes` there are new proposals until he leaves."""
    from agent.desk.attending import Attendance, View
    from agent.desk.desk import Desk
    from agent.desk.seat import Seat
    from agent.desk.words import choose_language

    seat = Seat(home, choose_language(home, lang))
    with ExitStack() as stack:
        view = View(seat, stack)
        whole = Once(lambda: assembled(config, home, allow_unsandboxed, view.screen()))
        desk = Desk(
            seat,
            amend=lambda run, reply: whole().amend(run, reply),
            propose=(lambda: proposing(whole()).propose()) if proposes else None,
            only=only,
            trains=trains,
            dollars=lambda: whole.made.ledger.purse.spent if whole.made else 0.0,
        )
        return Attendance(desk, view, lambda: training(whole(), baselines=proposes)).run()


def assembled(config: Config, home: Workspace, allow_unsandboxed: bool, screen: "Screen | None" = None) -> "Search":
    """A search whose variants are confined, or may be unconfined; without a screen a silent one.

    Importing all that takes a second or two.
    """
    from agent.assembly import assemble, require_isolation
    from agent.screen import Screen

    silent = Screen(lambda status: None, lambda line: None)
    return assemble(config, home, require_isolation(allow_unsandboxed, config.device), screen or silent)


def proposing(search: "Search") -> "Search":
    """The same search for whoever only proposes: what it proposes waits for a review."""
    from agent.journal import Aside

    journal = Aside(search.workspace, search.ledger, lambda status: None, lambda line: None)
    return replace(search, review=True, journal=journal)


def training(search: "Search", baselines: bool = False) -> "Search":
    """The same search for whoever only trains: what is approved and, with `baselines`, what it is compared with.

    Without them it is a review's, and the latest search stays what `status` and the report tell of.
    """
    if not baselines:
        search.journal.resume()
    drafts = replace(search.drafts, proposer=None)
    return replace(search, drafts=drafts, baselines=search.baselines if baselines else ())


class Once(Generic[T]):
    """A thing that is made when it is first asked for, whichever thread asks."""

    def __init__(self, make: Callable[[], T]) -> None:
        self.make = make
        self.made: T | None = None
        self._lock = threading.Lock()

    def __call__(self) -> T:
        with self._lock:
            if self.made is None:
                self.made = self.make()
            return self.made

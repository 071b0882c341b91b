"""What a page that decides is answered: in every language, and with what a program may want to know."""

from http import HTTPStatus

from starlette.responses import JSONResponse, Response

from agent.core.errors import DeltaSearchError, UsageError
from agent.core.run import Run
from agent.core.text import Text, in_each, say
from agent.desk.words import reason_in
from agent.report.sentences import author


class NoSuchRun(UsageError):
    """A run that is gone, or never was."""


class TooLate(Exception):
    """The run is not as the page had shown it."""

    def __init__(self, run: Run) -> None:
        super().__init__(run.id)
        self.run = run


def told(words: Text, status: HTTPStatus = HTTPStatus.OK, **facts: object) -> Response:
    """An answer in every language, and what a program may want to know."""
    return JSONResponse({"said": dict(words.words), **facts}, status)


def reason(error: DeltaSearchError) -> Text:
    """Why something was refused, in every language."""
    return in_each(lambda code: reason_in(code, error))


def too_late(run: Run) -> Response:
    """The answer to a second decision: what was decided, and by whom."""
    review = run.review
    if run.stage == "proposed":
        words = say("web.changed", name=run.name)
    elif review is None:
        words = say("web.moved on", name=run.name, stage=run.stage)
    else:
        decision = say(f"desk.{review.decision}{' everywhere' if review.everywhere else ''}")
        words = say("web.decided", name=run.name, decision=decision, by=author(review.by), reason=review.reason or "–")
    facts = {"decision": review.decision, "by": review.by, "reason": review.reason} if review else {}
    return told(words, HTTPStatus.CONFLICT, decided={"stage": run.stage, **facts})

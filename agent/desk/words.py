"""What the desk says, and in which language, as its reader chose."""

import json
import os

from agent.core.errors import DeltaSearchError
from agent.core.languages import LANGUAGES, check_language
from agent.core.text import ENGLISH, say
from agent.evaluator.failure import EvaluationFailed
from agent.proposer.patch import PatchRejected
from agent.store.files import reading
from agent.store.workspace import RUNS, Workspace

FILE = "desk.json"  # in runs/
KEY = "language"


def words(language: str, key: str, **fields: object) -> str:
    """A sentence of the desk in one language."""
    return say(f"desk.{key}", **fields)[language]


def reason_in(language: str, error: DeltaSearchError) -> str:
    """Why something was refused, in one language; in the error's own words where it is no failure of a variant."""
    match error:
        case EvaluationFailed(failure=failure):
            return say("list.label", label=failure.kind_text, value=failure.reason.text)[language]
        case PatchRejected(reason=reason):
            return reason.text[language]
    return str(error)


def choose_language(workspace: Workspace, asked: str | None) -> str:
    """The language that is asked for, which is then remembered; else the remembered one; else the user's own."""
    if asked is not None:
        check_language(asked)
        remember_language(workspace, asked)
        return asked
    spoken = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    own = spoken.replace("_", ".").partition(".")[0]
    return next((code for code in (_remembered(workspace), own) if code in LANGUAGES), ENGLISH)


def next_language(language: str) -> str:
    """The language that the desk switches to from another."""
    codes = [*LANGUAGES]
    return codes[(codes.index(language) + 1) % len(codes)]


def remember_language(workspace: Workspace, language: str) -> None:
    workspace.keep(FILE, json.dumps({KEY: language}) + "\n")


def _remembered(workspace: Workspace) -> str:
    """What the reader chose the last time; nothing if he never did."""
    path = workspace.root / RUNS / FILE
    with reading(path):
        return str(json.loads(path.read_text(encoding="utf-8"))[KEY]) if path.exists() else ""

"""What a search is told: search.toml, then the environment, then the flags; the later ones win."""

import os
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agent.core.baselines import GATED, TEMPLATE, find_known
from agent.core.errors import UsageError
from agent.science.objective import DEFAULT, Objective

FILE = "search.toml"
KEY, BASE_URL = "OPENAI_API_KEY", "OPENAI_BASE_URL"  # secrets and where they go come from the environment alone
LISTS = ("baselines", "start_from")  # of known mixers
ENVIRONMENT = "DELTASEARCH_"  # DELTASEARCH_HOURS=8 is hours = 8


class Config(BaseModel):
    """Every setting of a search; docs/configuration.md explains them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    protocol: str | None = None
    """Trains by smoke, quick, mad or mad-grid. Default: the workspace's own, at first mad on a GPU, quick on a CPU."""
    device: Literal["cpu", "cuda"] | None = None
    """Trains on the cpu or on cuda. Default: a GPU where there is one."""
    places: int | None = Field(None, ge=1)
    """Trains so many variants at once. Default: one on each GPU, or one on a CPU; on a cluster all that it offers."""
    proposer: Literal["auto", "catalogue", "model"] = "auto"
    """Proposes by the catalogue or by a language model; auto takes the model where there is a key."""
    baselines: tuple[str, ...] = (TEMPLATE, GATED)
    """Measures these known mixers, or files of your own; the template, which must be one, before any proposal."""
    start_from: tuple[str, ...] = ()
    """Measures these too, and changes them alone and what is made of them. Default: the best of all that is scored."""
    seed: int = Field(0, ge=0)
    """Seeds the random choices: which parent to change, which moves to make."""
    hours: float | None = Field(0.25, gt=0)
    """Ends the search after so many hours; inf sets no limit."""
    runs: int | None = Field(None, ge=1)
    """Ends the search after so many proposals."""
    max_failures: int = Field(5, ge=1)
    """Ends the search after so many failures in a row."""
    budget_parameters: float = Field(1.10, ge=1)
    """Calls a variant larger, never better, beyond so many times the template's parameters."""
    budget_state: float = Field(2.0, ge=1)
    """Calls a variant larger, never better, beyond so many times the bytes of the template's state."""
    budget_flops: float = Field(3.0, ge=1)
    """Calls a variant larger, never better, beyond so many times the template's operations a token."""
    text: str | None = None
    """Has language models under text-small and text read this folder or file. Default: the sources of torch."""
    objective: Objective = DEFAULT
    """Looks for balanced gains of memory and learnability, for memory alone, or for the older table's average."""
    legs: bool = True
    """Trains a proposal leg by leg, and stops one that is hardly the best any more; false trains each to its end."""
    leave: bool = False
    """Ends a proposal's trainings early that lie far behind the template's; their scores are lower bounds then."""
    max_cost: float | None = Field(None, gt=0)
    """Ends the search when the language model has cost so many dollars; needs price_in and price_out."""
    model: str | None = None
    """Names the language model at its endpoint. Default: the only one there, or at OpenAI a small one."""
    price_in: float | None = Field(None, ge=0)
    """Says what a million tokens of a prompt cost, in dollars; 0 for a model of your own."""
    price_out: float | None = Field(None, ge=0)
    """Says what a million tokens of a reply cost, thoughts included, in dollars."""
    temperature: float | None = Field(None, ge=0, le=2)
    """Sets the model's temperature. Default: the endpoint's own."""
    drafts: int = Field(2, ge=1)
    """Has a language model make so many proposals at a time, ahead of their training; what is not used is kept."""
    prompt_tokens: int = Field(12_000, ge=6_000)
    """Limits the length of a prompt, by an estimate that errs on the high side."""
    reply_tokens: int = Field(16_000, ge=1_024)
    """Limits the length of a reply, thoughts included; one that was cut is asked for again with twice as much."""
    stall_seconds: float = Field(300.0, gt=0)
    """Gives up a reply after so many seconds without a word from the endpoint."""
    call_seconds: float = Field(1800.0, gt=0)
    """Gives up a reply that takes longer than so many seconds."""


def read_config(workspace: Path, flags: Mapping[str, Any]) -> Config:
    """The settings of a search in this workspace. Flags that are None were not given.

    Raises UsageError naming where a bad setting stands and, for an unknown one, which was probably meant.
    """
    settings: dict[str, Any] = {}
    path = workspace / FILE
    if path.exists():
        settings |= _checked(_read(path), str(path))
    settings |= _checked(_environment(), "the environment")
    settings |= _checked({name: value for name, value in flags.items() if value is not None}, "the command line")
    config = Config(**settings)
    known = {setting: _known(setting, getattr(config, setting), workspace) for setting in LISTS}
    config = config.model_copy(update=known | {"text": config.text and _text(config.text, workspace)})
    if TEMPLATE not in config.baselines:
        raise UsageError(f"baselines: {TEMPLATE} must be among them: everything is compared with it")
    return config


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: cannot be read ({error})") from error


def _environment() -> dict[str, Any]:
    """DELTASEARCH_HOURS=8 and the like; a list has commas."""
    given = {
        name.removeprefix(ENVIRONMENT).lower(): v for name, v in os.environ.items() if name.startswith(ENVIRONMENT)
    }
    return {name: value.split(",") if name in LISTS else value for name, value in given.items()}


def _known(setting: str, words: tuple[str, ...], workspace: Path) -> tuple[str, ...]:
    """The known mixers that a setting names, each once. UsageError where one is none."""
    found = []
    for word in words:
        try:  # a file is named from where one stands, or, in a search.toml, from where that stands
            found.append(find_known(word.strip(), Path.cwd(), workspace))
        except LookupError as error:
            raise UsageError(f"{setting}: {error}") from error
    return tuple(dict.fromkeys(found))


def _text(path: str, workspace: Path) -> str:
    """The path of a text: from where one stands, or, in a search.toml, from where that stands."""
    given = Path(path).expanduser()
    return str(given if given.exists() else workspace / given)


def _checked(settings: dict[str, Any], source: str) -> dict[str, Any]:
    """The settings as they are, once each is known to be one with a value that it can have."""
    for name in settings:
        if name not in Config.model_fields:
            near = get_close_matches(name, Config.model_fields, n=1)
            meant = f"did you mean {near[0]}?" if near else f"there are {', '.join(Config.model_fields)}"
            raise UsageError(f"{source}: there is no setting {name!r}; {meant}")
    try:
        Config(**settings)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{source}: {where} = {first['input']!r}: {first['msg']}") from error
    return settings

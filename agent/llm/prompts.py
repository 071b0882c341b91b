"""What a model is asked: a template file beside the caller, filled in. A fact that it needs and lacks is an error."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from agent.core.languages import LANGUAGES
from agent.core.text import clean
from agent.llm.tokens import cut


@dataclass(frozen=True)
class Prompt:
    """The rules of the game, the same for every question of a kind, and the question."""

    rules: str
    question: str


def render(file: Path, **facts: object) -> Prompt:
    """Fill in a prompt, which knows the languages to ask for. jinja2.UndefinedError where a fact is missing."""
    facts = {"languages": list(LANGUAGES.values()), **facts}
    template = _environment(file.parent).get_template(file.name)

    def block(which: str) -> str:
        return (
            "".join(template.blocks[which](template.new_context(dict(facts)))).strip()
            if which in template.blocks
            else ""
        )

    return Prompt(block("rules"), block("question"))


def quoted(text: str, tokens: int) -> str:
    """Somebody else's words as data: without control characters, cut, and with a mark before each line."""
    return "\n".join(f"> {line}".rstrip() for line in cut(clean(text).strip(), tokens).split("\n"))


def one_line(text: str, tokens: int) -> str:
    """Somebody else's words on one line, cut."""
    return cut(" ".join(clean(text).split()), tokens)


@cache
def _environment(folder: Path) -> Environment:
    return Environment(
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )

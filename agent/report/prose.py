"""The text of a note as HTML: paragraphs, lists and emphasis, and names of variants that lead to their pages.

Only text comes through, whatever its author wrote: HTML is shown as it is written, and neither pictures nor addresses
are followed.
"""

import re
from collections.abc import Mapping

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markupsafe import Markup

from agent.core.languages import LANGUAGES
from agent.core.run import Run
from agent.core.text import Text, clean
from agent.report.markup import page_of, short

NAME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+")
BULLET = re.compile(r"^(\s*)[•–·] ?", re.MULTILINE)


class Prose:
    """Renders notes. `runs` are those whose names become links, by their names."""

    def __init__(self, runs: Mapping[str, Run], up: str) -> None:
        self.runs, self.up = runs, up
        self.markdown = MarkdownIt("zero", {"html": False}).enable(
            ["list", "emphasis", "backticks", "fence", "newline", "escape"]
        )
        self.markdown.core.ruler.push("variants", self._link)
        self.rendered: dict[str, Markup] = {}  # the catalogue says the same of a move each time

    def render(self, text: str) -> Markup:
        """One language of a section."""
        if text not in self.rendered:
            self.rendered[text] = Markup(self.markdown.render(BULLET.sub(r"\1- ", clean(text))))
        return self.rendered[text]

    def both(self, text: Text) -> Markup:
        """A section in every language, of which the page shows one; one that was left empty shows another."""
        others = next((words for words in text.words.values() if words.strip()), "")
        parts = (
            f'<div class="{code} prose" lang="{language.tag}">{self.render(text[code].strip() or others)}</div>'
            for code, language in LANGUAGES.items()
        )
        return Markup("".join(parts))

    def _link(self, state: StateCore) -> None:
        for token in state.tokens:
            if token.children:
                token.children = [part for child in token.children for part in self._split(child)]

    def _split(self, token: Token) -> list[Token]:
        """A piece of text, cut where a variant is named."""
        if token.type not in ("text", "code_inline"):
            return [token]
        parts, end = [], 0
        for found in NAME.finditer(token.content):
            run = self.runs.get(found.group())
            if run is not None:
                parts.append(_like(token, token.content[end : found.start()]))
                opening = Token("link_open", "a", 1, attrs={"href": page_of(run, self.up), "class": "name"})
                parts += [opening, _breakable(short(found.group())), Token("link_close", "a", -1)]
                end = found.end()
        return [*parts, _like(token, token.content[end:])] if parts else [token]


def _like(token: Token, content: str) -> Token:
    return Token(token.type, token.tag, 0, content=content, markup=token.markup)


def _breakable(name: str) -> Token:
    """A name that may be broken at its underscores, by an element, so that a copy of it is the name alone.

    A name is letters, digits and underscores (NAME), so that there is nothing in it to escape.
    """
    return Token("html_inline", "", 0, content=name.replace("_", "_<wbr>"))

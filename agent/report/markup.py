"""Words as HTML: in every language, of which the page shows one, and escaped."""

from markupsafe import Markup, escape

from agent.core.baselines import TEMPLATE
from agent.core.isolation import Isolation
from agent.core.languages import LANGUAGES
from agent.core.reason import SAID, Reason
from agent.core.run import Run
from agent.core.text import ENGLISH, Text
from agent.core.text import say as said


def both(text: Text, tag: str = "span") -> Markup:
    """A text in every language; once where all are the same, as numbers are."""
    if text.same_in_all:
        return escape(text[ENGLISH])
    parts = (
        f'<{tag} class="{code}" lang="{language.tag}">{escape(text[code])}</{tag}>'
        for code, language in LANGUAGES.items()
    )
    return Markup("".join(parts))


def say(key: str, tag: str = "span") -> Markup:
    """A fixed word of the pages."""
    return both(said(f"page.{key}"), tag)


def verbatim(text: str, tag: str = "span", kind: str = "name") -> Markup:
    """What is the same in every language and not to be translated: a name, or what a program said."""
    return Markup(f'<{tag} class="{kind}" translate="no">{escape(text)}</{tag}>')


def told(reason: Reason) -> Markup:
    """A reason in every language, or as it was said where somebody else said it."""
    return both(reason.text) if reason.key != SAID else verbatim(str(reason), "q", "said")


def confined(isolation: Isolation) -> Markup:
    """What confined a run, in every language, or as an earlier version said it."""
    return verbatim(isolation.text[ENGLISH], "q", "said") if isolation.said else both(isolation.text)


def task_name(task: str) -> Markup:
    """A task, which has an English name in every language, as in the tables and in the literature."""
    return verbatim(task, kind="task")


def named(name: str) -> Markup:
    """A variant's name that may be broken at its underscores."""
    return Markup(str(verbatim(name)).replace("_", "_<wbr>"))


def short(name: str) -> str:
    """A variant's name without what nearly all begin with."""
    return name.removeprefix(f"{TEMPLATE}_")


def page_of(run: Run, up: str = "") -> str:
    """The address of a variant's page; `up` leads from the page that links to it to the site's root."""
    return f"{up}variants/{run.id}.html"


def link(run: Run, up: str = "") -> Markup:
    """A variant's short name that leads to its page."""
    return Markup(f'<a href="{page_of(run, up)}">{named(short(run.name))}</a>')

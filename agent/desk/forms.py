"""What a page that decides may send, field by field."""

from pydantic import BaseModel, ConfigDict

from agent.store.requests import Wish


class Asked(BaseModel):
    """What a page sends. Anything else in it is a mistake."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Approval(Asked):
    """`seen` is what the page had shown: see agent/desk/cards.py."""

    seen: str
    remark: str = ""


class Rejection(Asked):
    """A rejection of one variant, or of its move everywhere."""

    seen: str
    reason: str
    everywhere: bool = False


class Edit(Asked):
    """The reader's own version: a whole file, or SEARCH/REPLACE blocks."""

    seen: str
    source: str


class Idea(Asked):
    """What to try next, and from which variant."""

    idea: str = ""
    parent: str = ""


class ToBeConfirmed(Asked):
    """The id of the run that is to be trained on fresh seeds."""

    run: str


class OfSearch(Asked):
    """What the search is to do after its step."""

    wish: Wish

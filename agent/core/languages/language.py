"""A language: what it is called, how it counts, and its table of sentences."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Language:
    """A language that this program speaks.

    `code` stands in stored files and on the command line (zh), `tag` in HTML (zh-Hans, as BCP 47 has it). `name` is
    what its speakers call it, `short` the same for a button, and `english` what a model is told to write in.
    `plural(count)` is the number of the form that a sentence with alternatives takes: 0 for the first of "{count}
    run|{count} runs".
    """

    code: str
    tag: str
    name: str
    short: str
    english: str
    plural: Callable[[int], int]
    sentences: Mapping[str, str]

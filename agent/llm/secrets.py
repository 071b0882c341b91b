"""Takes out of a text what nobody else may read, before it is written anywhere."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote

SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSW|CREDENTIAL|AUTH", re.IGNORECASE)
SHORTEST = 8  # a shorter value is a word such as "ollama", which a local endpoint is given for a key
BEGINNING = 12  # characters of a secret that no other text begins with by chance
SHAPES = re.compile(
    r"\bsk-[\w*.-]{8,}|\bgh[pousr]_\w{16,}|\bAKIA[0-9A-Z]{12,}|(?<=\bBearer )[\w.~+/=-]{8,}|(?<=://)[^/\s@:]+:[^/\s@]+(?=@)"
)
REMOVED = "[removed]"


class Censor:
    """Knows the secrets of an environment, and what secrets look like."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        environment = os.environ if environment is None else environment
        values = {value for name, value in environment.items() if SECRET_NAME.search(name)}
        forms = {form for value in values for form in _forms(value) if len(form) >= SHORTEST}
        bare = {short for form in forms if len(short := "".join(form.split())) >= SHORTEST}
        self.secrets = [(_pattern(secret), secret) for secret in sorted(bare, key=len, reverse=True)]

    def __call__(self, text: str) -> str:
        for pattern, secret in self.secrets:
            text = _without(text, pattern, secret)
        return SHAPES.sub(REMOVED, text)


def _beginning(secret: str) -> str:
    """So much of a secret as gives it away where a text was cut in its midst; all of it where it may be a path."""
    return secret if "/" in secret else secret[:BEGINNING]


def _pattern(secret: str) -> re.Pattern[str]:
    """Finds the beginning of a secret, whatever blanks and line ends stand in it."""
    return re.compile(r"\s*+".join(map(re.escape, _beginning(secret))))


def _without(text: str, pattern: re.Pattern[str], secret: str) -> str:
    parts, end = [], 0
    for found in pattern.finditer(text):
        if found.start() >= end:
            parts += [text[end : found.start()], REMOVED]
            end = _end(text, found.end(), secret[len(_beginning(secret)) :])
    return "".join([*parts, text[end:]])


def _end(text: str, end: int, rest: str) -> int:
    """Where a secret ends in a text, of which this rest may follow, broken by blanks or cut."""
    for character in rest:
        place = end
        while text[place : place + 1].isspace():
            place += 1
        if text[place : place + 1] != character:
            break
        end = place + 1
    return end


def _forms(value: str) -> Iterator[str]:
    """A secret as it may stand in a text: as it is, its lines and words, and as a message may have escaped it."""
    for part in (value, *value.split()):
        yield part
        yield repr(part)[1:-1]
        yield repr(part.encode("utf-8", "replace"))[2:-1]
        yield json.dumps(part)[1:-1]
        yield quote(part, safe="")

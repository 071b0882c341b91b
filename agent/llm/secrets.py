"""Takes out of a text what nobody else may read, before it is written anywhere."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote

SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSW|CREDENTIAL|AUTH", re.IGNORECASE)
SHORTEST = 8  # a shorter value is a word such as "ollama", which a local endpoint is given for a key
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
        self.secrets = sorted(forms, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for secret in self.secrets:
            text = text.replace(secret, REMOVED)
        return SHAPES.sub(REMOVED, text)


def _forms(value: str) -> Iterator[str]:
    """A secret as it may stand in a text: as it is, its lines and words, and as a message may have escaped it."""
    for part in (value, *value.split()):
        yield part
        yield repr(part)[1:-1]
        yield repr(part.encode("utf-8", "replace"))[2:-1]
        yield json.dumps(part)[1:-1]
        yield quote(part, safe="")

"""Text of others on a terminal."""

import re

# Everything that could move a terminal's cursor or colour its text; tabs and line ends stay.
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def clean(text: str) -> str:
    """Text that whoever wrote it cannot use to steer a terminal."""
    return CONTROL.sub("", text.replace("\r\n", "\n"))

"""Files that pass between this program and a worker, which may fill its folder with traps.

A name may be a link to what this program can read or write and the worker cannot; a file may have no end. So what is
left for a worker is always a new file, and what is taken from one is a plain file of a bounded size, read at once.
"""

import os
import stat
from pathlib import Path


def leave(path: Path, data: bytes) -> None:
    """Write a new file; whatever had its name is unlinked, never followed."""
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
    with os.fdopen(handle, "wb") as file:
        file.write(data)


def take(path: Path, most: int) -> bytes:
    """Read a plain file of at most so many bytes. Raises OSError where there is none, ValueError for anything else."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as file:
        facts = os.fstat(handle)
        if not stat.S_ISREG(facts.st_mode):
            raise ValueError(f"{path.name} is no plain file")
        if facts.st_size > most:
            raise ValueError(f"{path.name} has {facts.st_size:,} bytes, of which {most:,} would be read")
        return file.read(most)


def printable(text: str, most: int) -> str:
    """At most so many characters of a text, of which none moves a cursor or changes a colour."""
    return "".join(
        each if each.isprintable() or each in "\n\t" else "\N{REPLACEMENT CHARACTER}" for each in text[:most]
    )

"""Files that are never half written, and errors that say what to do about those that cannot be read or written."""

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agent.core.errors import UsageError, reason_of

FULL = "nothing was lost: make room, and start again"


class WorkspaceError(UsageError):
    """The workspace cannot take what it is given. The message says what to do."""


def is_full(error: OSError) -> bool:
    """Whether an error says that there is no room on the disk, or none for this user."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def reading(path: Path, remedy: str = "repair it, or give another --workspace") -> Iterator[None]:
    """Say of whatever goes wrong here which file it is, and what to do about it."""
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = reason_of(error)
        raise WorkspaceError(f"{path}: cannot be read ({reason}); {remedy}") from error


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say of whatever goes wrong here what could not be written, and what to do about it."""
    try:
        yield
    except OSError as error:
        remedy = FULL if is_full(error) else "give another --workspace"
        raise WorkspaceError(f"{path}: cannot be written ({error.strerror}); {remedy}") from error


def write_atomically(path: Path, text: str, durable: bool = True) -> None:
    """Replace a file whole: a reader finds the old text or the new one, whenever this is killed.

    What can be made anew need not be durable: it may be lost when the power goes, and is written faster.
    Raises WorkspaceError where that cannot be, with the old text in place.
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, scratch = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.write(text)
                if durable:
                    file.flush()
                    os.fsync(file.fileno())
            os.chmod(scratch, 0o644)
            os.replace(scratch, path)
        except BaseException:
            Path(scratch).unlink(missing_ok=True)
            raise
        if durable:
            sync(path.parent)


def append(path: Path, text: str) -> None:
    """Add to the end of a file, and have the disk keep it; WorkspaceError if it cannot be written."""
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())


def sync(folder: Path) -> None:
    """Have the disk keep what was renamed in a folder."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

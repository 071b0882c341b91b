"""Folders in the system's temporary directory, each for as long as it is needed.

A process that is killed cleans up nothing, and the weights and kernels that it leaves would fill a disk in some nights.
So a process locks each folder that it makes. The next process removes the folders whose locks are free.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "deltasearch-tmp-"


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """An empty folder that nobody else uses."""
    with tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with _handle(folder) as handle:
            with suppress(OSError):  # a file system without locks, where no folder is ever taken for abandoned
                _lock(handle)
            yield folder


def remove_abandoned() -> None:
    """Remove what killed processes left, as far as this user may.

    What is empty stays: it may have been made this instant, and is locked before anything is put into it.
    """
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):  # in use, another user's, or gone
            if any(folder.iterdir()):
                with _handle(folder) as handle:
                    _lock(handle)
                    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _handle(folder: Path) -> Iterator[int]:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        yield handle
    finally:
        os.close(handle)


def _lock(handle: int) -> None:
    """Until the handle is closed, or this process ends in whatever way. Raises BlockingIOError where it is taken."""
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)

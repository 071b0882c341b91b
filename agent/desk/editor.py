"""A person's own editor on a text."""

import os
import shlex
import signal
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

from agent.core.errors import DeltaSearchError


class EditorFailed(DeltaSearchError):
    """The editor could not be started, or ended with an error. What it left is not taken."""


class Editor:
    """What VISUAL or EDITOR names. The environment is that of the start: the lineage empties it for moments."""

    def __init__(self) -> None:
        self.environment = dict(os.environ)
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def command(self) -> str:
        return self.environment.get("VISUAL") or self.environment.get("EDITOR") or "vi"

    def edit(self, text: str, name: str) -> str:
        """What the person leaves of a text, in a file of this name. Raises EditorFailed."""
        with tempfile.TemporaryDirectory(prefix="deltasearch-") as folder:
            path = Path(folder) / name
            path.write_text(text, encoding="utf-8")
            try:
                command = [*shlex.split(self.command), str(path)]
                self.process = subprocess.Popen(command, env=self.environment)
            except (OSError, ValueError) as error:
                reason = getattr(error, "strerror", None) or error
                raise EditorFailed(f"{self.command}: {reason}; set EDITOR") from error
            code = self.process.wait()
            self.process = None
            if code:
                ending = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
                raise EditorFailed(f"{self.command} ended with {ending}")
            try:
                return path.read_text(encoding="utf-8")
            except (OSError, ValueError) as error:
                raise EditorFailed(f"what {self.command} left cannot be read ({error})") from error

    def end(self) -> None:
        """If it is open: this program is being stopped."""
        process = self.process
        if process is not None:
            with suppress(OSError):
                process.terminate()

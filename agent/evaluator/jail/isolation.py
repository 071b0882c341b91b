"""How well generated code is confined on this machine: not believed but tried."""

import json
import socket
import time
from dataclasses import dataclass

from agent.core.temporary import temporary_folder
from agent.evaluator.jail.forkserver_client import fork_server
from agent.evaluator.jail.jail import confined, scratch

NO_WORD = b'{"trouble": "the process that tried it died of it, or came to no end"}'
SECONDS = 180.0  # it takes two; but a machine that is busy elsewhere is no reason to believe nothing


@dataclass(frozen=True)
class Isolation:
    """The layers that are on and that are missing, what was tried in a child that wears them, and what of it worked.

    Where that child is to use a GPU, also the `kernels` that it has there, or the `trouble` that keeps it from it.
    """

    layers: tuple[str, ...]
    missing: tuple[str, ...]
    tried: int
    worked: tuple[str, ...]
    kernels: str = ""
    trouble: str = ""

    @property
    def proven(self) -> bool:
        """Whether the forbidden was tried, and none of it worked."""
        return self.tried > 0 and not self.worked

    @property
    def line(self) -> str:
        """All of it in one line."""
        layers = ", ".join(self.layers) or "none"
        rest = f"; missing: {', '.join(self.missing)}" if self.missing else ""
        rest += f"; the GPU works in it, kernels: {self.kernels}" if self.kernels else ""
        rest += f"; THE GPU CANNOT BE USED in it: {self.trouble}" if self.trouble else ""
        if self.proven:
            return f"isolation: {layers}; {self.tried} forbidden things tried, none worked{rest}"
        if not self.tried:
            return f"isolation: {layers}; nothing could be tried{rest}"
        return f"isolation NOT PROVEN: {layers}; it was possible to {', '.join(self.worked)}{rest}"


def prove_isolation(device: str = "cpu") -> Isolation:
    """Have a child that is confined as a worker on a device is try what generated code must not do.

    Takes two seconds, most of them for torch; on a GPU it uses that too, and has the kernels built.
    """
    with (
        scratch() as folder,
        temporary_folder() as outside,
        socket.create_server(("127.0.0.1", 0)) as server,
    ):
        secret = outside / "secret"
        secret.write_text("canary")
        (folder / "link").symlink_to(secret)
        targets = {"secret": str(secret), "outside": str(outside), "port": server.getsockname()[1], "device": device}
        (folder / "targets.json").write_text(json.dumps(targets))
        deadline = time.monotonic() + SECONDS
        with confined("agent.evaluator.jail.escape_attempts", [str(folder)], folder) as child:
            lines = child.lines(lambda: time.monotonic() > deadline)
            said, gpu = next(lines, b"{}"), next(lines, NO_WORD) if device != "cpu" else b"{}"
    try:
        facts = json.loads(said)
        around = fork_server.layers()
        on, missing = (*around.on, *facts["on"]), (*around.missing, *facts["missing"])
        return Isolation(on, missing, facts["tried"], tuple(facts["worked"]), **json.loads(gpu))
    except (ValueError, KeyError, TypeError):
        return Isolation((), ("the child that tries them gave no answer",), 0, ())

"""How well generated code is confined on this machine: not believed but tried."""

import json
import socket
import time
from dataclasses import dataclass

from agent.evaluator.jail import confined, scratch
from agent.evaluator.nursery import nursery
from agent.temporary import temporary_folder

SECONDS = 180.0  # it takes two; but a machine that is busy elsewhere is no reason to believe nothing


@dataclass(frozen=True)
class Isolation:
    """The layers that are on and that are missing, what was tried in a child that wears them, and what of it worked."""

    layers: tuple[str, ...]
    missing: tuple[str, ...]
    tried: int
    worked: tuple[str, ...]

    @property
    def proven(self) -> bool:
        """Whether the forbidden was tried, and none of it worked."""
        return self.tried > 0 and not self.worked

    @property
    def line(self) -> str:
        """All of it in one line."""
        layers = ", ".join(self.layers) or "none"
        missing = f"; missing: {', '.join(self.missing)}" if self.missing else ""
        if self.proven:
            return f"isolation: {layers}; {self.tried} forbidden things tried, none worked{missing}"
        if not self.tried:
            return f"isolation: {layers}; nothing could be tried{missing}"
        return f"isolation NOT PROVEN: {layers}; it was possible to {', '.join(self.worked)}{missing}"


def prove_isolation(device: str = "cpu") -> Isolation:
    """Have a child that is confined as a worker on a device is try what generated code must not do.

    Takes two seconds, most of them for torch.
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
        with confined("agent.evaluator.canary", [str(folder)], folder) as child:
            said = next(child.lines(lambda: time.monotonic() > deadline), b"{}")
    try:
        facts = json.loads(said)
        around = nursery.layers()
        on, missing = (*around.on, *facts["on"]), (*around.missing, *facts["missing"])
        return Isolation(on, missing, facts["tried"], tuple(facts["worked"]))
    except (ValueError, KeyError, TypeError):
        return Isolation((), ("the canary gave no answer",), 0, ())

"""How well generated code is confined on this machine: not believed but tried."""

import json
import socket
import time
from typing import Any

from agent.core.isolation import Isolation
from agent.core.reason import Reason
from agent.core.temporary import temporary_folder
from agent.evaluator.jail.forkserver_client import fork_server
from agent.evaluator.jail.jail import confined, scratch

SECONDS = 180.0  # it takes two; but a machine that is busy elsewhere is no reason to believe nothing


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
            said, gpu = next(lines, b"{}"), next(lines, b"{}")
    try:
        facts = json.loads(said)
        around = fork_server.layers()
        on, missing = (*around.on, *_reasons(facts["on"])), (*around.missing, *_reasons(facts["missing"]))
        return Isolation(on, missing, int(facts["tried"]), _reasons(facts["worked"]), **_use_of_gpu(gpu, device))
    except (ValueError, KeyError, TypeError):
        return Isolation(missing=(Reason("isolation.no_answer"),))


def _use_of_gpu(said: bytes, device: str) -> dict[str, Any]:
    """What the child says of the GPU; where it says nothing of one that it was to use, it died of it or never ended."""
    facts = json.loads(said)
    if "kernels" in facts or device == "cpu":
        return {"kernels": str(facts.get("kernels", ""))}
    trouble = Reason(**facts["trouble"]) if "trouble" in facts else Reason("isolation.gpu_no_answer")
    return {"trouble": trouble}


def _reasons(told: list[dict[str, Any]]) -> tuple[Reason, ...]:
    """What the child says, in which no variant runs: reasons as JSON has them."""
    return tuple(Reason(**each) for each in told)

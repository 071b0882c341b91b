"""A child that is confined as a worker is and tries what it must not; agent/evaluator/jail/isolation.py starts it.

It answers with one line of JSON, the layers and each attempt that worked; and where there is to be a GPU with another,
whether that can be used in there. FOLDER/targets.json says what to try it on.
"""

import fcntl
import json
import os
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch  # and all that it starts, as in a worker

from agent.core.errors import kind_and_reason
from agent.evaluator.jail.confinement import confine
from agent.evaluator.jail.memory import keep_below_the_watchdog
from agent.kernels.choice import in_words

F_SETOWN, F_SETSIG, F_SETOWN_EX, O_ASYNC, FIOASYNC = 8, 10, 15, 0x2000, 0x5452  # of Linux; not all are in Python


def attempts(targets: dict[str, Any], compiles: bool) -> dict[str, Callable[[], Any]]:
    """What a worker must not be able to do, by what it would be. One that compiles may start programs."""
    secret, outside, port = Path(targets["secret"]), Path(targets["outside"]), targets["port"]
    starting = {
        "fork": _fork,
        "run a program": lambda: subprocess.run(["/bin/true"], check=True),
        "keep memory beyond its end": lambda: os.memfd_create("x"),
    }
    return ({} if compiles else starting) | {
        "read a file of its user": secret.read_text,
        "read its parent's environment": lambda: Path(f"/proc/{os.getppid()}/environ").read_bytes(),
        "follow a link out of its folder": (Path(sys.argv[1]) / "link").read_text,
        "write outside its folder": lambda: (outside / "written").write_text("x"),
        "write into shared memory": lambda: Path(f"/dev/shm/deltasearch-{os.getpid()}").write_text("x"),
        "change a file's mode": lambda: os.chmod(secret, 0o777),
        "touch a file": lambda: os.utime(secret),
        "connect by TCP": lambda: socket.create_connection(("127.0.0.1", port), 1),
        "send by UDP": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", port)),
        "open a unix socket": lambda: socket.socket(socket.AF_UNIX),
        "signal its parent": lambda: os.kill(os.getppid(), 0),
        "have a file signal its parent": lambda: _command_a_pipe(F_SETOWN, os.getppid()),
        "have a file signal its parent's threads": lambda: _command_a_pipe(F_SETOWN_EX, struct.pack("ii", 1, 1)),
        "choose the signal of a file": lambda: _command_a_pipe(F_SETSIG, signal.SIGURG),
        "be signalled by a file": lambda: _command_a_pipe(fcntl.F_SETFL, O_ASYNC),
        "be signalled by a device": lambda: fcntl.ioctl(os.pipe()[0], FIOASYNC, struct.pack("i", 1)),
    }


def _command_a_pipe(command: int, argument: int | bytes) -> None:
    fcntl.fcntl(os.pipe()[0], command, argument)


def _fork() -> None:
    if os.fork() == 0:
        os._exit(0)


def use_gpu(device: str) -> dict[str, str]:
    """What a variant does there, and the kernels that are built for it; what goes wrong is told and not raised."""
    try:
        keep_below_the_watchdog(torch.device(device))
        x = torch.rand(64, 64, device=device, requires_grad=True)
        (gradient,) = torch.autograd.grad((x @ x).sum(), x)
        gradient.sum().item()
        return {"kernels": in_words(torch.device(device))}
    except Exception as error:
        return {"trouble": kind_and_reason(error)}


def main() -> None:
    folder = Path(sys.argv[1])
    targets = json.loads((folder / "targets.json").read_text())
    torch.set_num_threads(1)
    device, compiles = targets["device"], targets["device"] != "cpu"
    layers = confine(folder, device, compiles)
    tried = attempts(targets, compiles)
    worked = []
    for name, attempt in tried.items():
        try:
            attempt()
        except OSError:
            continue
        worked.append(name)
    print(json.dumps(asdict(layers) | {"tried": len(tried), "worked": worked}), flush=True)
    if device != "cpu":
        print(json.dumps(use_gpu(device)), flush=True)

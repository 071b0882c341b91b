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
from agent.core.reason import Reason
from agent.evaluator.jail.confinement import confine
from agent.evaluator.jail.memory import keep_below_the_watchdog
from agent.kernels.choice import in_words

F_SETOWN, F_SETSIG, F_SETOWN_EX, O_ASYNC, FIOASYNC = 8, 10, 15, 0x2000, 0x5452  # of Linux; not all are in Python


def attempts(targets: dict[str, Any], compiles: bool) -> dict[str, Callable[[], Any]]:
    """What a worker must not be able to do, by the key of its reason. One that compiles may start programs."""
    secret, outside, port = Path(targets["secret"]), Path(targets["outside"]), targets["port"]
    starting = {
        "isolation.fork": _fork,
        "isolation.run_program": lambda: subprocess.run(["/bin/true"], check=True),
        "isolation.keep_memory": lambda: os.memfd_create("x"),
    }
    return ({} if compiles else starting) | {
        "isolation.read_file": secret.read_text,
        "isolation.read_environment": lambda: Path(f"/proc/{os.getppid()}/environ").read_bytes(),
        "isolation.follow_link": (Path(sys.argv[1]) / "link").read_text,
        "isolation.write_outside": lambda: (outside / "written").write_text("x"),
        "isolation.write_shared_memory": lambda: Path(f"/dev/shm/deltasearch-{os.getpid()}").write_text("x"),
        "isolation.change_mode": lambda: os.chmod(secret, 0o777),
        "isolation.touch_file": lambda: os.utime(secret),
        "isolation.connect_tcp": lambda: socket.create_connection(("127.0.0.1", port), 1),
        "isolation.send_udp": lambda: _send_udp(port),
        "isolation.open_unix_socket": lambda: socket.socket(socket.AF_UNIX),
        "isolation.signal_parent": lambda: os.kill(os.getppid(), 0),
        "isolation.file_signals_parent": lambda: _command_a_pipe(F_SETOWN, os.getppid()),
        "isolation.file_signals_threads": lambda: _command_a_pipe(F_SETOWN_EX, struct.pack("ii", 1, 1)),
        "isolation.choose_signal": lambda: _command_a_pipe(F_SETSIG, signal.SIGURG),
        "isolation.signalled_by_file": lambda: _command_a_pipe(fcntl.F_SETFL, O_ASYNC),
        "isolation.signalled_by_device": lambda: fcntl.ioctl(os.pipe()[0], FIOASYNC, struct.pack("i", 1)),
    }


def _command_a_pipe(command: int, argument: int | bytes) -> None:
    fcntl.fcntl(os.pipe()[0], command, argument)


def _send_udp(port: int) -> None:
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", port))


def _fork() -> None:
    if os.fork() == 0:
        os._exit(0)


def use_gpu(device: str) -> dict[str, Any]:
    """What a variant does there, and the kernels that are built for it; what goes wrong is told and not raised."""
    try:
        keep_below_the_watchdog(torch.device(device))
        x = torch.rand(64, 64, device=device, requires_grad=True)
        (gradient,) = torch.autograd.grad((x @ x).sum(), x)
        gradient.sum().item()
        return {"kernels": in_words(torch.device(device))}
    except Exception as error:
        return {"trouble": asdict(Reason.said(kind_and_reason(error)))}


def main() -> None:
    folder = Path(sys.argv[1])
    targets = json.loads((folder / "targets.json").read_text())
    torch.set_num_threads(1)
    device, compiles = targets["device"], targets["device"] != "cpu"
    layers = confine(folder, device, compiles)
    tried = attempts(targets, compiles)
    worked = []
    for key, attempt in tried.items():
        try:
            attempt()
        except OSError:
            continue
        worked.append(asdict(Reason(key)))
    print(json.dumps(asdict(layers) | {"tried": len(tried), "worked": worked}), flush=True)
    if device != "cpu":
        print(json.dumps(use_gpu(device)), flush=True)

"""A child that is confined as a worker on a GPU is, where kernels are compiled: the fork server of a test bears it.

It compiles a function in C, loads and calls it, has Triton build the kernels where there is Triton, listens at a socket
as CUDA does when it starts, and then tries what it must not do all the same. It answers with one line of JSON, and
leaves a process behind.
"""

import ctypes
import json
import os
import socket
import subprocess
import sys
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from agent.evaluator.jail.confinement import confine
from tests.support.kernels_for_a_gpu import build

SOURCE = "int answer(void) { return 42; }"


def main() -> None:
    folder, secret = Path(sys.argv[1]), Path(sys.argv[2])
    confine(folder, "cuda", compiles=True)
    (folder / "answer.c").write_text(SOURCE)
    command = ["cc", "-shared", "-fPIC", "-o", "answer.so", "answer.c"]
    compiled = subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    answer = ctypes.CDLL(str(folder / "answer.so")).answer() if compiled.returncode == 0 else compiled.stderr
    if find_spec("triton") is not None:
        build(large=False)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listening.bind(f"\0cuda-uvmfd-{os.getpid()}")
    listening.listen(1)
    worked = []
    for name, attempt in {
        "read a file of its user": lambda: secret.read_text(),
        "have a program read it": lambda: subprocess.run(["cat", str(secret)], check=True, capture_output=True),
        "write outside": lambda: secret.with_name("left").write_text("left"),
        "open a socket": socket.socket,
        "open a stream": lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM),
        "open datagrams": lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK),
        "open a pair": socket.socketpair,
        "connect": lambda: _another().connect(listening.getsockname()),
        "let somebody in": lambda: _let_in(listening),
        "change a mode": lambda: (folder / "answer.c").chmod(0o777),
        "make a link": lambda: (folder / "link").symlink_to(secret),
        "give a file a second name": lambda: (folder / "second").hardlink_to(folder / "answer.c"),
        "run what it has built": lambda: subprocess.run([str(folder / "answer.so")]),
    }.items():
        try:
            attempt()
        except (OSError, subprocess.CalledProcessError):
            continue
        worked.append(name)
    subprocess.Popen(["sleep", "600"], start_new_session=False)
    print(json.dumps({"answer": answer, "worked": worked}), flush=True)


def _another() -> socket.socket:
    return socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def _let_in(listening: socket.socket) -> None:
    """Nobody is there; that one would have to wait for somebody is no refusal."""
    listening.setblocking(False)
    with suppress(BlockingIOError):
        listening.accept()

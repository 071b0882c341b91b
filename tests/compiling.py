"""A child that is confined as a worker on a GPU is, where kernels are compiled: the fork server of a test bears it.

It compiles a function in C, loads and calls it, and then tries what it must not do all the same. It answers with one
line of JSON, and leaves a process behind.
"""

import ctypes
import json
import socket
import subprocess
import sys
from pathlib import Path

from agent.evaluator.confinement import confine

SOURCE = "int answer(void) { return 42; }"


def main() -> None:
    folder, secret = Path(sys.argv[1]), Path(sys.argv[2])
    confine(folder, "cpu", compiles=True)
    (folder / "answer.c").write_text(SOURCE)
    command = ["cc", "-shared", "-fPIC", "-o", "answer.so", "answer.c"]
    compiled = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    answer = ctypes.CDLL(str(folder / "answer.so")).answer() if compiled.returncode == 0 else compiled.stderr
    worked = []
    for name, attempt in {
        "read a file of its user": lambda: secret.read_text(),
        "have a program read it": lambda: subprocess.run(["cat", str(secret)], check=True, capture_output=True),
        "write outside": lambda: secret.with_name("left").write_text("left"),
        "open a socket": socket.socket,
        "run what it has built": lambda: subprocess.run([str(folder / "answer.so")]),
    }.items():
        try:
            attempt()
        except (OSError, subprocess.CalledProcessError):
            continue
        worked.append(name)
    subprocess.Popen(["sleep", "600"], start_new_session=False)
    print(json.dumps({"answer": answer, "worked": worked}), flush=True)

"""Run Python as on a kernel that knows neither Landlock nor seccomp: `python without_layers.py ARGUMENTS`.

A filter of system calls, which all descendants inherit, answers that there are no such calls.
"""

import ctypes
import os
import platform
import struct
import sys

SECCOMP = {"x86_64": 317, "aarch64": 277}[platform.machine()]
LANDLOCK_CREATE_RULESET, PR_SET_NO_NEW_PRIVS = 444, 38
LOAD, JUMP_EQUAL, ANSWER, ALLOW, ABSENT = 0x20, 0x15, 0x06, 0x7FFF0000, 0x00050000 | 38


def main() -> None:
    steps = [
        (LOAD, 0, 0, 0),
        (JUMP_EQUAL, 1, 0, SECCOMP),
        (JUMP_EQUAL, 0, 1, LANDLOCK_CREATE_RULESET),
        (ANSWER, 0, 0, ABSENT),
        (ANSWER, 0, 0, ALLOW),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if libc.syscall(SECCOMP, 1, 0, struct.pack("=HxxxxxxQ", len(steps), ctypes.addressof(code))):
        raise OSError(ctypes.get_errno(), "this kernel takes no filter")
    os.execv(sys.executable, [sys.executable, *sys.argv[1:]])


if __name__ == "__main__":
    main()

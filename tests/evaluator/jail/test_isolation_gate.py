"""Without proof that generated code is confined, nobody searches unattended; with --allow-unsandboxed one may."""

import ctypes
import os
import struct
import subprocess
import sys

import pytest

from agent.core.errors import UNAVAILABLE

pytestmark = pytest.mark.slow  # every test here starts the whole program

NO_NEW_PRIVS, SECCOMP, FILTER = 38, 22, 2  # of man prctl
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | 38  # ENOSYS: as a kernel answers that does not know the call
LANDLOCK, SECCOMP_CALL = (444, 445, 446), {"x86_64": 317, "aarch64": 277}


def on_an_older_kernel():
    """From here on this process and its children have neither Landlock nor seccomp to confine anything with."""
    lines = [struct.pack("=HBBI", 0x20, 0, 0, 0)]
    for number in (*LANDLOCK, SECCOMP_CALL[os.uname().machine]):
        lines += [struct.pack("=HBBI", 0x15, 0, 1, number), struct.pack("=HBBI", 0x06, 0, 0, REFUSE)]
    code = ctypes.create_string_buffer(b"".join([*lines, struct.pack("=HBBI", 0x06, 0, 0, ALLOW)]))
    program = struct.pack("=HxxxxxxQ", len(lines) + 1, ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    assert libc.prctl(SECCOMP, FILTER, program, 0, 0) == 0


@pytest.fixture
def search(tmp_path):
    """A search of nothing but its start, on a machine that can confine no code: no Landlock, no seccomp, no bwrap."""

    def search(*flags):
        path = tmp_path / "bin"
        path.mkdir(exist_ok=True)
        told = subprocess.run(
            [sys.executable, "-m", "agent", "search", "--protocol", "smoke", "--device", "cpu", "--hours", "0.000001",
             "--workspace", str(tmp_path / "workspace"), *flags],
            capture_output=True, text=True, preexec_fn=on_an_older_kernel, env=os.environ | {"PATH": git_alone(path)},
        )  # fmt: skip
        return told.returncode, told.stdout, told.stderr

    return search


def git_alone(folder):
    """A PATH with git and without bubblewrap."""
    link = folder / "git"
    if not link.exists():
        link.symlink_to("/usr/bin/git")
    return str(folder)


def test_an_unattended_search_refuses_to_start_without_isolation(search, tmp_path):
    code, output, errors = search()
    assert (code, output, errors.count("\n")) == (UNAVAILABLE, "", 1)
    assert errors.startswith("deltasearch: isolation NOT PROVEN: ")
    assert "; it was possible to fork, " in errors
    assert ", read a file of its user, " in errors
    assert errors.endswith("go on without it with --allow-unsandboxed, at your own risk\n")
    assert not (tmp_path / "workspace").exists()


def test_whoever_allows_it_searches_and_reads_what_is_missing(search):
    code, output, errors = search("--allow-unsandboxed")
    assert (code, errors) == (0, "")
    assert "isolation NOT PROVEN: " in output
    assert "Landlock (Function not implemented)" in output
    assert "namespaces (install bubblewrap)" in output
    assert "Stopped because its " in output

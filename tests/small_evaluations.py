"""Evaluations as small as they come: protocols of a second, variants of a few lines, and who lives on afterwards."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from agent.evaluator.protocols import SMOKE

TINY = replace(SMOKE, plans=(replace(SMOKE.plans[0], epochs=2, validations=2),))
ONE_TASK = replace(TINY.only(("Memorize",)), plans=(replace(TINY.only(("Memorize",)).plans[0], seeds=1),))

VARIANT = """\
import torch
{at_import}

def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32):
    o = beta.unsqueeze(-1) * v
{in_op}
    return o, v.new_zeros(len(v), 1)
"""


def write_variant(folder: Path, at_import: str = "", in_op: str = "") -> Path:
    """A variant that writes each value times its beta, with further lines at its top and in its op.

    Their first lines are lines 2 and 6 of the file if neither has more than one line.
    """
    path = folder / "written.py"
    indented = "\n".join(f"    {line}" for line in in_op.splitlines())
    path.write_text(VARIANT.format(at_import=at_import, in_op=indented))
    return path


def living(folder: Path) -> list[int]:
    """The processes, zombies aside, that work in a folder: its workers, and whatever they forked."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            dead = (entry / "stat").read_text().rpartition(")")[2].split()[0] in "ZX"
            if str((entry / "cwd").readlink()).startswith(str(folder)) and not dead:
                found.append(int(entry.name))
    return found


def running(parent: int) -> list[int]:
    """A process and all that descends from it."""
    found = [parent]
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == parent:
                found += running(int(entry.name))
    return found


def alive(pid: int) -> bool:
    """Whether a process is there and is no zombie."""
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False

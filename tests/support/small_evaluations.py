"""Evaluations as small as they come: protocols of a second, variants of a few lines, and who lives on afterwards."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from agent.evaluator.jail import processes
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
    """The processes that work in a folder: its workers, and whatever they forked."""
    found = []
    for pid in processes.living():
        with suppress(OSError):
            if str(Path(f"/proc/{pid}/cwd").readlink()).startswith(str(folder)):
                found.append(pid)
    return found


def running(parent: int) -> list[int]:
    """A process and all that descends from it."""
    return [process.pid for process in processes.family(parent, processes.living())]


def alive(pid: int) -> bool:
    """Whether a process is there and is no zombie."""
    return pid in processes.living()

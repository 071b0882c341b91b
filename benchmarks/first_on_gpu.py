"""`make gpu-first`: what to ask of a GPU in its first quarter of an hour, the most telling first, and kept as a table.

    python -m benchmarks.first_on_gpu --into docs/gpu_first.csv

Each question is a command of its own with a limit of time, so that one that hangs or breaks costs no other. A row says
what was asked, how it ended, how long it took and the last line that it printed, with the GPU and the versions.
"""

import csv
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Annotated

import torch
import typer

from agent.core.baselines import GATED, TEMPLATE, baseline_path

PROOF = """
from agent.evaluator.jail.isolation import prove_isolation
found = prove_isolation("cuda")
print(found.line)
raise SystemExit(not found.proven or found.trouble is not None)
"""
WITHOUT_DEVICE = """
import torch

def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32):
    o = v * beta.unsqueeze(-1) * torch.ones(v.shape[-1])
    return o, q.new_zeros(q.shape[0], q.shape[1], 1)
"""
REFUSED = 2  # how `evaluate` ends for a variant that is refused


@dataclass(frozen=True)
class Question:
    """A command for Python, how many seconds it may take, and how it ends where all is well."""

    asked: str
    command: tuple[str, ...]
    seconds: float
    code: int = 0


@dataclass(frozen=True)
class Answer:
    """A row of the table. `ended` is "as expected", "otherwise" with the exit code, or "out of time"."""

    asked: str
    ended: str
    seconds: float
    last_line: str
    command: str
    gpu: str
    torch: str


def questions(forgetful: Path) -> tuple[Question, ...]:
    """All of them, in order; `forgetful` is a variant file that leaves the device of its arguments."""

    def evaluated(path: Path, protocol: str) -> tuple[str, ...]:
        return ("-m", "agent", "evaluate", str(path), "--protocol", protocol, "--device", "cuda")

    template, gated = baseline_path(TEMPLATE), baseline_path(GATED)
    measured = ("-m", "agent.study", "table", "--protocol", "mad", "--device", "cuda", "--hours", "0.05")
    return (
        Question("isolation on cuda", ("-c", PROOF), 120),
        Question("the template under smoke", evaluated(template, "smoke"), 120),
        Question("the same with recorded steps", (*evaluated(template, "smoke"), "--recorded"), 60),
        Question("a forgotten device= is refused", evaluated(forgetful, "smoke"), 60, REFUSED),
        Question("the template under quick", evaluated(template, "quick"), 180),
        Question("Gated DeltaNet under quick", evaluated(gated, "quick"), 180),
        Question("levers at lengths 32 and 128", ("-m", "benchmarks.card", "32", "128"), 240),
        Question("a step counted and timed", ("-m", "benchmarks.step_on_gpu", "-L", "32", "-L", "128"), 60),
        Question("the seed table, cheap settings", (*measured, "--task", "Context Recall"), 300),
    )


def ask(question: Question) -> Answer:
    """Carry out one; what it prints is shown as it comes to an end."""
    command, started = [sys.executable, *question.command], time.monotonic()
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=question.seconds)
        ended = "as expected" if done.returncode == question.code else f"otherwise: exit code {done.returncode}"
        said = done.stdout + done.stderr
    except subprocess.TimeoutExpired as error:
        ended, said = "out of time", (error.stdout or b"").decode(errors="replace")
    print(f"== {question.asked}: {ended}\n{said}", flush=True)
    lines = [line for line in said.splitlines() if line.strip()]
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "none"
    words = "python " + " ".join(word for word in question.command if "\n" not in word)
    seconds = round(time.monotonic() - started, 1)
    return Answer(question.asked, ended, seconds, lines[-1] if lines else "", words, gpu, torch.__version__)


def keep(asked: Sequence[Question], into: Path) -> list[Answer]:
    """Ask all; the table is written anew after each, so that a machine that is taken away leaves what was known."""
    answers: list[Answer] = []
    for question in asked:
        answers.append(ask(question))
        with into.open("w", newline="") as file:
            csv.writer(file).writerows([[field.name for field in fields(Answer)], *map(astuple, answers)])
    return answers


def main(into: Annotated[Path, typer.Option(help="The table.")] = Path("docs/gpu_first.csv")) -> None:
    """Ask a GPU all of it, in about a quarter of an hour."""
    if not torch.cuda.is_available():
        print("there is no GPU here that torch can use", file=sys.stderr)
        sys.exit(3)
    with tempfile.TemporaryDirectory() as folder:
        forgetful = Path(folder) / "forgetful.py"
        forgetful.write_text(WITHOUT_DEVICE)
        answers = keep(questions(forgetful), into)
    sys.exit(any(answer.ended != "as expected" for answer in answers))


if __name__ == "__main__":
    typer.run(main)

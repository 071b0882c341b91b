"""All that is looked at before a variant is worth its training."""

import secrets
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.evaluator.crew import Crew
from agent.evaluator.exam import doubting
from agent.evaluator.gate import check_code
from agent.evaluator.probes import Bench, run_probes
from agent.evaluator.protocol import Protocol
from agent.evaluator.questions import Answer, Question, collect, hand_out
from agent.evaluator.variant import read_declaration
from agent.evaluator.worker import Job

SECONDS = 60.0  # for a check: most take about two


@dataclass(frozen=True)
class Check:
    """A variant that may be trained: what its op answers on fixed inputs, and how long it took to find out."""

    signature: tuple[float, ...]
    seconds: float


def check(variant: Path, protocol: Protocol) -> Check:
    """Read a file, then probe what it computes in confined workers. On the CPU, whatever it will be trained on.

    Raises VariantRefused for a file that is no variant or holds what no variant needs, EvaluationFailed for one that
    does not keep the contract, ProbeFailed (an EvaluationFailed) for one that breaks a rule of the op.
    """
    started = time.monotonic()
    declaration = read_declaration(variant)
    check_code(variant)
    with tempfile.TemporaryDirectory(prefix="deltasearch-", ignore_cleanup_errors=True) as scratch:
        job = Job(Path(scratch), protocol.to_json(), "cpu")
        job.write(variant)
        (answer,) = Crew(job.folder, 1, started + SECONDS).run([{"do": "check"}], lambda update: None)
        run_probes(Bench(declaration, protocol, asking(job, started + SECONDS), secrets.randbits(48)))
    with doubting():
        signature = tuple(float(number) for number in answer["signature"])
    return Check(signature, time.monotonic() - started)


def asking(job: Job, deadline: float) -> Callable[..., list[Answer]]:
    """Ask a job's variant, each time in a fresh worker."""

    def ask(questions: Sequence[Question], fill: bool = False) -> list[Answer]:
        job.answers.unlink(missing_ok=True)
        forms = hand_out(questions, job.questions)
        request = {"do": "answer", "forms": forms, "fill": fill}
        (answer,) = Crew(job.folder, 1, deadline).run([request], lambda update: None)
        with doubting():
            return collect(answer["told"], questions, job.answers)

    return ask

"""All that is looked at before a variant is worth its training."""

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from agent.evaluator.contract.gate import check_code
from agent.evaluator.contract.variant import read_declaration
from agent.evaluator.crew import Crew
from agent.evaluator.failure import doubting
from agent.evaluator.jail.jail import scratch
from agent.evaluator.job import Job
from agent.evaluator.probes.asking import Bench
from agent.evaluator.probes.probes import run_probes
from agent.evaluator.probes.questions import Answer, Question, collect, hand_out
from agent.evaluator.protocol import Protocol

SECONDS = 120.0  # for a check: most take about two


def check(variant: Path, protocol: Protocol) -> tuple[float, ...]:
    """Read a file, then probe what it computes in confined workers. On the CPU, whatever it will be trained on.

    What comes back is the signature of a variant that may be trained: what its op answers on fixed inputs.
    Raises VariantRefused for a file that is no variant or holds what no variant needs, EvaluationFailed for one that
    does not keep the contract, ProbeFailed (an EvaluationFailed) for one that breaks a rule of the op.
    """
    deadline = time.monotonic() + SECONDS
    read_declaration(variant)
    check_code(variant)
    with _job(variant, protocol) as job:
        (answer,) = Crew(job.folder, 1, deadline).run([{"do": "check"}], lambda update: None)
    with bench(variant, protocol, deadline) as trial:
        run_probes(trial)
    with doubting():
        return tuple(float(number) for number in answer["signature"])


@contextmanager
def bench(variant: Path, protocol: Protocol, deadline: float) -> Iterator[Bench]:
    """A variant on the bench. Every question is answered by a fresh worker."""
    with _job(variant, protocol) as job:
        yield Bench(read_declaration(variant), protocol, _asking(job, variant, deadline), secrets.randbits(48))


@contextmanager
def _job(variant: Path, protocol: Protocol) -> Iterator[Job]:
    with scratch() as folder:
        job = Job(folder, protocol.to_json(), "cpu")
        job.write(variant)
        yield job


def _asking(job: Job, variant: Path, deadline: float) -> Callable[..., list[Answer]]:
    """Ask a variant, each time in a fresh worker."""

    def ask(questions: Sequence[Question], fill: bool = False) -> list[Answer]:
        job.write(variant)  # the folder was open to the worker before
        job.answers.unlink(missing_ok=True)
        forms = hand_out(questions, job.questions)
        request = {"do": "answer", "forms": forms, "fill": fill}
        (answer,) = Crew(job.folder, 1, deadline).run([request], lambda update: None)
        with doubting():
            return collect(answer["told"], questions, job.answers)

    return ask

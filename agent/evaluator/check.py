"""Everything that is checked before a variant is trained."""

import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from agent.evaluator.contract.gate import check_code
from agent.evaluator.contract.variant import read_declaration
from agent.evaluator.failure import contained, doubting
from agent.evaluator.jail.jail import scratch
from agent.evaluator.job import Job
from agent.evaluator.probes.op_under_test import OpUnderTest, RunCalls
from agent.evaluator.probes.probe_calls import ProbeCall, ProbeResult, read_results, write_calls
from agent.evaluator.probes.probes import run_probes
from agent.evaluator.protocol import Protocol
from agent.evaluator.worker_pool import WorkerPool

SECONDS = 120.0  # for a check: most take about two


@contained()
def check(variant: Path, protocol: Protocol) -> tuple[float, ...]:
    """Read a file, then probe what it computes in confined workers. On the CPU, whatever it will be trained on.

    What comes back is the signature of a variant that may be trained: what its op returns for fixed inputs.
    Raises VariantRefused for a file that is no variant or holds what no variant needs, EvaluationFailed for one that
    does not keep the contract, ProbeFailed (an EvaluationFailed) for one that breaks a rule of the op.
    """
    deadline = time.monotonic() + SECONDS
    read_declaration(variant)
    check_code(variant)
    with _job(variant, protocol) as job:
        (answer,) = WorkerPool(job.folder, 1, deadline).run([{"do": "check"}], lambda update: None)
    with op_under_test(variant, protocol, deadline) as op:
        run_probes(op)
    with doubting():
        return tuple(float(number) for number in answer["signature"])


@contextmanager
def op_under_test(variant: Path, protocol: Protocol, deadline: float) -> Iterator[OpUnderTest]:
    """A variant's op, for the probes to call. Every list of calls goes to a fresh worker."""
    with _job(variant, protocol) as job:
        yield OpUnderTest(read_declaration(variant), protocol, _caller(job, variant, deadline), secrets.randbits(48))


@contextmanager
def _job(variant: Path, protocol: Protocol) -> Iterator[Job]:
    with scratch() as folder:
        job = Job(folder, protocol.to_json(), "cpu")
        job.write(variant)
        yield job


def _caller(job: Job, variant: Path, deadline: float) -> RunCalls:
    """Call the op of a variant, each time in a fresh worker."""

    def run(calls: Sequence[ProbeCall], fill: bool = False) -> list[ProbeResult]:
        job.write(variant)  # the folder was open to the worker before
        job.results.unlink(missing_ok=True)
        forms = write_calls(calls, job.calls)
        request = {"do": "call", "forms": forms, "fill": fill}
        (answer,) = WorkerPool(job.folder, 1, deadline).run([request], lambda update: None)
        with doubting():
            return read_results(answer["told"], calls, job.results)

    return run

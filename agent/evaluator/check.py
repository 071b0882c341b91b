"""Everything that is checked before a variant is trained."""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from agent.evaluator.contract.declaration import OP_INPUTS, Declaration
from agent.evaluator.contract.gate import check_code
from agent.evaluator.contract.variant import read_declaration
from agent.evaluator.failure import contained, doubting
from agent.evaluator.jail.jail import scratch
from agent.evaluator.job import Job
from agent.evaluator.probes.op_under_test import CPU, OpUnderTest, RunCalls, recording_variant
from agent.evaluator.probes.probe_calls import ProbeCall, ProbeResult, read_results, write_calls
from agent.evaluator.probes.probes import run_probes
from agent.evaluator.protocol import Protocol
from agent.evaluator.time_limit import Deadline, TimeLimit
from agent.evaluator.training.stack import Stack
from agent.evaluator.worker_pool import WorkerPool

SECONDS = 120.0  # for a check on an idle machine: most take about one


@dataclass(frozen=True)
class Findings:
    """What a check learns of a variant that may be trained.

    `signature` is what its op returns for fixed inputs: what computes the same has the same one. `state_size` is how
    many numbers the state of one sequence holds, all heads together; `unused` names the arguments that no output
    depends on. A worker says all three, so they are for a reader, and nothing is decided by the last two.
    """

    signature: tuple[float, ...]
    state_size: int
    unused: tuple[str, ...]


def check(variant: Path, protocol: Protocol) -> tuple[float, ...]:
    """The signature of a variant that may be trained. Raises what `examine` raises."""
    return examine(variant, protocol).signature


@contained()
def examine(variant: Path, protocol: Protocol) -> Findings:
    """Read a file, then probe what it computes in confined workers. On the CPU, whatever it will be trained on.

    Raises VariantRefused for a file that is no variant or holds what no variant needs, EvaluationFailed for one that
    does not keep the contract, ProbeFailed (an EvaluationFailed) for one that breaks a rule of the op.
    """
    deadline = TimeLimit(SECONDS)
    declaration = read_declaration(variant)
    check_code(variant)
    with _job(variant, protocol) as job:
        (answer,) = WorkerPool(job.folder, 1, deadline()).run([{"do": "check"}], lambda update: None)
    with op_under_test(variant, protocol, deadline) as op:
        run_probes(op)
    with doubting():
        named = set(answer["unused"])
        return Findings(
            tuple(float(number) for number in answer["signature"]),
            int(answer["state_size"]),
            tuple(name for name in (*OP_INPUTS, *declaration.inputs, *declaration.parameters) if name in named),
        )


def parameter_count(declaration: Declaration, protocol: Protocol) -> int:
    """How many numbers a network around such an op learns, in the first replica of a protocol, as a card counts them.

    What is declared says it: no line of the variant runs.
    """
    replica = next(protocol.replicas())
    return Stack([replica], recording_variant(declaration), protocol, CPU).network.layout.size


@contextmanager
def op_under_test(variant: Path, protocol: Protocol, deadline: Deadline) -> Iterator[OpUnderTest]:
    """A variant's op, for the probes to call. Every list of calls goes to a fresh worker."""
    with _job(variant, protocol) as job:
        yield OpUnderTest(read_declaration(variant), protocol, _caller(job, variant, deadline), secrets.randbits(48))


@contextmanager
def _job(variant: Path, protocol: Protocol) -> Iterator[Job]:
    with scratch() as folder:
        job = Job(folder, protocol.to_json(), "cpu")
        job.write(variant)
        yield job


def _caller(job: Job, variant: Path, deadline: Deadline) -> RunCalls:
    """Call the op of a variant, each time in a fresh worker."""

    def run(calls: Sequence[ProbeCall], fill: bool = False) -> list[ProbeResult]:
        job.write(variant)  # the folder was open to the worker before
        job.results.unlink(missing_ok=True)
        forms = write_calls(calls, job.calls)
        request = {"do": "call", "forms": forms, "fill": fill}
        (answer,) = WorkerPool(job.folder, 1, deadline()).run([request], lambda update: None)
        with doubting():
            return read_results(answer["told"], calls, job.results)

    return run

"""All that is looked at before a variant is worth its training."""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from agent.evaluator.crew import Crew
from agent.evaluator.exam import doubting
from agent.evaluator.protocol import Protocol
from agent.evaluator.variant import read_declaration
from agent.evaluator.worker import Job

SECONDS = 120.0  # for a check: most take about three


@dataclass(frozen=True)
class Check:
    """A variant that may be trained: what its op answers on fixed inputs, and how long it took to find out."""

    signature: tuple[float, ...]
    seconds: float


def check(variant: Path, protocol: Protocol, device: str) -> Check:
    """Read a file, then run it on small inputs in a confined worker.

    Raises VariantRefused for a file that is no variant, EvaluationFailed for one that does not keep the contract.
    """
    started = time.monotonic()
    read_declaration(variant)
    with tempfile.TemporaryDirectory(prefix="deltasearch-", ignore_cleanup_errors=True) as scratch:
        job = Job(Path(scratch), protocol.to_json(), device)
        job.write(variant)
        (answer,) = Crew(job.folder, 1, started + SECONDS).run([{"do": "check"}], lambda update: None)
    with doubting():
        signature = tuple(float(number) for number in answer["signature"])
    return Check(signature, time.monotonic() - started)

"""From a variant file to its score card, with the labels kept where the variant's code never runs."""

import platform
import secrets
import shutil
import time
from dataclasses import asdict
from pathlib import Path

import torch

from agent.core.errors import Unavailable, UsageError
from agent.core.score import ScoreCard, SeedScore
from agent.core.temporary import temporary_folder
from agent.evaluator.account import Described
from agent.evaluator.assignment import Assignment, Watch
from agent.evaluator.check import check, op_under_test
from agent.evaluator.contract.gate import check_code
from agent.evaluator.contract.source import variant_file
from agent.evaluator.contract.variant import read_declaration
from agent.evaluator.failure import contained
from agent.evaluator.jail.jail import scratch
from agent.evaluator.job import Job
from agent.evaluator.kernel_cache import hand_out_kernels
from agent.evaluator.means import measure_means
from agent.evaluator.pace import Pace, TemplateTime
from agent.evaluator.protocol import Protocol
from agent.evaluator.protocols import reading
from agent.evaluator.stages import Stages, task_score
from agent.evaluator.trained import probe_trained
from agent.evaluator.training.stack import stacks
from agent.evaluator.worker_pool import worker_count


@contained()
def evaluate(
    variant: Path,
    protocol: Protocol,
    device: str | None = None,
    test_seed: int | None = None,
    watch: Watch = lambda update: None,
    workers: int | None = None,
    template: TemplateTime | None = None,
    recorded: bool = False,
) -> ScoreCard:
    """Train a variant on every replica of a protocol, test it and score it.

    test_seed draws the test; by default it is a new secret, so that no code could have known the test beforehand. The
    card carries it: with it an evaluation can be repeated to the digit on the same kind of CPU.
    workers is how many train at once, by default as many as the device is best served by.
    template is what the same took of the template on this machine: one that would be far slower is ended early.
    recorded has a GPU record each step and replay it; where that fails steps are taken without, and the card says why.
    Raises VariantRefused for a file that is no variant, EvaluationFailed for one that cannot be scored.
    """
    started = time.monotonic()
    read_declaration(variant)  # while it has the name that the caller knows
    check_code(variant)
    device = choose_device(device)
    if recorded and device == "cpu":
        raise UsageError("--recorded is for a GPU, whose launches it saves: leave it out on a CPU")
    protocol = reading(protocol)
    workers = workers or worker_count(device)
    test_seed = secrets.randbits(48) if test_seed is None else test_seed
    groups = stacks(protocol, torch.device(device).type)
    with scratch() as folder, temporary_folder() as kept:
        variant = Path(shutil.copyfile(variant, kept / "variant.py"))
        check(variant, protocol)
        job = Job(folder, protocol.to_json(), device, recorded)
        job.write(variant)
        hand_out_kernels(folder, device)
        pace = Pace(protocol, template, started)
        stages = Stages(variant, protocol, job, kept, workers, groups, test_seed, pace)
        described, trained = stages.train(watch)
        tests = stages.draw_tests(trained)
        varied = stages.draw_varied(tests)
        scores = stages.score(tests, varied, trained, pace.deadline)
        with op_under_test(variant, protocol, lambda: pace.deadline) as op:
            probe_trained(op, tests, groups, job)
            means = measure_means(op)
        text = stages.bits([*tests, *varied], trained)
    return ScoreCard(
        protocol=protocol.name,
        fingerprint=protocol.fingerprint,
        tasks={task: task_score(task, scores) for task in protocol.tasks},
        further={task: task_score(task, scores) for task in protocol.further},
        **asdict(means),
        speed=described.speed,
        device=described.device,
        versions=_versions(described),
        test_seed=test_seed,
        seconds=time.monotonic() - started,
        remarks=_remarks(described, scores),
        text=text,
        workers=workers,
    )


def evaluate_source(assignment: Assignment, watch: Watch = lambda update: None) -> ScoreCard:
    """Evaluate a variant that is given as text. EvaluationFailed also for text that is no variant."""
    with variant_file(assignment.source) as path:
        return evaluate(
            path,
            assignment.protocol,
            assignment.device,
            assignment.test_seed,
            watch,
            assignment.workers,
            assignment.template,
        )


def _remarks(described: Described, scores: list[SeedScore]) -> tuple[str, ...]:
    """Keys of sentences about what was seen and is no failure."""
    seen = {
        "remark.equal_widths": described.equal_widths,
        "remark.diverged": any(score.ending == "diverged" for score in scores),
        "remark.left": any(score.ending == "left" for score in scores),
    }
    return tuple(key for key, so in seen.items() if so)


def _versions(described: Described) -> dict[str, str]:
    """What it ran on; on a GPU also whether its kernels could be built, and if not, why."""
    versions = {"python": platform.python_version(), "torch": torch.__version__}
    return versions | ({"kernels": described.kernels} if described.kernels else {})


def choose_device(device: str | None) -> str:
    """The device asked for, or a GPU where there is one; Unavailable if this machine lacks it."""
    if device is None:
        return "cuda" if torch.cuda.is_available() else "cpu"
    if device not in ("cpu", "cuda"):
        raise UsageError(f"there is no device {device!r}: cpu or cuda")
    if device == "cuda" and not torch.cuda.is_available():
        raise Unavailable("torch finds no CUDA device here; leave --device out to use the CPU")
    return device

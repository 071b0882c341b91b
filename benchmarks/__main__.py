"""`make bench`: medians, and ratios of things timed in turn in one run. Nothing here is a test.

python -m benchmarks [trainer] [fusion] [boundary] [op] [generators] [start] [check] [ledger] [choice] [card]
    [text] [decision] [cluster] [places]
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import torch

from agent.core.baselines import TEMPLATE, baseline_path
from agent.core.errors import kind_and_reason
from agent.evaluator.check import check
from agent.evaluator.contract.calls import sample_call
from agent.evaluator.contract.variant import Variant, load_variant
from agent.evaluator.held_out import best_of_grid
from agent.evaluator.jail.forkserver_client import clean_environment
from agent.evaluator.jail.jail import confined, scratch
from agent.evaluator.job import Job
from agent.evaluator.protocol import Protocol
from agent.evaluator.protocols import MAD, MAD_SETTINGS, QUICK
from agent.evaluator.speed import differentiate
from agent.evaluator.tasks.draw import draw
from agent.evaluator.training.stack import stacks
from agent.evaluator.training.trainer import Training, train
from agent.evaluator.worker_pool import WorkerPool, worker_count
from benchmarks import ways
from benchmarks.card import card
from benchmarks.choice import choice
from benchmarks.cluster import cluster
from benchmarks.decision import decision
from benchmarks.ordinary import train_ordinary
from benchmarks.places import places
from benchmarks.text import text
from benchmarks.timing import CPU, in_turn, one_thread, show
from templates.recurrence import delta_rule_recurrent

SEEDS = 2
STEPS = 10


def trainer() -> None:
    """The quick protocol, two seeds a setting: stacked in a pool of workers, against one replica after another."""
    variant = load_variant(baseline_path(TEMPLATE))
    protocol = replace(QUICK, plans=tuple(replace(plan, seeds=SEEDS) for plan in QUICK.plans))
    print(f"trainer: {protocol.name}, {SEEDS} seeds a setting, once each, start of the workers included")
    started = time.perf_counter()
    ours = _train_in_crew(protocol)
    stacked = time.perf_counter() - started
    theirs: dict[str, list[float]] = {}
    ordinary = 0.0
    for replica in protocol.replicas():
        started = time.perf_counter()
        outcome = train_ordinary(replica, variant, protocol)
        ordinary += time.perf_counter() - started
        theirs.setdefault(replica.setting.task, []).append(max(point.accuracy for point in outcome.curve))
    show("  the whole row", {"ours": stacked, "ordinary": ordinary})
    for task, accuracies in theirs.items():
        print(f"  {task:<42} accuracy: ours {ours[task]:.4f}   ordinary {statistics.fmean(accuracies):.4f}")
    _stacking(variant, protocol)


def _train_in_crew(protocol: Protocol) -> dict[str, float]:
    """Task -> mean validation accuracy."""
    with scratch() as folder:
        job = Job(folder, protocol.to_json(), "cpu")
        job.write(baseline_path(TEMPLATE))
        groups = stacks(protocol, "cpu")
        pool = WorkerPool(job.folder, worker_count("cpu"), time.monotonic() + 3600)
        answers = pool.run([{"do": "train", "stack": index} for index in range(len(groups))], lambda update: None)
    accuracies: dict[str, list[float]] = {}
    for group, answer in zip(groups, answers, strict=True):
        for candidate in best_of_grid(group, answer):
            best = max(point.accuracy for point in candidate.curve)
            accuracies.setdefault(candidate.replica.setting.task, []).append(best)
    return {task: statistics.fmean(values) for task, values in accuracies.items()}


def _stacking(variant: Variant, protocol: Protocol) -> None:
    """One thread, one process: what stacking alone is worth at each shape, in a short training."""
    for plan in protocol.plans:
        replicas = [
            replace(replica, steps=STEPS, validate_every=STEPS)
            for replica in replace(protocol, plans=(plan,)).replicas()
        ]
        with one_thread():
            seconds = in_turn(
                {
                    "stacked": lambda replicas=replicas: train(replicas, variant, protocol, CPU),  # type: ignore[misc]
                    "one by one": lambda replicas=replicas: [train([r], variant, protocol, CPU) for r in replicas],  # type: ignore[misc]
                    "ordinary": lambda replicas=replicas: [train_ordinary(r, variant, protocol) for r in replicas],  # type: ignore[misc]
                },
                rounds=3,
            )
        show(f"  one thread, {STEPS} steps, {plan.settings[0].task}", seconds)


def fusion() -> None:
    """A step of each shape of quick, network and op compiled as one, against the same operator by operator."""
    print(f"fusion: {STEPS} steps of one replica, one thread")
    template = load_variant(baseline_path(TEMPLATE))
    for plan in QUICK.plans:
        replica = next(replace(QUICK, plans=(plan,)).replicas())
        eager, fused = (Training([replica], template, QUICK, CPU) for _ in range(2))
        ways.compiled(fused)
        with one_thread():
            started = time.perf_counter()
            try:
                ways.first_gradient(fused)
            except RuntimeError as error:  # without a C++ compiler there is none; say so and go on
                print(f"  torch.compile does not work here: {kind_and_reason(error)}")
                return
            building = time.perf_counter() - started
            seconds = in_turn({"eager": partial(ways.take, eager, STEPS), "compiled": partial(ways.take, fused, STEPS)})
        show(f"  {plan.settings[0].task}, compiled in {building:.0f} s", seconds)
        torch.compiler.reset()  # the next shape is another program


def boundary() -> None:
    """A step of each shape of quick with the op called behind its boundary, as it is, against called directly."""
    print(f"boundary: {STEPS} steps of one replica, one thread")
    template = load_variant(baseline_path(TEMPLATE))
    for plan in QUICK.plans:
        replica = next(replace(QUICK, plans=(plan,)).replicas())
        direct, behind = (Training([replica], template, QUICK, CPU) for _ in range(2))
        ways.call_directly(direct)
        with one_thread():
            seconds = in_turn(
                {"direct": partial(ways.take, direct, STEPS), "behind": partial(ways.take, behind, STEPS)}, rounds=9
            )
        show(f"  {plan.settings[0].task}", seconds)


def op() -> None:
    """The template's op, forward and backward, against its recurrence and against torch.compile of it."""
    print("op: forward and backward, batch 32, one head of 64, chunks of 16")
    template = load_variant(baseline_path(TEMPLATE))
    compiled = torch.compile(template.op)
    for length in (64, 256):
        call = sample_call(template.declaration, QUICK, 32, length, CPU)
        calls: dict[str, Callable[[], object]] = {
            "chunkwise": partial(differentiate, template.op, call, chunk_size=16),
            "recurrent": partial(differentiate, delta_rule_recurrent, call),
            "compiled": partial(differentiate, compiled, call, chunk_size=16),
        }
        try:
            calls["compiled"]()
        except RuntimeError as error:  # a machine without a C++ compiler has no inductor; say so and go on
            print(f"  torch.compile does not work here: {kind_and_reason(error)}")
            del calls["compiled"]
        show(f"  length {length}", in_turn(calls))


def generators() -> None:
    """12,800 examples of 1,024 tokens of each task."""
    print("generators: 12,800 x 1,024 tokens")
    for task, settings in MAD_SETTINGS.items():
        setting = replace(settings[0], length=1024)
        seconds = in_turn(
            {
                split: lambda setting=setting, split=split: draw(  # type: ignore[misc]
                    setting, 12_800, split=split, seed=0, world=0, device=CPU
                )
                for split in ("train", "test")
            },
            rounds=3,
        )
        show(f"  {task}", seconds)


def start() -> None:
    """A confined worker, from its start to its first reply and its end: forked, and as an interpreter of its own."""
    print("start: a confined worker, to its first reply and its end")
    request = json.dumps({"do": "nothing"}).encode() + b"\n"
    with scratch() as folder:
        job = Job(folder, QUICK.to_json(), "cpu")
        job.write(baseline_path(TEMPLATE))

        def forked() -> None:
            with confined("agent.evaluator.worker", [str(folder)], folder) as child:
                child.requests.write(request)
                assert b"failed" in next(child.lines(lambda: False))

        def fresh() -> None:
            program = "from agent.evaluator.worker import main; main()"
            command = [sys.executable, "-c", program, str(folder)]
            done = subprocess.run(command, input=request, capture_output=True, env=clean_environment(folder))
            assert b"failed" in done.stdout

        show("  to answer a request", in_turn({"forked": forked, "fresh interpreter": fresh}))


def checks() -> None:
    """The check before training: seconds that a proposal costs before a step is taken."""
    print("check: the check of the template before it is trained")
    template = baseline_path(TEMPLATE)
    protocols = {protocol.name: partial(check, template, protocol) for protocol in (QUICK, MAD)}
    show("  the whole check", in_turn(protocols, rounds=3))


def ledger() -> None:
    """Bytes and launches that a step asks of a GPU, by part: a process of its own, which pretends to have one."""
    print("ledger: a training step of the template, counted", flush=True)
    subprocess.run([sys.executable, "-m", "benchmarks.ledger", "-L", "32", "-L", "128"])


def main() -> None:
    benches = {
        "trainer": trainer,
        "fusion": fusion,
        "boundary": boundary,
        "op": op,
        "generators": generators,
        "start": start,
        "check": checks,
        "ledger": ledger,
        "choice": choice,
        "card": card,
        "text": text,
        "decision": decision,
        "cluster": cluster,
        "places": places,
    }
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__.partition("\n")[0])
    parser.add_argument("bench", nargs="*", help=f"all, or of {', '.join(benches)}")
    wanted = parser.parse_args().bench
    if strange := [name for name in wanted if name not in benches]:
        parser.error(f"there is no bench {strange[0]!r}: choose of {', '.join(benches)}")
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, {worker_count('cpu')} workers")
    for name in wanted or benches:
        benches[name]()


if __name__ == "__main__":
    main()

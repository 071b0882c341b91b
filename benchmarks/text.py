"""Tokens a second of a language model on bytes against a task of the same shape, by the same trainer."""

from dataclasses import replace
from functools import partial

from agent.core.baselines import TEMPLATE, baseline_path
from agent.core.temporary import temporary_folder
from agent.evaluator.contract.variant import load_variant
from agent.evaluator.protocols import choose_protocol
from agent.evaluator.reading import leave_text, reader_of
from agent.evaluator.tasks.task import Setting
from agent.evaluator.text.windows import WrittenText
from agent.evaluator.training.trainer import Training
from benchmarks import ways
from benchmarks.timing import CPU, in_turn, one_thread, show

STEPS = 10


def text() -> None:
    """Steps of one replica of text-small, whose windows are read from files, and of a recall task of its shape."""
    protocol = choose_protocol("text-small", "cpu")
    replica = next(protocol.replicas())
    setting = replica.setting
    recall = Setting("Context Recall", setting.vocab, setting.length, replica.batch * STEPS)
    task = replace(replica, setting=recall)
    template, reader = load_variant(baseline_path(TEMPLATE)), reader_of(protocol)
    assert reader is not None
    with temporary_folder() as folder, one_thread():
        leave_text(reader, protocol, folder, [replica], steps=STEPS)
        trainings = {
            "task": Training([task], template, protocol, CPU),
            "text": Training([replica], template, protocol, CPU, text=WrittenText(folder)),
        }
        for training in trainings.values():
            training.batches.take(0)  # an epoch begins
        seconds = in_turn({name: partial(_steps, training) for name, training in trainings.items()}, rounds=9)
    tokens = STEPS * replica.batch * setting.input_length
    print(f"text: {STEPS} steps of {replica.batch} windows of {setting.input_length} bytes, one replica, one thread")
    show("  the same shape", seconds)
    for name, each in seconds.items():
        print(f"  {name:<42} {tokens / each:,.0f} tokens a second")


def _steps(training: Training) -> None:
    training.taken = 0  # the same batches again, of which only so many were written down
    ways.take(training, STEPS)

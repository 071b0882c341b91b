"""The text of a protocol: read by the parent, and left for those that train."""

from collections.abc import Sequence
from pathlib import Path

from agent.evaluator.protocol import Protocol, Replica
from agent.evaluator.tasks.task import Setting
from agent.evaluator.text.source import read_source
from agent.evaluator.text.windows import TextReader


def reader_of(protocol: Protocol) -> TextReader | None:
    """What reads the text of a protocol; None where it has none. UsageError where the text is another by now."""
    return None if protocol.text is None else TextReader(read_source(protocol.text, protocol.longest_window))


def leave_text(
    reader: TextReader, protocol: Protocol, folder: Path, replicas: Sequence[Replica], steps: int | None = None
) -> list[Path]:
    """Write down what the training of some replicas reads; the windows of their first `steps` where these are given."""
    by_setting: dict[Setting, list[Replica]] = {}
    for replica in replicas:
        by_setting.setdefault(replica.setting, []).append(replica)
    written = []
    for setting, its in by_setting.items():
        rows = setting.train_examples if steps is None else steps * its[0].batch
        seeds = sorted({replica.seed for replica in its})
        written += reader.write(folder, setting, seeds, protocol.validation_examples, rows)
    return written

"""A text as small as it comes, and a protocol of seconds that reads it."""

from dataclasses import replace
from pathlib import Path

from agent.evaluator.protocols import TEXT_SMALL, reading
from agent.evaluator.tasks.task import Setting

SENTENCE = "def name_{0}_of_{1}(value):\n    return value + {2}\n\n"


def write_text(folder: Path, files: int = 50) -> Path:
    """Files of one kind and about one size, each with functions of its own."""
    for place in range(files):
        lines = (SENTENCE.format(place, number, place * number) for number in range(6))
        path = folder / f"part {place % 3}" / f"file_{place:02}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(lines))
    return folder


def small_protocol(text: Path, seeds: int = 1, steps: int = 12):
    """TEXT_SMALL with windows of 64 bytes, and of 256; two rates, of which one leaves at the first validation."""
    plan = replace(
        TEXT_SMALL.plans[0],
        settings=(Setting("Text", 256, 64, 8 * steps),),
        seeds=seeds,
        learning_rates=(2e-3, 1e-2),
        validations=4,
    )
    small = replace(
        TEXT_SMALL,
        plans=(plan,),
        width=16,
        inner=16,
        chunk_size=8,
        validation_examples=6,
        test_examples=20,
        time_limit_hours=0.5,
    )
    return reading(small, str(text))

"""Drawing examples of any task on the device, without a loop over examples."""

import hashlib
from typing import get_args

import torch

from agent.evaluator.tasks.task import Examples, Reader, Request, Setting, Split, known_tasks

# Examples are made so many tokens at a time: what a generator holds in between then stays within a CPU's cache, and
# memory beyond the result stays small. Changing it changes every draw.
BLOCK_TOKENS = 2**18


def draw(
    setting: Setting,
    count: int,
    *,
    split: Split,
    seed: int,
    world: int,
    device: torch.device | str,
    text: Reader | None = None,
) -> Examples:
    """`count` examples of a setting: inputs and targets, (count, setting.input_length) each.

    split: "train" has the targets of training (in the recall tasks every next token), "validation" and
        "test" those of scoring. Draws that differ in seed, split or setting are independent of each other.
    seed: of this draw; the same arguments on the same kind of device give the same examples.
    world: the seed of what all draws of one replica share, which is the map that Memorize asks for.
    text: where the examples of a task that reads text come from.
    """
    if count < 1:
        raise ValueError(f"cannot draw {count} examples: ask for at least 1")
    if split not in get_args(Split):
        raise ValueError(f"there is no split {split!r}: {', '.join(get_args(Split))}")
    if setting.reads_text and text is not None:
        read = text.examples(setting, count, split, seed)
        return Examples(read.inputs.to(device), read.targets.to(device))
    chance = chance_of(f"{setting.label}, {split}, seed {seed}", device)
    rows = max(1, BLOCK_TOKENS // setting.length)
    blocks = [
        known_tasks[setting.task].generate(Request(setting, min(rows, count - start), split != "train", world, chance))
        for start in range(0, count, rows)
    ]
    return Examples(torch.cat([block.inputs for block in blocks]), torch.cat([block.targets for block in blocks]))


def chance_of(name: str, device: torch.device | str) -> torch.Generator:
    """A generator whose seed is a digest of a name: stable over processes, and unrelated for names that differ."""
    digest = hashlib.sha256(name.encode()).digest()
    return torch.Generator(device).manual_seed(int.from_bytes(digest[:8], "little"))

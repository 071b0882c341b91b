"""Multi-Query Recall: how many pairs a state holds (Arora et al. 2023, arXiv 2312.04927).

It is none of MAD's six tasks, and so no column of the table.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from agent.evaluator.tasks.task import IGNORE, Examples, Option, Request, Setting, Task, too_small

if TYPE_CHECKING:
    from torch import Tensor

PAIRS = Option("pairs", 0, "how many pairs of a key and its value are shown, and asked for")

HALVINGS = 4  # how many numbers of pairs a training mixes, each half of the one before


def multi_query_recall(request: Request) -> Examples:
    """P pairs (key, value), then every key once more, at random places and in random order, among blanks.

    The blank is V - 1. Of the other tokens the first half are keys and the second half values. The keys of a sequence
    differ; each has a value drawn for this sequence. Only where a key comes again there is a target: its value.

    In Zoology keys come again sooner rather than later, by a power law; here any place is as likely as another. As
    there, training mixes few pairs with many: a row shows P, P/2, P/4 or P/8 of them, else blanks. Of the most pairs
    alone a network learns nothing for hundreds of steps, and then a score says when it began, not how much it holds.
    """
    setting = request.setting
    pairs, blank = PAIRS.of(setting), setting.vocab - 1
    key_count = blank // 2
    keys = distinct(request, key_count, pairs)
    values = key_count + request.integers(blank - key_count, pairs)
    places = 2 * pairs + distinct(request, setting.length - 2 * pairs, pairs)

    asked = values
    if not request.scored:
        left_out = left_out_of(request, pairs)
        keys, values = keys.masked_fill(left_out, blank), values.masked_fill(left_out, blank)
        asked = values.masked_fill(left_out, IGNORE)

    inputs = request.full(setting.length, blank)
    inputs[:, 0 : 2 * pairs : 2] = keys
    inputs[:, 1 : 2 * pairs : 2] = values
    targets = request.full(setting.length, IGNORE)
    return Examples(inputs.scatter_(1, places, keys), targets.scatter_(1, places, asked))


def left_out_of(request: Request, pairs: int) -> Tensor:
    """(N, P) bool: all but the first P, P/2, P/4 or P/8 pairs of each row, one at least."""
    import torch

    shown = (pairs >> request.integers(HALVINGS, 1)).clamp(min=1)
    return torch.arange(pairs, device=shown.device) >= shown


def distinct(request: Request, below: int, columns: int) -> Tensor:
    """(N, columns) int64: so many different integers of [0, below) in each row, in random order."""
    import torch

    chance = torch.rand(request.count, below, generator=request.chance, device=request.chance.device)
    return chance.argsort(1)[:, :columns]


def complaints(setting: Setting) -> Iterator[str]:
    if PAIRS.of(setting) < 1:
        yield "pairs must be at least 1"
    yield from too_small(setting, vocab=2 * PAIRS.of(setting) + 1, length=3 * PAIRS.of(setting))


MULTI_QUERY_RECALL = Task(
    "Multi-Query Recall",
    "many pairs of a key and a value, and then every key once more, in any order.",
    multi_query_recall,
    complaints,
    options=(PAIRS,),
    column=False,
)

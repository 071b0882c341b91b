"""Softmax attention in the place of the op: a Transformer's layer as a yardstick of the protocols of text.

It is no variant: what it must keep of a sequence grows with the sequence, so no check lets it pass. It is this
program's own code, so it needs no jail; the trainer, the windows and the rule that chooses a rate are those of all.
"""

import math
import platform
import time
from dataclasses import replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from agent.core.temporary import temporary_folder
from agent.core.text_score import TextScore, TextSeed, TextTest
from agent.evaluator.contract.variant import Declaration, Variant
from agent.evaluator.protocol import Protocol, Replica
from agent.evaluator.reading import leave_text, reader_of
from agent.evaluator.tasks.draw import draw
from agent.evaluator.tasks.task import Variation
from agent.evaluator.text.bits import text_test
from agent.evaluator.text.recalled import recalled
from agent.evaluator.text.windows import TextReader, WrittenText
from agent.evaluator.training.stack import Stack
from agent.evaluator.training.trainer import Trainee, merit, train
from agent.study.text_rows import TextRow, row_of

TRANSFORMER = "transformer"
ROTARY_BASE = 10_000.0


def softmax_attention(
    q: Tensor, k: Tensor, v: Tensor, beta: Tensor, initial_state: None = None, chunk_size: int = 32
) -> tuple[Tensor, Tensor]:
    """Causal softmax attention (Vaswani et al. 2017, arXiv 1706.03762) with rotary positions (Su et al. 2021, arXiv
    2104.09864); all (B, H, L, D). beta has no part in it, and there is no state to hand on."""
    o = F.scaled_dot_product_attention(rotated(q), rotated(k), v, is_causal=True)
    return o, v.new_zeros(len(v), 1)


def rotated(x: Tensor) -> Tensor:
    """Each pair of features turned by its position."""
    length, half = x.shape[2], x.shape[3] // 2
    rates = ROTARY_BASE ** (-torch.arange(half, device=x.device, dtype=x.dtype) / half)
    angle = torch.arange(length, device=x.device, dtype=x.dtype)[:, None] * rates
    one, other = x[..., :half], x[..., half : 2 * half]
    cos, sin = angle.cos(), angle.sin()
    return torch.cat([one * cos - other * sin, other * cos + one * sin, x[..., 2 * half :]], dim=-1)


def measure_transformer(protocol: Protocol, device: str) -> list[TextRow]:
    """Train and test every replica of a protocol of text around softmax attention."""
    started = time.monotonic()
    torch.set_num_threads(1)  # as a worker has it, so that its tokens a second are those of one core, too
    reader, variant = reader_of(protocol), Variant(softmax_attention, Declaration({}, {}))
    assert reader is not None
    replicas, kind = list(protocol.replicas()), torch.device(device)
    with temporary_folder() as folder:
        leave_text(reader, protocol, folder, replicas)
        trainees = train(replicas, variant, protocol, kind, text=WrittenText(folder))
    seconds = time.monotonic() - started
    tokens = sum(each.curve[-1].step * each.replica.batch * each.replica.setting.input_length for each in trainees)
    seeds = sorted({replica.seed for replica in replicas})
    best = [max((each for each in trainees if each.replica.seed == seed), key=_merit) for seed in seeds]
    scored = tuple(_scored(trainee, variant, protocol, reader, kind) for trainee in best)
    score = TextScore(reader.text.corpus, replicas[0].setting.length, tokens / seconds, scored)
    stack = Stack(replicas[:1], variant, protocol, kind)
    facts: dict[str, Any] = {
        "parameters": stack.network.layout.size,
        "state_bytes": 2 * 4 * protocol.width * replicas[0].setting.length,  # the keys and values of a whole window
        "seconds": time.monotonic() - started,
        "device": "cpu" if device == "cpu" else torch.cuda.get_device_name(kind),
        "versions": f"python {platform.python_version()}, torch {torch.__version__}",
    }
    return [row_of(TRANSFORMER, protocol, replace(score, seeds=(seed,)), **facts) for seed in scored]


def _merit(trainee: Trainee) -> float:
    return merit(trainee.replica, trainee.best_point) if trainee.best_point.finite else -math.inf


def _scored(
    trainee: Trainee, variant: Variant, protocol: Protocol, reader: TextReader, device: torch.device
) -> TextSeed:
    """The tests of one trained network, on the windows that every variant has."""
    replica = trainee.replica
    stack = Stack([replica], variant, protocol, device, trainee.best[None])
    tests = tuple(_test(stack, replica, protocol, reader, times) for times in (1, *replica.longer))
    return TextSeed(replica.seed, replica.learning_rate, tests)


def _test(stack: Stack, replica: Replica, protocol: Protocol, reader: TextReader, times: int) -> TextTest:
    count = max(1, protocol.test_examples // times)
    setting = Variation(times=times).of(replica.setting)
    examples = draw(setting, count, split="test", seed=0, world=0, device=stack.device, text=reader)
    losses = torch.empty(examples.targets.shape)
    for part, logits in stack.read(examples.inputs[None], torch.tensor([0], device=stack.device)):
        wanted = examples.targets[part]
        losses[part] = (
            F.cross_entropy(logits[0].flatten(0, 1), wanted.flatten(), reduction="none").view(wanted.shape).cpu()
        )
    windows = torch.cat([examples.inputs, examples.targets[:, -1:]], dim=1)
    return text_test(times, losses, recalled(windows))

"""What a training step asks of a GPU, counted without one: bytes and launches as CUDA would get them, by part.

    python -m benchmarks.ledger -L 32 -L 128 [VARIANT.py ...]

Nothing is timed. The step runs on a pretended device (pretended_cuda.py) with CUDA's autograd and autocast, and every
operator that reaches it counts as one launch that reads its inputs and writes its outputs once.
"""

from benchmarks import pretended_cuda

if __name__ == "__main__":
    pretended_cuda.load_or_exit()  # before torch is imported

import bisect
import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import wraps
from math import prod
from pathlib import Path
from typing import Annotated, Any
from unittest import mock

import torch
import typer
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry

from agent.core.baselines import BASELINES, TEMPLATE, baseline_path, published_paths
from agent.core.resources import MOVES, TEMPLATE_FILE
from agent.evaluator.contract.known_forms import recognised
from agent.evaluator.contract.variant import Variant, load_variant
from agent.evaluator.fused_op import ending_fused
from agent.evaluator.training import network, stack
from agent.evaluator.training.batches import Batches
from agent.evaluator.training.optimiser import StackedAdamW
from agent.proposer.moves import compose, load_moves
from benchmarks.card_training import BATCH, VOCAB, on_card, training_on_card

NO_LAUNCH = ("empty", "empty_like", "empty_strided", "new_empty", "new_empty_strided", "_unsafe_view", "lift_fresh")
NAMESPACES = ("aten", "deltasearch")

# Where the parts of a step are called from: an object, the name of a function in it, and what it is here.
SCOPES: tuple[tuple[Any, str, str], ...] = (
    (network, "rms_norm", "norm"),
    (network, "add_and_norm", "norm"),
    (network, "_linear", "linear"),
    (network, "convolved_parts", "convolution"),
    (network, "_swiglu", "swiglu"),
    (network, "look_up", "embedding"),
    (network, "_decode", "decoder"),
    (network, "_behind_norm", "gain"),
    (network.Network, "_mixer", "mixer"),
    (network.Network, "outputs", "op"),
    (network.Network, "logits", "network"),
    (stack, "token_losses", "loss"),
    (StackedAdamW, "step", "optimiser"),
    (Batches, "take", "data"),
)
# A part by the scopes that it lies in, the first that fits.
PARTS: tuple[tuple[frozenset[str], str], ...] = tuple(
    (frozenset(scopes.split()), part)
    for scopes, part in (
        ("op", "op"),
        ("norm", "norms"),
        ("gain", "weights times gains"),
        ("convolution", "convolution"),
        ("swiglu linear", "products of SwiGLU"),
        ("swiglu", "gate of SwiGLU"),
        ("decoder", "decoder"),
        ("mixer linear", "products of the mixer"),
        ("mixer", "heads, casts and beta of the mixer"),
        ("embedding", "embedding"),
        ("loss", "loss"),
        ("linear", "product of the head"),
        ("network", "residuals and masks"),
        ("optimiser", "optimiser"),
        ("data", "data"),
    )
)
REST = "sums and order of gradients"


@dataclass(frozen=True)
class Share:
    """What one part of a step touches, in bytes, how often it launches, and the operations of its products.

    All forward and backward together. What a kernel of agent/kernels multiplies is not seen.
    """

    bytes: int
    launches: int
    flops: int


@dataclass(frozen=True)
class Ledger:
    """A step: its parts by name, the bytes of which are casts, and how many tokens it is about."""

    parts: Mapping[str, Share]
    tokens: int

    @property
    def launches(self) -> int:
        return sum(share.launches for share in self.parts.values())

    @property
    def kilobytes(self) -> float:
        """Touched for each token, in thousands of bytes."""
        return sum(share.bytes for share in self.parts.values()) / self.tokens / 1e3

    def lines(self) -> Iterator[str]:
        """A table in Markdown, the largest part first."""
        yield "| part | kB a token | launches |"
        yield "|---|---|---|"
        for part, share in sorted(self.parts.items(), key=lambda item: -item[1].bytes):
            yield f"| {part} | {share.bytes / self.tokens / 1e3:.1f} | {share.launches} |"
        yield f"| all | {self.kilobytes:.1f} | {self.launches} |"


class Scopes:
    """In which functions a step is, and, by autograd's own numbers, in which ones each of its operators was called."""

    def __init__(self) -> None:
        self.inside: tuple[str, ...] = ()
        self.starts: list[int] = []
        self.scopes: list[tuple[str, ...]] = []

    def wrapped(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def called(*given: Any, **named: Any) -> Any:
            outside = self.inside
            self._enter((*outside, name))
            try:
                return function(*given, **named)
            finally:
                self._enter(outside)

        return called

    def of(self, number: int) -> tuple[str, ...]:
        place = bisect.bisect_right(self.starts, number) - 1
        return self.scopes[place] if place >= 0 else ()

    def _enter(self, scopes: tuple[str, ...]) -> None:
        self.inside = scopes
        self.starts.append(torch._C._autograd._get_sequence_nr())
        self.scopes.append(scopes)


class Count(TorchDispatchMode):
    """Adds up what reaches the device, by part. Views and empty tensors do not."""

    def __init__(self, scopes: Scopes) -> None:
        super().__init__()
        self.scopes = scopes
        self.bytes: Counter[str] = Counter()
        self.launches: Counter[str] = Counter()
        self.flops: Counter[str] = Counter()

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        if launches(func):
            part = part_of(self._scopes())
            self.launches[part] += 1
            read = {name: given for name, given in (kwargs or {}).items() if name != "out"}  # which is the result
            self.bytes[part] += sum(map(touched, tree_leaves((args, read, result))))
            if (product := flop_registry.get(func._overloadpacket)) is not None:
                self.flops[part] += product(*args, **(kwargs or {}), out_val=result)
        return result

    def _scopes(self) -> tuple[str, ...]:
        node = torch._C._current_autograd_node()
        return self.scopes.inside or (self.scopes.of(node._sequence_nr()) if node is not None else ())


def launches(func: Any) -> bool:
    """Whether an operator does any work on the device."""
    namespace, _, name = func._schema.name.partition("::")
    aliases = [returned.alias_info for returned in func._schema.returns]
    is_view = any(alias is not None and not alias.is_write for alias in aliases)
    return namespace in NAMESPACES and name not in NO_LAUNCH and not is_view


def touched(value: Any) -> int:
    """The bytes of a tensor, what is repeated without being stored counted once; nothing for anything else."""
    if not isinstance(value, Tensor):
        return 0
    return value.element_size() * prod(n for n, step in zip(value.shape, value.stride(), strict=True) if step)


def part_of(scopes: tuple[str, ...]) -> str:
    return next((part for within, part in PARTS if within.issubset(scopes)), REST)


@contextmanager
def _watched(scopes: Scopes) -> Iterator[None]:
    with ExitStack() as patches:
        for owner, name, scope in SCOPES:
            patches.enter_context(mock.patch.object(owner, name, scopes.wrapped(scope, getattr(owner, name))))
        yield


def count_step(
    variant: Variant, length: int, replicas: int = 1, task: str = "Fuzzy Recall", vocab: int = VOCAB
) -> Ledger:
    """Count the second step of some replicas under mad; in the first, what is kept for all is made."""
    training = training_on_card(variant, length, replicas, task, vocab)
    scopes = Scopes()
    with on_card(), _watched(scopes):
        training.step()
        with Count(scopes) as count:
            training.step()
    parts = {part: Share(count.bytes[part], launched, count.flops[part]) for part, launched in count.launches.items()}
    return Ledger(parts, replicas * BATCH * training.batches.examples.inputs.shape[-1])


def as_trained(path: Path, plain_op: bool = False) -> Variant:
    """A variant as a GPU with tensor cores trains it: with the end of its op fused where it is a known one."""
    variant, found = load_variant(path), recognised(path)
    return variant if found is None or plain_op else ending_fused(variant, found)


def known(folder: Path) -> list[Path]:
    """Every known variant, and, written to a folder, what each move of the catalogue makes of the template."""
    template = TEMPLATE_FILE.read_text()
    moved = []
    for name, move in load_moves(MOVES).items():
        moved.append(folder / f"{name}.py")
        moved[-1].write_text(compose(template, [move]))
    return [*map(baseline_path, BASELINES), *published_paths().values(), *moved]


def main(
    variants: Annotated[list[Path] | None, typer.Argument(help="Variant files. Default: the template.")] = None,
    length: Annotated[list[int], typer.Option("--length", "-L", help="May be given again.")] = [128],  # noqa: B006
    replicas: Annotated[int, typer.Option("--replicas", "-R", help="Stacked together.")] = 1,
    task: Annotated[str, typer.Option(help="The task whose head and vocabulary are counted.")] = "Fuzzy Recall",
    vocab: Annotated[int, typer.Option(help="Tokens of the task.")] = VOCAB,
    all_known: Annotated[bool, typer.Option("--known", help="Every known variant and every move as well.")] = False,
    plain_op: Annotated[bool, typer.Option("--plain-op", help="With the op as the variant has it.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON for each variant and length.")] = False,
) -> None:
    """Count bytes and launches of a training step under mad, by part."""
    with tempfile.TemporaryDirectory() as folder:
        for path in [*(variants or []), *(known(Path(folder)) if all_known else [])] or [baseline_path(TEMPLATE)]:
            variant = as_trained(path, plain_op)
            for number in length:
                ledger = count_step(variant, number, replicas, task, vocab)
                if as_json:
                    facts = {"kilobytes": round(ledger.kilobytes, 2), "launches": ledger.launches}
                    print(json.dumps({"variant": path.stem, "length": number, **facts}), flush=True)
                else:
                    print(f"{path.stem}, length {number}, replicas {replicas}, {task}; counted, not measured\n")
                    print("\n".join(ledger.lines()), end="\n\n", flush=True)


if __name__ == "__main__":
    typer.run(main)

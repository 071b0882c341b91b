"""How much memory a training step holds for each token, beyond weights and optimiser, counted without a GPU.

    python -m benchmarks.held [VARIANT.py ...]
    python -m benchmarks.held --known

It runs on the pretended device of benchmarks/ledger.py. What an allocator adds by its blocks is not in it.
"""

from benchmarks import pretended_cuda

if __name__ == "__main__":
    pretended_cuda.load_or_exit()  # before torch is imported

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from torch import Tensor
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from agent.core.baselines import TEMPLATE, baseline_path
from agent.evaluator.contract.variant import Variant, load_variant
from benchmarks.card_training import BATCH, VOCAB, on_card, training_on_card
from benchmarks.ledger import known


class Held(TorchDispatchMode):
    """The most bytes that all tensors made within it hold at once."""

    def __init__(self) -> None:
        super().__init__()
        self.living: dict[int, tuple[StorageWeakRef, int]] = {}
        self.most = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        for made in tree_leaves(result):
            if isinstance(made, Tensor):
                storage = made.untyped_storage()
                reference = StorageWeakRef(storage)
                self.living[reference.cdata] = reference, storage.nbytes()
        self.living = {key: kept for key, kept in self.living.items() if not kept[0].expired()}
        self.most = max(self.most, sum(size for _, size in self.living.values()))
        return result


def held_a_token(variant: Variant, length: int) -> float:
    """Bytes, in the second step of one replica."""
    training = training_on_card(variant, length, 1, "Fuzzy Recall", VOCAB)
    with on_card():
        training.step()
        with Held() as held:
            training.step()
    return held.most / (BATCH * length)


def main(
    variants: Annotated[list[Path] | None, typer.Argument(help="Variant files. Default: the template.")] = None,
    length: Annotated[int, typer.Option("--length", "-L")] = 128,
    all_known: Annotated[bool, typer.Option("--known", help="Every known variant and every move as well.")] = False,
) -> None:
    """Count what a training step of one replica under mad holds at once."""
    with tempfile.TemporaryDirectory() as folder:
        for path in [*(variants or []), *(known(Path(folder)) if all_known else [])] or [baseline_path(TEMPLATE)]:
            print(f"{path.stem}: {held_a_token(load_variant(path), length) / 1e3:.0f} kB a token", flush=True)


if __name__ == "__main__":
    typer.run(main)

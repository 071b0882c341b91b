"""What a GPU gains by each lever, side by side in one run: the part of `make bench` that needs one.

Everything is of the template under `mad`. Whatever does not work on a machine is said and left out.
"""

import gc
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor

from agent.baselines import TEMPLATE, baseline_path
from agent.evaluator.contract import sample_call
from agent.evaluator.protocols import MAD, MAD_SETTINGS
from agent.evaluator.speed import differentiate
from agent.evaluator.trainer import Training
from agent.evaluator.variant import Variant, load_variant
from agent.kernels import triangular
from benchmarks.timing import in_turn, one_line, show
from benchmarks.ways import WAYS, first_gradient, take

STACKS = {32: (1, 64), 128: (1, 16), 512: (1, 4)}  # of a length, alone and as many as TOKENS_A_STEP allows
STEPS = 10  # timed together
MATRICES = (512, 8_192)
EXAMPLES = 1_280  # drawn for a training: ten batches
SAME = 1e-2  # how far apart, relatively, bfloat16 may carry two ways of computing one gradient


def card() -> None:
    """Steps of every way and size, the inverse by its kernels, and the op against fla-core's."""
    if not torch.cuda.is_available():
        print("card: no GPU here; left out")
        return
    device = torch.device("cuda")
    name, kernels = torch.cuda.get_device_name(device), triangular.fused(device).words
    print(f"card: {name}, torch {torch.__version__}, kernels: {kernels}")
    variant = load_variant(baseline_path(TEMPLATE))
    for length, stacked in STACKS.items():
        for replicas in stacked:
            steps(variant, length, replicas, device)
    inverses(device)
    for length in STACKS:
        ops(variant, length, device)


def training_of(variant: Variant, length: int, replicas: int, device: torch.device) -> Training:
    """Context Recall of one length, in seeds that train together."""
    setting = replace(MAD_SETTINGS["Context Recall"][0], length=length, train_examples=EXAMPLES)
    some = next(replica for replica in MAD.replicas() if replica.setting.task == "Context Recall")
    alike = [replace(some, setting=setting, seed=seed) for seed in range(replicas)]
    return Training(alike, variant, replace(MAD, validation_examples=128), device)


def steps(variant: Variant, length: int, replicas: int, device: torch.device) -> None:
    """One size, every way. All start from the same weights and see the same batches."""
    calls: dict[str, Callable[[], object]] = {}
    first: Tensor | None = None
    for name, change in WAYS.items():
        training = training_of(variant, length, replicas, device)
        try:
            change(training)
            gradient = first_gradient(training)
        except (RuntimeError, NotImplementedError, torch.cuda.OutOfMemoryError) as error:
            print(f"  {name} does not work here: {one_line(error)}")
            continue
        first = gradient if first is None else first
        apart = float((gradient - first).norm() / first.norm())
        if apart > SAME:
            print(f"  {name} computes another gradient: {apart:.1e} apart")
        calls[name] = partial(take, training, STEPS)
    if not calls:
        return
    seconds = in_turn(calls, device=device)
    show(f"  {STEPS} steps, length {length}, {replicas} stacked", seconds)
    per_second = replicas * STEPS / min(seconds.values())
    print(f"  {'':<44}{per_second:,.0f} steps of a replica a second", flush=True)
    calls.clear()
    gc.collect()
    torch.compiler.reset()  # the next size is another program


def inverses(device: torch.device) -> None:
    """The inverse of chunk matrices, forward and backward: by the fused kernels, and in plain PyTorch."""
    found = triangular.fused(device).kernels
    for count in MATRICES:
        lower = torch.rand(count, MAD.chunk_size, MAD.chunk_size, device=device).sub(0.5).requires_grad_()
        grad = torch.rand_like(lower)

        def timed(kernels: Any, lower: Tensor = lower, grad: Tensor = grad) -> None:
            torch.autograd.grad(triangular.UnitLowerInverse.apply(lower, kernels), lower, grad)

        calls: dict[str, Callable[[], object]] = {"plain": lambda timed=timed: timed(None)}  # type: ignore[misc]
        if found:
            calls["triton"] = lambda timed=timed: timed(found)  # type: ignore[misc]
        show(f"  {count:,} inverses of {MAD.chunk_size} x {MAD.chunk_size}", in_turn(calls, device=device))


def ops(variant: Variant, length: int, device: torch.device) -> None:
    """The op alone, forward and backward: the template's against the fused one of fla-core, where that is installed."""
    call = sample_call(variant.declaration, MAD, 128, length, device)
    calls: dict[str, Callable[[], object]] = {
        "template": partial(differentiate, variant.op, call, chunk_size=MAD.chunk_size)
    }
    theirs = fused_delta_rule()
    if theirs is None:
        print("  fla-core is not installed (pip install fla-core): left out")
    else:
        calls["fla-core, bfloat16"] = partial(differentiate, theirs, call)
    show(f"  op, batch 128, length {length}", in_turn(calls, device=device))


def fused_delta_rule() -> Callable[..., tuple[Tensor, Any]] | None:
    """The kernels of fla-core (Yang et al. 2024, arXiv 2406.06484) on the template's arguments; the chunk is theirs."""
    if find_spec("fla") is None:
        return None
    from fla.ops.delta_rule import chunk_delta_rule

    def op(q: Tensor, k: Tensor, v: Tensor, beta: Tensor) -> tuple[Tensor, Any]:
        """Tokens come before heads there, and float32 is refused."""
        q, k, v, beta = (x.transpose(1, 2).bfloat16() for x in (q, k, v, beta))
        o, state = chunk_delta_rule(q, k, v, beta, use_qk_l2norm_in_kernel=True, output_final_state=True)
        return o.transpose(1, 2).to(torch.float32), state

    return op

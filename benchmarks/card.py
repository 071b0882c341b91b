"""What a GPU gains by each lever, side by side in one run: the part of `make bench` that needs one.

    python -m benchmarks.card 32 128

Everything is of the template under `mad`. Whatever does not work on a machine is said and left out. What is quickly
told comes first: whole steps are compiled, which takes up to a minute a size.
"""

import gc
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from agent.core.baselines import TEMPLATE, baseline_path
from agent.core.errors import kind_and_reason
from agent.evaluator.contract.calls import sample_call
from agent.evaluator.contract.variant import Variant, load_variant
from agent.evaluator.fused_op import with_fused_op
from agent.evaluator.protocols import MAD, MAD_SETTINGS
from agent.evaluator.speed import differentiate
from agent.evaluator.training.network import FILTER
from agent.evaluator.training.trainer import Training
from agent.kernels import short_conv, triangular
from agent.kernels.choice import in_words
from benchmarks.timing import in_turn, show
from benchmarks.ways import WAYS, first_gradient, take

STACKS = {32: (1, 64), 128: (1, 16), 512: (1, 4)}  # of a length, alone and as many as TOKENS_A_STEP allows
STEPS = 10  # timed together
MATRICES = (512, 8_192)
SEQUENCES = (128, 1_024)  # lengths of what is convolved
EXAMPLES = 1_280  # drawn for a training: ten batches
SAME = 5e-2  # how far apart, relatively, bfloat16 may carry two ways of computing one gradient


def card(lengths: Sequence[int] = tuple(STACKS)) -> None:
    """The building blocks by their kernels, the op against fla-core's, and steps of every way and size."""
    if not torch.cuda.is_available():
        print("card: no GPU here; left out")
        return
    device = torch.device("cuda", torch.cuda.current_device())
    print(f"card: {torch.cuda.get_device_name(device)}, torch {torch.__version__}, {in_words(device)}")
    variant = load_variant(baseline_path(TEMPLATE))
    inverses(device)
    convolutions(device)
    products(device)
    for length in lengths:
        ops(variant, length, device)
    for length in lengths:
        for replicas in STACKS[length]:
            steps(variant, length, replicas, device)


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
        try:
            training = training_of(variant, length, replicas, device)
            change(training)
            gradient = first_gradient(training)
        except Exception as error:  # a compiler may fail in any way
            print(f"  {name} does not work here: {kind_and_reason(error)}")
            continue
        first = gradient if first is None else first
        apart = float((gradient - first).norm() / first.norm())
        if not apart <= SAME:  # nor where it is no number
            print(f"  {name} computes another gradient: {apart:.1e} apart")
        calls[name] = partial(take, training, STEPS)
    if calls:
        seconds = in_turn(calls, device=device)
        show(f"  {STEPS} steps, length {length}, {replicas} stacked", seconds)
        per_second = replicas * STEPS / min(seconds.values())
        print(f"  {'':<44}{per_second:,.0f} steps of a replica a second", flush=True)
    # The next size is another program, and needs the memory.
    calls.clear()
    training = first = gradient = None
    gc.collect()
    torch.compiler.reset()
    torch.cuda.empty_cache()


def inverses(device: torch.device) -> None:
    """The inverse of chunk matrices, forward and backward: by the fused kernels, and in plain PyTorch."""
    found = triangular.fused_inverse(device).kernels
    for count in MATRICES:
        lower = torch.rand(count, MAD.chunk_size, MAD.chunk_size, device=device).sub(0.5).requires_grad_()
        grad = torch.rand_like(lower)

        def timed(kernels: Any, lower: Tensor = lower, grad: Tensor = grad) -> None:
            torch.autograd.grad(triangular.UnitLowerInverse.apply(lower, kernels), lower, grad)

        calls: dict[str, Callable[[], object]] = {"plain": partial(timed, None)}
        if found:
            calls["triton"] = partial(timed, found)
        show(f"  {count:,} inverses of {MAD.chunk_size} x {MAD.chunk_size}", in_turn(calls, device=device))


def convolutions(device: torch.device) -> None:
    """The convolution of q, k and v with SiLU, forward and backward: by the fused kernels, and in plain PyTorch."""
    found = short_conv.fused_convolution(device).kernels
    for length in SEQUENCES:
        shape = (1, 128, length, 3 * MAD.width)
        # As in the network, a part of what one product gives, with beta behind it: rows begin at odd places.
        wide = torch.rand(*shape[:3], 3 * MAD.width + MAD.heads, device=device, dtype=torch.bfloat16)
        x = wide[..., : 3 * MAD.width].requires_grad_()
        filters = torch.rand(1, 3 * MAD.width, FILTER, device=device).requires_grad_()
        grad = torch.rand(shape, device=device)

        def plain(x: Tensor = x, filters: Tensor = filters, grad: Tensor = grad) -> None:
            torch.autograd.grad(F.silu(short_conv.short_convolution(x, filters)), (x, filters), grad)

        def fused(x: Tensor = x, filters: Tensor = filters, grad: Tensor = grad) -> None:
            torch.autograd.grad(short_conv.SiluConvolution.apply(x, filters, found), (x, filters), grad)

        calls: dict[str, Callable[[], object]] = {"plain": plain} | ({"triton": fused} if found else {})
        show(f"  convolution and SiLU, batch 128, length {length}", in_turn(calls, device=device))


def products(device: torch.device) -> None:
    """The product that gives q, k, v and beta, and the same with its rows filled up to a multiple of 16."""
    exact = 3 * MAD.width + MAD.heads
    calls: dict[str, Callable[[], object]] = {}
    for rows in (exact, -(-exact // 16) * 16):
        x, weight = (
            torch.rand(shape, device=device, dtype=torch.bfloat16).requires_grad_()
            for shape in ((1, 128 * 128, MAD.width), (1, rows, MAD.width))
        )
        grad = torch.rand(1, 128 * 128, rows, device=device, dtype=torch.bfloat16)

        def differentiated(x: Tensor = x, weight: Tensor = weight, grad: Tensor = grad) -> None:
            torch.autograd.grad(x @ weight.transpose(1, 2), (x, weight), grad)

        calls[f"{rows} rows"] = differentiated
    show("  the product before the op, batch 128, length 128", in_turn(calls, device=device))


def ops(variant: Variant, length: int, device: torch.device) -> None:
    """The op alone, forward and backward: the template's, its fused form, and fla-core's where that is installed."""
    call = sample_call(variant.declaration, MAD, 128, length, device)
    calls: dict[str, Callable[[], object]] = {
        "template": partial(differentiate, variant.op, call, chunk_size=MAD.chunk_size)
    }
    ours = with_fused_op(variant, baseline_path(TEMPLATE), MAD, device, on_tensor_cores=True)
    print(f"  the template's op {ours.words}")
    if ours.variant is not variant:
        calls["fused, TF32"] = partial(differentiate, ours.variant.op, call, chunk_size=MAD.chunk_size)
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


def main() -> None:
    """Measure what a GPU gains by each lever, at the lengths that are named or at all."""
    known = {str(length): length for length in STACKS}
    unknown = [word for word in sys.argv[1:] if word not in known]
    if unknown:
        sys.exit(f"card: there is no stack of length {unknown[0]}: {', '.join(known)}")
    card([known[word] for word in sys.argv[1:]] or list(STACKS))


if __name__ == "__main__":
    main()

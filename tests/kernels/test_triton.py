"""The Triton kernels against their plain reference: interpreted, compiled for a GPU, and where they cannot be."""

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import kernels_for_a_gpu
import pytest
import torch

from agent.kernels.adamw import fused_adamw
from agent.kernels.choice import in_words
from agent.kernels.gate import fused_gate
from agent.kernels.norm import fused_norm
from agent.kernels.short_conv import fused_convolution
from agent.kernels.triangular import fused_inverse

CPU = torch.device("cpu")
pytestmark = pytest.mark.skipif(
    find_spec("triton") is None, reason="triton is not installed: pip install triton (it exists for Linux only)"
)

IN_INTERPRETER = """
import torch
from agent.kernels import triangular, triangular_triton

chance = torch.Generator().manual_seed(0)
for shape in [(3, 32, 32), (2, 1, 2, 16, 16), (2, 5, 5), (1, 48, 48), (0, 16, 16), (2, 64, 64)]:
    # What stands on and above the diagonal must not be read; one operand is laid out the other way round.
    matrices = (torch.rand(shape, generator=chance) - 0.5).transpose(-1, -2).requires_grad_()
    exact = matrices.detach().double().requires_grad_()
    grad = torch.rand(shape, generator=chance) - 0.5

    ours = triangular.UnitLowerInverse.apply(matrices, triangular_triton)
    plain = triangular.UnitLowerInverse.apply(exact, None)
    assert ours.dtype == torch.float32 and ours.shape == matrices.shape
    torch.testing.assert_close(ours.double(), plain, rtol=1e-4, atol=1e-4)

    ours.backward(grad)
    plain.backward(grad.double())
    torch.testing.assert_close(matrices.grad.double(), exact.grad, rtol=1e-4, atol=2e-4)
    assert (matrices.grad.triu() == 0).all()

for kind in (torch.bfloat16, torch.float16):
    narrow = (torch.rand(3, 32, 32, generator=chance) - 0.5).to(kind).requires_grad_()
    grad = (torch.rand(3, 32, 32, generator=chance) - 0.5).to(kind)
    found = []
    for kernels in (triangular_triton, None):
        inverse = triangular.UnitLowerInverse.apply(narrow, kernels)
        found.append((inverse, *torch.autograd.grad(inverse, narrow, grad)))
    for ours, plain in zip(*found, strict=True):
        assert ours.dtype == plain.dtype == kind
        torch.testing.assert_close(ours.float(), plain.float(), rtol=1e-2, atol=1e-2)

assert triangular_triton.fits(torch.zeros(1, 64, 64))
assert not triangular_triton.fits(torch.zeros(1, 65, 65))
assert not triangular_triton.fits(torch.zeros(1, 16, 16, dtype=torch.float64))
print(triangular.fused_inverse(torch.device("cpu")).words)
"""

CONVOLUTION_IN_INTERPRETER = """
import torch
import torch.nn.functional as F
from agent.kernels import short_conv, short_conv_triton

chance = torch.Generator().manual_seed(0)
shapes = [((2, 2, 19, 5), 4), ((1, 3, 1, 8), 4), ((2, 1, 32, 4), 4), ((1, 1, 5, 130), 3), ((2, 0, 8, 8), 4)]
for shape, width in shapes:
    replicas, batch, length, channels = shape
    filters = torch.randn(replicas, channels, width, generator=chance)
    grad = torch.randn(shape, generator=chance)
    part = torch.randn(replicas, batch, length, channels + 7, generator=chance)[..., :channels]
    other_way_round = torch.randn(replicas, length, batch, channels, generator=chance).transpose(1, 2)
    for x in (part, other_way_round):
        ours = [x.detach().requires_grad_(), filters.clone().requires_grad_()]
        exact = [x.detach().double().requires_grad_(), filters.double().requires_grad_()]
        y = short_conv.SiluConvolution.apply(*ours, short_conv_triton)
        z = F.silu(short_conv.short_convolution(*exact))
        assert y.dtype == torch.float32
        torch.testing.assert_close(y.double(), z, rtol=1e-5, atol=1e-5)
        gradients = torch.autograd.grad(y, ours, grad), torch.autograd.grad(z, exact, grad.double())
        for found, expected in zip(*gradients, strict=True):
            torch.testing.assert_close(found.double(), expected, rtol=1e-4, atol=1e-4)

# Three parts that are convolved and two that are not, whose gradients lie side by side, or do not.
projected, filters = torch.randn(2, 1, 9, 9, generator=chance), torch.randn(2, 6, 4, generator=chance)
for beside in (True, False):
    ours = [projected.clone().requires_grad_(), filters.clone().requires_grad_()]
    exact = [projected.double().requires_grad_(), filters.double().requires_grad_()]
    found = short_conv.ConvolvedParts.apply(*ours, (6, 1, 2), short_conv_triton)
    expected = short_conv.convolved_parts(*exact, (6, 1, 2))
    grads = torch.randn(2, 1, 9, 9, generator=chance).split((2, 2, 2, 1, 2), -1)
    grads = [*torch.cat(grads[:3], -1).split(2, -1), *grads[3:]] if beside else [grad.clone() for grad in grads]
    for part, plain in zip(found, expected, strict=True):
        torch.testing.assert_close(part.double(), plain, rtol=1e-5, atol=1e-5)
    gradients = (
        torch.autograd.grad(found, ours, grads), torch.autograd.grad(expected, exact, [g.double() for g in grads])
    )
    for part, plain in zip(*gradients, strict=True):
        torch.testing.assert_close(part.double(), plain, rtol=1e-4, atol=1e-4)

x, filters = torch.randn(1, 2, 40, 8, generator=chance).bfloat16(), torch.randn(1, 8, 4, generator=chance)
assert short_conv_triton.convolve(x, filters).dtype == torch.float32
assert short_conv_triton.convolve_backward(x, filters, torch.ones(x.shape))[0].dtype == torch.bfloat16
assert short_conv_triton.fits(x, filters) and short_conv_triton.fits(x.float(), filters)
assert not short_conv_triton.fits(x.double(), filters) and not short_conv_triton.fits(x, filters.double())
with torch.no_grad():  # as where it is first asked by who predicts
    print(short_conv.fused_convolution(torch.device("cpu")).words)
"""

GATE_IN_INTERPRETER = """
import torch
import torch.nn.functional as F
from agent.kernels import gate, gate_triton

chance = torch.Generator().manual_seed(0)
for shape in ((2, 3, 19, 10), (1, 1, 7, 704), (3, 2050), (0, 8), (1, 1, 1, 2)):
    wide = torch.randn(*shape[:-1], shape[-1] + 3, generator=chance)[..., : shape[-1]]  # a part of something wider
    ours, exact = wide.detach().requires_grad_(), wide.detach().double().requires_grad_()
    first, second = exact.chunk(2, -1)
    y, z = gate.SiluGate.apply(ours, gate_triton), F.silu(first) * second
    assert y.dtype == torch.float32
    torch.testing.assert_close(y.double(), z, rtol=1e-5, atol=1e-5)
    grad = torch.randn(z.shape, generator=chance)
    found, expected = torch.autograd.grad(y, ours, grad), torch.autograd.grad(z, exact, grad.double())
    torch.testing.assert_close(found[0].double(), expected[0], rtol=1e-4, atol=1e-5)

x = torch.randn(4, 8, generator=chance).bfloat16()
assert gate_triton.gate(x).dtype == gate_triton.gate_backward(x, x[:, :4]).dtype == torch.bfloat16
assert gate_triton.fits(x) and not gate_triton.fits(x.double())
print(gate.fused_gate(torch.device("cpu")).words)
"""

NORM_IN_INTERPRETER = """
import torch
from agent.kernels import norm, norm_triton

chance = torch.Generator().manual_seed(0)
for shape in ((2, 3, 5, 128), (1, 70, 40), (0, 8), (1, 3)):
    for kind, rounding in ((torch.float32, 1e-5), (torch.bfloat16, 2e-2)):
        x = torch.randn(*shape[:-1], shape[-1] + 3, generator=chance)[..., : shape[-1]]  # a part of something wider
        change, grad, beside = (torch.randn(shape, generator=chance).to(kind) for _ in range(3))
        beside = beside.float()
        ours, exact = [[x, change] for _ in range(2)]
        ours = [part.detach().requires_grad_() for part in ours]
        exact = [part.detach().double().requires_grad_() for part in exact]
        total, y = norm.FusedAddAndNorm.apply(*ours, 1e-5, kind, norm_triton)
        wanted = exact[0] + exact[1]
        normed = wanted * (wanted.square().mean(-1, keepdim=True) + 1e-5).rsqrt()
        assert total.dtype == torch.float32 and y.dtype == kind
        torch.testing.assert_close(total.double(), wanted, rtol=1e-6, atol=1e-6)
        torch.testing.assert_close(y.double(), normed, rtol=rounding, atol=rounding)
        for also in (True, False):  # the last sum is normalised and not used again
            found = torch.autograd.grad((total, y)[not also :], ours, (beside, grad)[not also :], retain_graph=True)
            expected = torch.autograd.grad(
                (wanted, normed)[not also :], exact, (beside.double(), grad.double())[not also :], retain_graph=True
            )
            assert found[1].dtype == kind
            for part, plain in zip(found, expected, strict=True):
                torch.testing.assert_close(part.double(), plain, rtol=rounding, atol=rounding)
        alone = norm.FusedNorm.apply(ours[0], 1e-5, kind, norm_triton)
        plain = exact[0] * (exact[0].square().mean(-1, keepdim=True) + 1e-5).rsqrt()
        torch.testing.assert_close(alone.double(), plain, rtol=rounding, atol=rounding)
        (found,), (expected,) = (
            torch.autograd.grad(out, by, grad.to(out.dtype)) for out, by in ((alone, ours[0]), (plain, exact[0]))
        )
        torch.testing.assert_close(found.double(), expected, rtol=rounding, atol=rounding)

x = torch.zeros(2, 8)
assert norm_triton.fits(x) and norm_triton.fits(x, x.bfloat16())
assert not norm_triton.fits(x.double()) and not norm_triton.fits(x, x.double()) and not norm_triton.fits(x, x[:1])
print(norm.fused_norm(torch.device("cpu")).words)
"""

DELTA_RULE_IN_INTERPRETER = """
import torch
from agent.kernels import delta_rule, delta_rule_triton

chance = torch.Generator().manual_seed(0)
# Heads side by side, as in the network; values of another width; less than a chunk. With and without all that is extra.
for (batch, heads, length, key, value), decays, carries, normalises in (
    ((1, 2, 37, 16, 16), False, False, True),
    ((1, 1, 33, 20, 12), True, True, False),
    ((1, 1, 5, 16, 16), True, False, True),
):
    wide = torch.randn(batch, length, 2 * heads * key, generator=chance) * 0.3
    q, k = (part.unflatten(-1, (heads, key)).transpose(1, 2) for part in wide.chunk(2, -1))
    v = torch.randn(batch, heads, length, value, generator=chance)
    beta, decay = torch.rand(2, batch, heads, length, generator=chance)
    state = torch.randn(batch, heads, key, value, generator=chance)
    given = [q, k, v, beta, -decay if decays else None, state if carries else None]

    def results(kind, op, *kernels):
        leaves = [None if part is None else part.detach().to(kind).requires_grad_() for part in given]
        o, S = op(*leaves, normalises, *kernels)
        wanted = (o, S) if carries else (o,)
        by = [part for part in leaves if part is not None]
        return o, S, *torch.autograd.grad(wanted, by, [2 * part.detach() for part in wanted])

    found = results(torch.float32, delta_rule.FusedDeltaRule.apply, delta_rule_triton)
    expected = results(torch.float64, delta_rule.plain_delta_rule)
    for ours, plain in zip(found, expected, strict=True):
        assert ours.dtype == torch.float32
        torch.testing.assert_close(ours.double(), plain, rtol=1e-4, atol=1e-4 * float(plain.detach().abs().max()))

# In TF32 they lose no more than the plain op does (docs/gpu.md), and something.
from benchmarks.kernel_precision import lost
for decays in (False, True):
    o, gradient = lost(40, 16, decays)
    assert 1e-5 < o < 1e-2 and 1e-6 < gradient < 1e-3

x = torch.zeros(1, 1, 4, 128)
assert delta_rule_triton.fits(x, x) and not delta_rule_triton.fits(x.double(), x.double())
assert not delta_rule_triton.fits(torch.zeros(1, 1, 4, 129), x) and not delta_rule_triton.fits(x[:0], x[:0])
print(delta_rule.fused_delta_rule(torch.device("cpu")).words)
"""

ADAMW_IN_INTERPRETER = """
import torch
from agent.kernels import adamw, adamw_triton

chance = torch.Generator().manual_seed(0)
for replicas, size in ((2, 1030), (1, 7), (0, 5)):
    for decays in (True, False):
        for own in (True, False):
            rows, grad, mean, square, decay = torch.randn(5, replicas, size, generator=chance)
            rate, corrected, roots = torch.rand(3, replicas, 1, generator=chance) + 0.1
            given = (decay if decays else None, rate, corrected, -1.5, roots if own else 0.3)
            ours = [part.clone() for part in (rows, grad, mean, square.abs())]
            exact = [part.double() for part in ours]
            as_exact = [part.double() if isinstance(part, torch.Tensor) else part for part in given]
            adamw_triton.step(*ours, *given)
            adamw.plain_adamw_step(*exact, *as_exact)
            for place in (0, 2, 3):
                torch.testing.assert_close(ours[place].double(), exact[place], rtol=1e-5, atol=1e-6)

x = torch.zeros(2, 3)
assert adamw_triton.fits(x, None) and not adamw_triton.fits(x.double()) and not adamw_triton.fits(x.T)
print(adamw.fused_adamw(torch.device("cpu")).words)
"""

INTERPRETED = {
    "optimiser": ADAMW_IN_INTERPRETER,
    "delta rule": DELTA_RULE_IN_INTERPRETER,
    "inverse": IN_INTERPRETER,
    "convolution": CONVOLUTION_IN_INTERPRETER,
    "gate": GATE_IN_INTERPRETER,
    "norm": NORM_IN_INTERPRETER,
}
FOR_A_GPU = Path(kernels_for_a_gpu.__file__)


def run(script, tmp_path, **environment):
    """In a process of its own: Triton decides when it is imported whether it interprets."""
    environment = {**os.environ, "TRITON_CACHE_DIR": str(tmp_path), **environment}
    done = subprocess.run([sys.executable, *script], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.slow
@pytest.mark.parametrize("script", INTERPRETED.values(), ids=INTERPRETED)
def test_in_the_interpreter_they_are_their_formula_and_its_gradient(script, tmp_path):
    assert run(["-c", script], tmp_path, TRITON_INTERPRET="1").startswith("triton ")


@pytest.mark.slow
def test_they_compile_for_a_gpu_without_one(tmp_path):
    assert run([str(FOR_A_GPU)], tmp_path) == "built"


@pytest.mark.skipif(torch.cuda.is_available(), reason="here they can be built")
def test_where_they_cannot_be_built_the_plain_path_remains_and_says_why():
    for found in (fused_inverse(CPU), fused_convolution(CPU), fused_gate(CPU), fused_norm(CPU), fused_adamw(CPU)):
        assert found.kernels is None
        assert found.words.startswith("plain PyTorch (")
    plain = r"plain PyTorch \(.+\)"
    names = ("inverse", "convolution", "gate", "norm", "optimiser")
    assert re.fullmatch(" and ".join(f"{name} by {plain}" for name in names), in_words(CPU))

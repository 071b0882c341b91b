"""The Triton kernels against their plain reference: interpreted, compiled for a GPU, and where they cannot be."""

import os
import subprocess
import sys
from importlib.util import find_spec

import pytest
import torch

from agent.kernels.triangular import fused

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

assert triangular_triton.fits(torch.zeros(1, 64, 64))
assert not triangular_triton.fits(torch.zeros(1, 65, 65))
assert not triangular_triton.fits(torch.zeros(1, 16, 16, dtype=torch.float64))
print(triangular.fused(torch.device("cpu")).words)
"""

FOR_A_GPU = """
import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource
from agent.kernels import triangular_triton

for kernel, pointers in [(triangular_triton._substitute, 2), (triangular_triton._differentiate, 3)]:
    names = kernel.arg_names
    signature = {name: "*fp32" if place < pointers else "constexpr" for place, name in enumerate(names)}
    source = ASTSource(kernel, signature=signature, constexprs={"SIZE": 32, "BLOCK": 32})
    compiled = triton.compile(source, target=GPUTarget("cuda", 90, 32), options={"num_warps": 1})
    assert len(compiled.asm["cubin"]) > 1000
    assert "tf32" not in compiled.asm["ptx"]
print("built")
"""


def run(script, tmp_path, **environment):
    """In a process of its own: Triton decides when it is imported whether it interprets."""
    environment = {**os.environ, "TRITON_CACHE_DIR": str(tmp_path), **environment}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_in_the_interpreter_they_are_their_formula_and_its_gradient(tmp_path):
    assert run(IN_INTERPRETER, tmp_path, TRITON_INTERPRET="1").startswith("triton ")


def test_they_compile_for_a_gpu_without_one(tmp_path):
    assert run(FOR_A_GPU, tmp_path) == "built"


@pytest.mark.skipif(torch.cuda.is_available(), reason="here they can be built")
def test_where_they_cannot_be_built_the_plain_path_remains_and_says_why():
    found = fused(torch.device("cpu"))
    assert found.kernels is None
    assert found.words.startswith("plain PyTorch (")

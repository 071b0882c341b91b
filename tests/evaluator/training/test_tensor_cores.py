"""Which ops are multiplied on tensor cores: on a CPU that rounds as they do when it is told to."""

from contextlib import ExitStack

import pytest
import torch
from sample_inputs import load_baseline

from agent.core.baselines import GATED, TEMPLATE
from agent.evaluator.protocols import MAD
from agent.evaluator.training import tensor_cores
from agent.evaluator.training.tensor_cores import use_tensor_cores
from agent.kernels import unit_lower_inverse
from benchmarks.op_precision import RoundedProducts, to_bfloat16, to_tf32

CPU = torch.device("cpu")
ADAM = f"{TEMPLATE}_adam_style_adaptive_state_update_after_output"


@pytest.fixture
def told(monkeypatch):
    """What torch is told about float32, which takes effect here as on a GPU."""
    told, rounding = [], ExitStack()

    def tell(precision):
        told.append(precision)
        rounding.close()
        if precision == "high":
            rounding.enter_context(RoundedProducts(to_tf32))

    monkeypatch.setattr(torch, "set_float32_matmul_precision", tell)
    with rounding:
        yield told


@pytest.mark.parametrize(("name", "used"), [(TEMPLATE, True), (GATED, True), (ADAM, False)])
def test_an_op_is_multiplied_there_if_its_gradient_stands_it(monkeypatch, told, name, used):
    monkeypatch.setattr(tensor_cores, "WITH_TENSOR_CORES", {"cpu"})
    assert use_tensor_cores(load_baseline(name), MAD, CPU) == used
    assert told == (["high"] if used else ["high", "highest"])


def test_on_a_cpu_nothing_changes(told):
    assert not use_tensor_cores(load_baseline(TEMPLATE), MAD, CPU)
    assert told == []


def test_rounding_is_to_the_nearest_number_with_so_many_bits():
    x = torch.randn(1000)
    assert (to_tf32(x) / x - 1).abs().max() <= 2.0**-11
    assert (to_bfloat16(x) / x - 1).abs().max() <= 2.0**-8
    assert torch.equal(to_tf32(torch.tensor([1 + 2.0**-10, 1 + 2.0**-11])), torch.tensor([1 + 2.0**-10, 1.0]))


def test_products_are_rounded_forward_and_backward():
    a, b = torch.randn(8, 8, requires_grad=True), torch.randn(8, 8)
    with RoundedProducts(to_tf32):
        c = a @ b
        (gradient,) = torch.autograd.grad(c.sum(), a)
    assert torch.equal(c, to_tf32(a.detach()) @ to_tf32(b))
    assert torch.equal(gradient, torch.ones(8, 8) @ to_tf32(b).T)


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16])
def test_an_inverse_has_the_type_that_it_is_given_and_the_digits_of_float32(kind):
    lower, grad = (torch.randn(2, 8, 8).tril(-1).to(kind) for _ in range(2))
    found, wide = [], []
    for made, given in ((found, lower), (wide, lower.float())):
        inverse = unit_lower_inverse(given.requires_grad_())
        made += [inverse, *torch.autograd.grad(inverse, given, grad.to(inverse.dtype))]
    assert found[0].dtype == found[1].dtype == kind
    assert torch.equal(found[0], wide[0].to(kind))
    torch.testing.assert_close(found[1].float(), wide[1], rtol=0.1, atol=0.1)

"""Each kernel computes its formula and the derivative of it; test_recurrence.py has the triangular inverse."""

import pytest
import torch
import torch.nn.functional as F
from sample_inputs import assert_same

from agent.kernels import rms_norm, short_convolution
from agent.kernels.norm import add_and_norm
from agent.kernels.short_conv import side_by_side


def random(*shape, dtype=torch.float64, seed=0):
    return torch.randn(shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e4])
def test_rms_norm_is_its_formula(scale):
    x = scale * random(2, 3, 5)
    assert_same(rms_norm(x), x / (x.square().mean(-1, keepdim=True) + 1e-5).sqrt(), 1e-12)
    assert_same(rms_norm(x, 0.5), x / (x.square().mean(-1, keepdim=True) + 0.5).sqrt(), 1e-12)
    assert_same(rms_norm(x), F.rms_norm(x, (5,), eps=1e-5), 1e-12)
    assert (rms_norm(torch.zeros(2, 3)) == 0).all()


def test_a_residual_connection_and_its_norm_are_their_sum_and_the_norm_of_it():
    x, change = random(4, 3, 5), random(4, 3, 5)
    total, y = add_and_norm(x, change)
    assert torch.equal(total, x + change)
    assert torch.equal(y, rms_norm(x + change))


def test_the_gradient_of_rms_norm_is_its_derivative():
    for eps in (1e-5, 0.5):
        assert torch.autograd.gradcheck(lambda x, eps=eps: rms_norm(x, eps), random(2, 3, 4).requires_grad_())


def literal_convolution(x, filters):
    """One output at a time."""
    y = torch.zeros_like(x)
    width = filters.shape[-1]
    for r in range(x.shape[0]):
        for t in range(x.shape[2]):
            for shift in range(min(width, t + 1)):
                y[r, :, t] += x[r, :, t - shift] * filters[r, :, width - 1 - shift]
    return y


# In single precision a CPU goes through a library; that path and the other must say the same.
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 1e-5)])
@pytest.mark.parametrize("length", [4, 5, 11])
def test_the_short_convolution_is_its_formula_and_so_is_its_gradient(length, dtype, tolerance):
    x, filters, grad = random(2, 3, length, 5), random(2, 5, 4, seed=1), random(2, 3, length, 5, seed=2)
    exact = [x.clone().requires_grad_(), filters.clone().requires_grad_()]
    ours = [tensor.to(dtype).requires_grad_() for tensor in (x, filters)]
    expected, y = literal_convolution(*exact), short_convolution(*ours)
    assert_same(y.double(), expected, tolerance)
    expected.backward(grad)
    y.backward(grad.to(dtype))
    for tensor, literal in zip(ours, exact, strict=True):
        assert_same(tensor.grad.double(), literal.grad, tolerance)


def test_the_gradient_of_the_short_convolution_is_its_derivative():
    x, filters = random(2, 2, 5, 3).requires_grad_(), random(2, 3, 4).requires_grad_()
    assert torch.autograd.gradcheck(short_convolution, (x, filters))


def test_parts_that_lie_side_by_side_are_read_where_they_are():
    whole = random(2, 3, 4, 6)
    parts = whole.split(2, dim=-1)
    assert side_by_side(parts).data_ptr() == whole.data_ptr()
    apart = [part.clone() for part in parts]
    others = (apart, parts[::-1], [parts[0], parts[0], parts[2]], [*parts[:2], apart[2]], whole.mT.split(2, dim=-1))
    for each in (parts, *others):
        assert torch.equal(side_by_side(each), torch.cat(list(each), dim=-1))
    assert side_by_side(others[-1]).is_contiguous()

"""What is counted of a step is what it does: products known on paper, and nothing for a view."""

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from agent.core.baselines import TEMPLATE, baseline_path
from agent.evaluator.contract.variant import load_variant
from benchmarks.floor import BATCH, count, op, step


@pytest.mark.slow
def test_a_product_is_one_launch_that_reads_two_matrices_and_writes_one():
    with FakeTensorMode():
        a, b = torch.empty(8, 16), torch.empty(16, 4)
        counted = count(lambda: (a @ b).transpose(0, 1).unsqueeze(0))
        repeated = count(lambda: a[:1].expand(8, 16) + a)
    assert (counted.flops, counted.launches) == (2 * 8 * 16 * 4, 1)
    assert counted.bytes == 4 * (8 * 16 + 16 * 4 + 8 * 4)
    assert repeated.bytes == 4 * (16 + 8 * 16 + 8 * 16)


@pytest.mark.slow
def test_a_step_has_its_weights_products_and_stacking_multiplies_them_but_not_the_launches():
    variant = load_variant(baseline_path(TEMPLATE))
    with FakeTensorMode():
        one, four = (count(step(variant, 32, replicas)) for replicas in (1, 4))
        ops = count(op(variant, 32, 1))
    weights = 2 * (67_300 + 135_200) + 16 * 128  # two mixers, two SwiGLU, the output layer
    # The filters and norms multiply too, but not as products.
    assert one.flops - 2 * ops.flops == pytest.approx(6 * weights * BATCH * 32, rel=0.02)
    assert four.flops == pytest.approx(4 * one.flops, rel=0.01)
    assert one.launches <= four.launches < 1.1 * one.launches

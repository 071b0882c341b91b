"""What is counted of a step is what it does: products known on paper, and nothing for a view."""

import json
import subprocess
import sys

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from benchmarks.ledger import BATCH, REST, Count, Scopes
from benchmarks.pretended_cuda import UNAVAILABLE

STEPS = """
from benchmarks import pretended_cuda
pretended_cuda.load_or_exit()
import json
from dataclasses import asdict
from benchmarks.floor import step
print(json.dumps([asdict(step(32, replicas)) for replicas in (1, 4)]))
"""


def counted(work):
    with Count(Scopes()) as count:
        work()
    return count.flops[REST], count.bytes[REST], count.launches[REST]


@pytest.mark.slow
def test_a_product_is_one_launch_that_reads_two_matrices_and_writes_one():
    with FakeTensorMode():
        a, b = torch.empty(8, 16), torch.empty(16, 4)
        flops, touched, launches = counted(lambda: (a @ b).transpose(0, 1).unsqueeze(0))
        repeated = counted(lambda: a[:1].expand(8, 16) + a)
    assert (flops, launches) == (2 * 8 * 16 * 4, 1)
    assert touched == 4 * (8 * 16 + 16 * 4 + 8 * 4)
    assert repeated == (0, 4 * (16 + 8 * 16 + 8 * 16), 1)


@pytest.mark.slow
def test_a_step_has_its_weights_products_and_stacking_multiplies_them_but_not_the_launches():
    done = subprocess.run([sys.executable, "-c", STEPS], capture_output=True, text=True)
    if done.returncode == UNAVAILABLE:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    one, four = json.loads(done.stdout)
    weights = 2 * (67_300 + 135_200) + 16 * 128  # two mixers, two SwiGLU, the output layer
    # The filters and norms multiply too, but not as products.
    assert one["flops"] == pytest.approx(6 * weights * BATCH * 32, rel=0.02)
    assert four["flops"] == pytest.approx(4 * one["flops"], rel=0.01)
    assert four["op_flops"] == 4 * one["op_flops"]
    assert one["launches"] <= four["launches"] < 1.1 * one["launches"]

"""An op that leaves the device of its arguments is refused before it is trained, with its line."""

import pytest

from agent.core.resources import TEMPLATE_FILE
from agent.evaluator.check import check
from agent.evaluator.contract.stays import check_device
from agent.evaluator.contract.variant import VariantRefused, load_variant
from agent.evaluator.failure import EvaluationFailed
from agent.evaluator.protocols import SMOKE

HEAD = """
import torch

def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32):
    state = q.new_zeros(q.shape[0], q.shape[1], q.shape[-1], v.shape[-1]) if initial_state is None else initial_state
    o = v * beta.unsqueeze(-1)
"""
OF_A_FUNCTION = """
import torch

class Twice(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return 2 * x

    @staticmethod
    def backward(ctx, grad):
        return grad * torch.full(grad.shape, 2.0)

def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32):
    return Twice.apply(v), v[:, :, -1]
"""


@pytest.fixture
def written(tmp_path):
    """A variant of the given lines behind the head, or of a whole source."""

    def written(lines, head=HEAD):
        path = tmp_path / "variant.py"
        path.write_text(head + "".join(f"    {line}\n" for line in lines))
        return load_variant(path)

    return written


@pytest.mark.parametrize(
    ("lines", "operator", "line"),
    [
        (["mask = torch.ones(o.shape[2])", "return o * mask[:, None], state"], "mul", 8),
        (["return torch.cat([o[:, :, :1], torch.zeros(o[:, :, 1:].shape)], 2), state"], "cat", 7),
        (["later = torch.ones(o.shape[-1]) > 0", "return o.masked_fill(later, 0), state"], "masked_fill", 8),
        (["return o @ torch.eye(o.shape[-1], dtype=o.dtype), state"], "mm", 7),
    ],
)  # fmt: skip
def test_what_is_made_on_the_cpu_is_refused_where_it_is_used(written, lines, operator, line):
    with pytest.raises(VariantRefused) as refused:
        check_device(written(lines), SMOKE)
    assert refused.value.reason.key == "failure.other_device"
    assert operator in refused.value.reason.fields["operator"]
    assert refused.value.reason.fields["line"] == line


def test_so_is_what_a_gradient_of_its_own_makes_there(written):
    with pytest.raises(VariantRefused, match="line 11 of the variant: mul"):
        check_device(written([], OF_A_FUNCTION), SMOKE)


def test_an_output_that_lies_on_the_cpu_is_refused(written):
    with pytest.raises(VariantRefused, match="returned o on the CPU"):
        check_device(written(["return torch.zeros(v.shape), state"]), SMOKE)


@pytest.mark.parametrize(
    "lines",
    [
        ["mask = torch.ones(o.shape[2], device=q.device)", "return o * mask[:, None], state"],
        ["return o * torch.tensor(0.5), state"],  # a number may come from the CPU
        ["return o * torch.tensor([0.5], device=q.device), state"],
        ["return o[:, :, torch.arange(o.shape[2])], state"],  # so may places
        ["return o + torch.tensor(o.detach().abs().max().item()), state"],
        ["return o * len(o.sum((0, 2, 3)).tolist()), state"],
    ],
)
def test_what_a_gpu_takes_is_let_pass(written, lines):
    check_device(written(lines), SMOKE)


def test_the_check_before_training_tells_of_it_with_the_line(tmp_path):
    source = TEMPLATE_FILE.read_text()
    path = tmp_path / "variant.py"
    body = "    q = q * torch.ones(q.shape[-1])\n"
    at = source.index("    ", source.index("def delta_rule_chunkwise"))
    start = source.index('"""\n', source.index('"""', at) + 3) + 4
    path.write_text(source[:start] + body + source[start:])
    with pytest.raises(EvaluationFailed, match=r"line \d+ of the variant: mul is given a tensor on the CPU") as failed:
        check(path, SMOKE)
    assert failed.value.failure.kind == "refused"

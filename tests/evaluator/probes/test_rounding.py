"""What is told from what: rounding from looking ahead, numbers that are none from a lost state, types from a crash."""

import pytest
from small_evaluations import write_variant

from agent.evaluator.check import check
from agent.evaluator.failure import EvaluationFailed
from agent.evaluator.protocols import SMOKE

SOLVE = """\
lower = (beta.unsqueeze(-1) * k @ k.transpose(-1, -2)).tril(-1) / 8
one = torch.eye(k.shape[2], dtype=k.dtype, device=k.device)
o = torch.linalg.{how}
"""
FOURIER = """\
n = 2 * v.shape[2]
decay = 0.5 ** torch.arange(v.shape[2], dtype=v.dtype, device=v.device).view(-1, 1)
o = o + torch.fft.irfft(torch.fft.rfft(v, n, 2) * torch.fft.rfft(decay, n, 0), n, 2)[:, :, : v.shape[2]]
"""


@pytest.fixture
def refusal(tmp_path):
    def refusal(in_op, at_import=""):
        with pytest.raises(EvaluationFailed) as caught:
            check(write_variant(tmp_path, at_import, in_op), SMOKE)
        return str(caught.value)

    return refusal


@pytest.mark.parametrize("small", [1e-7, 1e-8])
def test_a_look_ahead_is_none_the_less_for_being_as_small_as_rounding(refusal, small):
    assert refusal(f"o = o + {small} * v.mean(2, keepdim=True)").startswith("refused: causality: with ")


def test_a_look_at_the_neighbours_is_none_the_less_for_being_as_small_as_rounding(refusal):
    assert refusal("o = o + 1e-7 * v.mean(0, keepdim=True)").startswith("refused: batch independence: ")


def test_a_transform_that_rounds_all_tokens_is_told_what_to_write_instead(refusal):
    said = refusal(FOURIER)
    assert said.startswith("refused: causality: outputs change by ")
    assert "so it is rounding and no look ahead" in said
    assert "use unit_lower_inverse or torch.linalg.solve_triangular" in said
    assert "F.conv1d or a Toeplitz product within chunks, or take the transform in float64: .double() before it" in said


@pytest.mark.parametrize(
    ("in_op", "reason"),
    [
        ("o = o + v @ torch.zeros(v.shape[-1], v.shape[-1], device=v.device)",
         r"the op is asked in float64 too; make tensors of the type of its arguments, as torch.zeros"),
        ("o = o.float()", "returned o as torch.float32; with v of torch.float64 it must be the same"),
        ("return o, torch.complex(v, v)", "returned a complex state; return its real and imaginary parts"),
        ("v *= beta[..., None]", "refused: inputs unchanged: line 6 of the variant writes into an argument"),
        ("q[..., 0].zero_()", "refused: inputs unchanged: line 6 of the variant writes into an argument"),
        ("S = v.exp(); o = o * S.sqrt(); S += 1", "refused: gradients: an in-place operation overwrote"),
        ("with torch.no_grad(): o = v * 2", "no gradient flows back; look for torch.no_grad or .detach()"),
        ("o = o if v.shape[2] % 2 else o[:, :, 1:]", "wrong shape: delta_rule_chunkwise returned o of shape ("),
        ("o = o + (v[:, :, :1] - v[:, :, :1]) / (v[:, :, :1] - v[:, :, :1])", "not finite"),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_called_what_it_is(refusal, in_op, reason):
    assert reason in refusal(in_op)

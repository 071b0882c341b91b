"""An op whose end is fused gives what it gave, or is not used, and the card says why."""

import pytest
import torch

from agent.core.baselines import GATED, TEMPLATE, baseline_path
from agent.core.resources import MOVES, TEMPLATE_FILE
from agent.evaluator import fused_op
from agent.evaluator.contract.boundary import OwnOp, call_op
from agent.evaluator.contract.known_forms import recognised
from agent.evaluator.contract.variant import load_variant
from agent.evaluator.fused_op import check_same, checked, ending_fused, with_fused_op
from agent.evaluator.protocols import SMOKE
from agent.kernels.delta_rule import plain_delta_rule
from agent.proposer.moves import compose, load_moves

CPU = torch.device("cpu")


@pytest.fixture
def fitting(monkeypatch):
    """The fused delta rule, in its plain form, as if it fitted on a CPU; how often it was called."""
    calls = []

    def rule(*given):
        calls.append(given)
        return plain_delta_rule(*given)

    monkeypatch.setattr(fused_op, "fits", lambda *given: True)
    monkeypatch.setattr(fused_op, "delta_rule", rule)
    return calls


def moved(name, folder):
    path = folder / f"{name}.py"
    path.write_text(compose(TEMPLATE_FILE.read_text(), [load_moves(MOVES)[name]]))
    return path


@pytest.mark.parametrize(
    "name", [TEMPLATE, GATED, "negative_eigenvalues", "positive_feature_map", "channel_write_gate"]
)
def test_a_fused_end_gives_what_the_op_gave(name, fitting, tmp_path):
    path = baseline_path(name) if name in (TEMPLATE, GATED) else moved(name, tmp_path)
    variant = load_variant(path)
    chosen = checked(variant, recognised(path), SMOKE, CPU)
    assert chosen.words.startswith("fused")
    assert chosen.variant.declaration == variant.declaration
    assert isinstance(chosen.variant.op, OwnOp) == (name in (TEMPLATE, GATED))
    assert len(fitting) == 2  # at once, and with the state carried over


def test_where_the_arguments_do_not_fit_the_op_is_run_as_it_stands():
    path = baseline_path(GATED)
    variant = load_variant(path)
    check_same(variant, ending_fused(variant, recognised(path)), SMOKE, CPU)


def test_an_end_that_gives_anything_else_is_not_used_and_the_reason_is_said(fitting, monkeypatch):
    path = baseline_path(TEMPLATE)
    variant = load_variant(path)

    for rule, words in (
        (lambda *given: (1.02 * plain_delta_rule(*given)[0], plain_delta_rule(*given)[1]), "plain (Differs: "),
        (lambda *given: (plain_delta_rule(*given)[0] * torch.nan, plain_delta_rule(*given)[1]), "plain (Differs: "),
        (lambda *given: 1 / 0, "plain (ZeroDivisionError: "),
    ):
        monkeypatch.setattr(fused_op, "delta_rule", rule)
        chosen = checked(variant, recognised(path), SMOKE, CPU)
        assert chosen.variant is variant
        assert chosen.words.startswith(words)


def test_without_a_gpu_or_with_products_in_float32_an_op_stays_as_it_is():
    path = baseline_path(TEMPLATE)
    variant = load_variant(path)
    assert with_fused_op(variant, path, SMOKE, CPU, True).variant is variant
    assert with_fused_op(variant, path, SMOKE, torch.device("cuda", 0), False).variant is variant
    other = path.parent / "controls" / "value_only.py"
    unknown = load_variant(other)
    chosen = with_fused_op(unknown, other, SMOKE, torch.device("cuda", 0), True)
    assert chosen.variant is unknown
    assert "no known op" in chosen.words


def test_only_an_op_that_is_known_as_a_whole_is_given_what_its_caller_holds():
    x = {"q": torch.ones(1, 1, 2, 2), "v": torch.ones(1, 1, 2, 2)}

    def op(q, v, initial_state, chunk_size):
        return q * v, v

    own, others = call_op(OwnOp(op), x, 2), call_op(op, x, 2)
    assert own.leaves["q"].data_ptr() == x["q"].data_ptr() != others.leaves["q"].data_ptr()
    for called in (own, others):
        assert all(torch.equal(gradient, torch.full_like(gradient, 3)) for gradient in called.gradients(3 * x["q"]))

"""What is lost where an op is fed in pieces: a state, or digits."""

import pytest
from small_evaluations import write_variant

from agent.core.baselines import known_path
from agent.evaluator.check import check
from agent.evaluator.failure import EvaluationFailed
from agent.evaluator.protocols import MAD, SMOKE

# A clock whose phase grows along the sequence; `turns` times its time the digits of float32 are spent.
CLOCK = """\
time = beta{double}.cumsum(-1) if initial_state is None else initial_state + beta{double}.cumsum(-1)
o = v * ({turns} * time).cos().to(v.dtype).unsqueeze(-1)
return o, time[..., -1:]
"""


@pytest.fixture
def clock(tmp_path):
    return lambda turns, double="": write_variant(tmp_path, "", CLOCK.format(turns=turns, double=double))


def test_digits_that_are_lost_are_told_from_a_lost_state_and_how_to_keep_them(clock):
    with pytest.raises(EvaluationFailed) as refused:
        check(clock(turns=1000), SMOKE)
    said = str(refused.value)
    assert said.startswith("refused: streaming: ")
    assert "in float64 they are the same, so it is rounding and no lost state" in said
    assert ".double() before cumsum" in said


def test_the_advice_works(clock):
    assert check(clock(turns=1000, double=".double()"), SMOKE)


def test_a_state_that_is_lost_in_both_types_is_called_that(tmp_path):
    forgets = "o = o + v.cumsum(2)"
    with pytest.raises(EvaluationFailed, match="all that later tokens need of earlier ones must be in the state"):
        check(write_variant(tmp_path, "", forgets), SMOKE)


def test_a_loss_in_float32_alone_is_refused_too(tmp_path):
    """An op may look at the type of what it is handed."""
    forgets = "o = o + (1e-4 * v.cumsum(2) if v.dtype == torch.float32 else 0)"
    with pytest.raises(EvaluationFailed, match="streaming: "):
        check(write_variant(tmp_path, "", forgets), SMOKE)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["cyfa", "raven", "titans_linear"])
def test_mixers_of_the_field_pass_at_the_lengths_of_mad(name):
    """The phase of the first was summed up in float32 once; the second switches, where a large step sees no slope; the
    steps of the third overshot, so that its memory was not finite."""
    assert check(known_path(name), MAD)

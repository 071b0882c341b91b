"""What a worker says of itself is read through a form: finite numbers, known endings, short words."""

import pytest

from agent.core.score import CurvePoint, Speed
from agent.evaluator.account import Described, Trained, read_described, read_trained
from agent.evaluator.jail.numbers import GarbledAccount
from agent.evaluator.progress import Update
from agent.evaluator.protocols import SMOKE

REPLICA = next(SMOKE.replicas())
EVERY, STEPS = REPLICA.validate_every, REPLICA.steps
NAN = float("nan")


def point(step=EVERY, **facts):
    return {"step": step, "training_loss": 2.0, "loss": 1.5, "accuracy": 0.25} | facts


def trained(ending="finished", *points):
    return {"ending": ending, "curve": list(points or (point(), point(STEPS)))}


def described(**facts):
    return {"speed": {"op": 100.0, "baseline_op": 200}, "device": "cpu", "kernels": None, "equal_widths": False} | facts


def test_an_honest_account_is_read_as_it_is():
    curve = (CurvePoint(EVERY, 2.0, 1.5, 0.25), CurvePoint(STEPS, 2.0, 1.5, 0.25))
    assert read_trained(trained(), REPLICA) == Trained("finished", curve)
    assert read_trained(trained("solved", point(accuracy=1)), REPLICA).curve[0].accuracy == 1.0
    assert read_trained(trained("diverged", point(), point(STEPS, loss=NAN)), REPLICA).ending == "diverged"
    assert read_described(described()) == Described(Speed(100.0, 200.0), "cpu", "", False)
    assert read_described(described(kernels="fused\x1b[2J")).kernels == "fused\N{REPLACEMENT CHARACTER}[2J"


@pytest.mark.parametrize(
    ("said", "field"),
    [
        (None, "trainee"),
        ({"ending": "solved"}, "trainee"),
        (trained() | {"more": 1}, "trainee"),
        (trained("\x1b[2J<script>"), "ending"),
        (trained(["solved"]), "ending"),
        (trained() | {"curve": []}, "curve"),
        (trained() | {"curve": {}}, "curve"),
        (trained("finished", {}), "validation"),
        (trained("finished", point()), "ending"),  # not at the last step
        (trained("diverged", point()), "ending"),  # and yet finite
        (trained("solved", point(step=-5)), "step"),
        (trained("solved", point(step=STEPS + 1)), "step"),
        (trained("solved", point(step=True)), "step"),
        (trained("solved", point(step=EVERY + 0.0)), "step"),
        (trained("solved", point(step=EVERY - 1)), "step"),
        (trained("finished", point(STEPS), point(STEPS)), "curve"),
        (trained("solved", point(loss=NAN)), "loss"),
        (trained("solved", point(loss=-1.0)), "loss"),
        (trained("solved", point(loss="1.0")), "loss"),
        (trained("solved", point(training_loss=1e308)), "training_loss"),
        (trained("solved", point(accuracy=1e300)), "accuracy"),
        (trained("solved", point(accuracy=None)), "accuracy"),
        (trained("diverged", point(loss=NAN), point(STEPS, loss=NAN)), "loss"),
    ],
)
def test_another_account_of_a_training_is_garbled(said, field):
    with pytest.raises(GarbledAccount, match=f"^{field}: "):
        read_trained(said, REPLICA)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ([], "description"),
        (described(speed=1.0), "speed"),
        (described(speed={"op": 1.0, "baseline_op": 1e-300}), "baseline_op"),
        (described(speed={"op": NAN, "baseline_op": 1.0}), "op"),
        (described(speed={"op": 10**60, "baseline_op": 1.0}), "op"),
        (described(device=7), "device"),
        (described(kernels=["x"]), "kernels"),
        (described(equal_widths=1), "equal_widths"),
    ],
)
def test_another_account_of_an_op_is_garbled(said, field):
    with pytest.raises(GarbledAccount, match=f"^{field}: "):
        read_described(said)


def test_progress_that_is_none_is_passed_over():
    said = {"key": REPLICA.key, "ending": None, "point": point()}
    assert Update.of({"progress": said}) == Update(REPLICA.key, EVERY, 1.5, 0.25, False, 2.0)
    for wrong in (said | {"key": "x" * 201}, said | {"point": point(step=10**60)}, said | {"point": point(loss="1")}):
        assert Update.of({"progress": wrong}) is None

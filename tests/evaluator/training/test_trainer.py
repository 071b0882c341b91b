"""Training in a stack: who stays, who leaves and when, and that neither changes what becomes of the others."""

from dataclasses import asdict, replace
from itertools import pairwise

import pytest
import torch
from sample_inputs import load_baseline
from small_replicas import CPU, NARROW, compress, memorize, recall, replica

from agent.core.baselines import GATED, TEMPLATE
from agent.core.score import CurvePoint
from agent.evaluator.contract.variant import Declaration, LearnedParameter, Variant
from agent.evaluator.failure import EvaluationFailed
from agent.evaluator.held_out import best_of_grid
from agent.evaluator.protocol import Cut
from agent.evaluator.tasks.task import Setting
from agent.evaluator.training.batches import validation_examples
from agent.evaluator.training.metric import token_losses
from agent.evaluator.training.parameters import Layout
from agent.evaluator.training.stack import Stack
from agent.evaluator.training.trainer import Trainee, ending, train
from benchmarks.ordinary import train_ordinary

delta_net, gated_delta_net = load_baseline(TEMPLATE), load_baseline(GATED)

EASY = replica(memorize(8), steps=24, rate=1e-2)  # soon solved
HARDER = replica(memorize(40, examples=27), steps=24, rate=2e-2, decay=0.1)
HARD = replica(memorize(16), seed=1, steps=22, validate_every=3, rate=2e-3)


@pytest.fixture(autouse=True)
def _double_precision(monkeypatch):
    """Rounding, which training magnifies, then hides nothing. The sums of losses stay in single precision."""
    monkeypatch.setattr(Layout.initial_row, "__defaults__", (torch.float64,))


def trained(replicas, variant=delta_net, protocol=NARROW):
    return train(replicas, variant, protocol, CPU)


def alone(each, variant=delta_net, protocol=NARROW):
    (trainee,) = trained([each], variant, protocol)
    return trainee


def assert_same_course(one, other, tolerance=1e-6):
    assert one.ending == other.ending
    assert_same_curve(one.curve, other.curve, tolerance)


def assert_same_curve(curve, other, tolerance=1e-6):
    assert [point.step for point in curve] == [point.step for point in other]
    for name in ("training_loss", "loss"):
        values, others = ([getattr(point, name) for point in points] for points in (curve, other))
        assert values == pytest.approx(others, rel=tolerance, nan_ok=True)
    assert [point.accuracy for point in curve] == pytest.approx([point.accuracy for point in other])


def loss_of(trainee, weights, protocol=NARROW):
    """The validation loss of a row of weights, measured afresh."""
    stack = Stack([trainee.replica], delta_net, protocol, CPU, weights[None])
    examples = validation_examples([trainee.replica], protocol.validation_examples, CPU).whole(torch.arange(1))
    views = stack.network.layout.views(stack.rows)
    return float(token_losses(stack.logits(views, examples.inputs), examples.targets))


@pytest.mark.parametrize("variant", [delta_net, gated_delta_net], ids=["delta", "gated"])
@pytest.mark.parametrize(
    "replicas",
    [
        [replica(memorize(16), rate=1e-2), replica(memorize(40, examples=27), seed=1, steps=10, validate_every=3)],
        [replica(recall()), replica(recall(16), decay=0.1)],
        [replica(compress()), replica(compress(16), rate=1e-2)],
        [replica(Setting("Fuzzy Recall", 8, 12, 40, motif=2)), replica(Setting("Selective Copy", 8, 12, 40, copies=3))],
    ],
    ids=["memorize", "recall", "compress", "fuzzy and copy"],
)
def test_a_stack_learns_what_ordinary_training_learns(replicas, variant):
    for trainee in trained(replicas, variant, NARROW):
        outcome = train_ordinary(trainee.replica, variant, NARROW)
        assert trainee.ending == outcome.ending
        assert_same_curve(trainee.curve, outcome.curve)
        assert trainee.best_point.step == outcome.best.step


def test_a_solved_replica_leaves_and_the_others_do_not_notice():
    rows_of_calls = []

    def op(q, *args, **kwargs):
        rows_of_calls.append(len(q))
        return delta_net.op(q, *args, **kwargs)

    trainees = trained([HARDER, EASY, HARD], Variant(op, delta_net.declaration))
    assert [trainee.ending for trainee in trainees] == ["finished", "solved", "finished"]
    for trainee in trainees:
        assert_same_course(trainee, alone(trainee.replica))
    solved = trainees[1]
    assert all(point.accuracy <= NARROW.solved_at for point in solved.curve[:-1])
    assert solved.curve[-1].accuracy > NARROW.solved_at
    # Each replica that still trains has 16 examples a step; a validation calls the op with as many as a step does.
    ends = [trainee.curve[-1].step for trainee in trainees]
    assert ends[1] < ends[2] < ends[0]
    assert rows_of_calls == sorted(rows_of_calls, reverse=True)
    assert set(rows_of_calls) == {48, 32, 16}
    assert rows_of_calls.count(32) >= 2 * (ends[2] - ends[1])


WAITING = [HARDER, EASY, HARD, replace(EASY, seed=3), replica(memorize(24, examples=60), seed=2, steps=9, decay=0.05)]


@pytest.mark.parametrize("at_once", [1, 2, 3])
def test_those_that_wait_take_the_places_of_those_that_leave_and_train_as_they_would_alone(at_once):
    """They differ in vocabulary, examples, steps, rate and decay, and begin in the middle of the others' epochs."""
    rows_of_calls = []

    def op(q, *args, **kwargs):
        rows_of_calls.append(len(q))
        return delta_net.op(q, *args, **kwargs)

    trainees = train(WAITING, Variant(op, delta_net.declaration), NARROW, CPU, at_once=at_once)
    assert [trainee.replica for trainee in trainees] == WAITING
    assert max(rows_of_calls) == 16 * at_once
    for trainee in trainees:
        expected = alone(trainee.replica)
        assert_same_course(trainee, expected)
        assert torch.equal(trainee.best, trainee.last) == torch.equal(expected.best, expected.last)
        assert loss_of(trainee, narrowed(trainee, trainee.best)) == pytest.approx(trainee.best_point.loss, rel=1e-6)


def narrowed(trainee, row):
    """A row that is laid out for the largest vocabulary of a group, as the replica alone would have it."""
    wide, own = (Stack(group, delta_net, NARROW, CPU).network.layout for group in (WAITING, [trainee.replica]))
    views = wide.views(row[None])
    return torch.cat([views[p.name][0][: p.shape[0]].flatten() for p in own.parameters])


def test_replicas_of_one_draw_wait_for_one_place_each():
    """A grid has its examples in common, until another setting takes a row of it."""
    group = [*GRID[:4], HARDER, replace(HARDER, seed=1)]
    for trainee in train(group, delta_net, NARROW, CPU, at_once=3):
        assert_same_course(trainee, alone(trainee.replica))


def out_of_memory_from(rows):
    """An op that needs more memory than there is for so many sequences."""

    def op(q, *args, **kwargs):
        if len(q) >= rows:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return delta_net.op(q, *args, **kwargs)

    return Variant(op, delta_net.declaration)


def test_where_memory_runs_out_fewer_train_at_once_and_train_the_same():
    for trainee in trained([HARDER, EASY, HARD], out_of_memory_from(48)):
        assert_same_course(trainee, alone(trainee.replica))


def test_where_one_batch_is_too_large_it_is_taken_in_parts_and_trains_the_same():
    """Of 27 and 40 examples the last batch of an epoch is not full, and a part of it may have no target."""
    for each in (HARDER, replace(HARD, steps=9)):
        assert_same_course(alone(each, out_of_memory_from(6)), alone(each))


def test_what_a_single_sequence_has_no_memory_for_is_an_error():
    with pytest.raises(torch.OutOfMemoryError):
        trained([EASY, HARD], out_of_memory_from(1))


def test_the_weights_of_a_replica_that_leaves_are_kept():
    companion = replace(EASY, seed=3, learning_rate=1e-3)
    solved, finished = trained([EASY, companion])
    assert (solved.ending, finished.ending) == ("solved", "finished")
    for trainee in (solved, finished):
        expected = alone(trainee.replica)
        assert loss_of(trainee, trainee.last) == pytest.approx(trainee.curve[-1].loss, rel=1e-6)
        torch.testing.assert_close(trainee.last, expected.last, atol=1e-8, rtol=1e-8)
        torch.testing.assert_close(trainee.best, expected.best, atol=1e-8, rtol=1e-8)


def test_the_best_weights_are_those_of_the_lowest_validation_loss():
    overfitting = replica(recall(8, examples=20), rate=2e-2, steps=32)
    for trainee in trained([overfitting, replace(overfitting, seed=1)]):
        losses = [point.loss for point in trainee.curve]
        assert min(losses) < losses[-1] - 0.01  # or the test would not tell the best from the last
        assert losses.index(min(losses)) > 0
        assert trainee.best_point.loss == min(losses)
        assert loss_of(trainee, trainee.best) == pytest.approx(min(losses), rel=1e-6)
        assert loss_of(trainee, trainee.last) == pytest.approx(losses[-1], rel=1e-6)


def test_a_rate_beyond_reason_diverges_and_harms_nobody():
    trainees = trained([HARDER, replace(EASY, learning_rate=1e200), HARD])
    diverged = trainees.pop(1)
    assert diverged.ending == "diverged"
    assert [point.step for point in diverged.curve] == [4]
    assert diverged.best.isfinite().all()
    assert torch.equal(diverged.last, diverged.best)
    for trainee in trainees:
        assert trainee.ending == "finished"
        assert_same_course(trainee, alone(trainee.replica))


def failing_at(far):
    """An op whose learned offset goes one learning rate a step at first; farther than `far` it is not a number."""

    def op(q, k, v, beta, initial_state=None, chunk_size=32, *, offset):
        o, state = delta_net.op(q, k, v, beta, initial_state, chunk_size)
        offset = offset.masked_fill((offset.abs() > far).any(-1, keepdim=True), torch.nan)
        return o + offset[:, None, None], state

    return Variant(op, Declaration({}, {"offset": LearnedParameter(("value",), 0.0, 0.0)}))


def test_one_that_diverges_late_has_its_best_weights_before_that():
    each = replace(HARDER, weight_decay=0.0)
    trainee = alone(each, failing_at(4.3 * each.learning_rate))
    *sound, last = trainee.curve
    assert trainee.ending == "diverged"
    assert sound
    assert not last.finite
    assert trainee.best_point.loss == min(point.loss for point in sound)
    assert torch.equal(trainee.last, trainee.best)
    assert trainee.best.isfinite().all()
    (candidate,) = chosen([each], [trainee])
    assert (candidate.ending, candidate.best_point.loss) == ("diverged", trainee.best_point.loss)


def test_a_checkpoint_before_divergence_is_chosen_where_it_is_the_best_and_none_where_all_diverged_at_once():
    group = [replace(EASY, learning_rate=rate) for rate in (1e-2, 1e-3)]
    late = trainee(point(4, 0.7), point(8, 0.0, loss=float("nan")))
    sound, at_once = trainee(point(EASY.steps, 0.2)), trainee(point(4, 0.9, loss=float("nan")))
    late.ending = at_once.ending = "diverged"
    sound.ending = "finished"
    assert [each.replica for each in chosen(group, [late, sound])] == group[:1]
    assert [each.replica for each in chosen(group, [at_once, sound])] == group[1:]
    with pytest.raises(EvaluationFailed, match="no longer finite at step 4"):
        chosen(group, [at_once, at_once])


def test_an_op_that_fails_one_replica_fails_no_other():
    """Its output is not a number for the replica that drew the largest fuse. The fuse has no gradient either."""
    replicas = [replace(EASY, seed=seed) for seed in range(3)]
    declaration = Declaration({}, {"fuse": LearnedParameter((1,), 0.0, 1.0)})
    start = Stack(replicas, Variant(delta_net.op, declaration), NARROW, CPU)
    views = start.network.layout.views(start.rows)
    fuses = torch.maximum(views["mixer0.fuse"], views["mixer1.fuse"]).flatten()
    bearable = float(fuses.sort().values[1])

    def op(q, k, v, beta, initial_state=None, chunk_size=32, *, fuse):
        v = v.masked_fill(fuse[:, :, None, None] > bearable, torch.nan)
        return delta_net.op(q, k, v, beta, initial_state, chunk_size)

    trainees = trained(replicas, Variant(op, declaration))
    blown = int(fuses.argmax())
    assert [trainee.ending == "diverged" for trainee in trainees] == [row == blown for row in range(3)]
    assert torch.equal(trainees[blown].best, start.rows[blown])
    for row, trainee in enumerate(trainees):
        if row != blown:
            assert_same_course(trainee, alone(trainee.replica, Variant(op, declaration)))


GRID = [
    replace(EASY, seed=seed, learning_rate=rate, weight_decay=decay)
    for seed in range(2)
    for rate, decay in ((1e-5, 0.0), (1e-2, 0.0), (1e-2, 0.1), (1e200, 0.0))
]
CUT = Cut(after=0.4, margin=0.2)


def chosen(group, trainees):
    answer = {
        "trainees": [{"ending": each.ending, "curve": [asdict(point) for point in each.curve]} for each in trainees]
    }
    return best_of_grid(group, answer)


def test_a_hopeless_rival_is_cut_and_the_choice_stays_the_same():
    whole, cut = trained(GRID), trained(GRID, protocol=replace(NARROW, cut=CUT))
    endings = ["cut", "solved", "solved", "diverged"]
    assert [trainee.ending for trainee in cut] == endings * 2
    assert [trainee.ending for trainee in whole] == ["finished", *endings[1:]] * 2
    for row in (0, 4):
        assert cut[row].curve[-1].step == 12  # the first validation after 0.4 of 24 steps
        assert_same_curve(cut[row].curve, whole[row].curve[:3])
        assert loss_of(cut[row], cut[row].last) == pytest.approx(cut[row].curve[-1].loss, rel=1e-6)
    for ours, theirs in zip(chosen(GRID, cut), chosen(GRID, whole), strict=True):
        assert ours.replica == theirs.replica
        assert_same_curve(ours.curve, theirs.curve)


def test_the_rate_is_chosen_by_the_checkpoint_that_is_scored():
    """The lowest loss chooses the weights; a higher accuracy elsewhere on the curve is not theirs."""
    group = [replace(EASY, learning_rate=rate) for rate in (1e-2, 1e-3)]
    steady = trainee(point(4, 0.23, loss=1.0), point(EASY.steps, 0.19, loss=3.0))
    overfits = trainee(point(4, 0.10, loss=1.2), point(EASY.steps, 0.24, loss=3.0))
    for each in (steady, overfits):
        each.ending = "finished"
    (candidate,) = chosen(group, [steady, overfits])
    assert candidate.replica == group[0]


def test_without_rivals_the_cut_cuts_nobody():
    replicas = [EASY, replace(EASY, seed=1, learning_rate=1e-5)]
    with_cut, without = trained(replicas, protocol=replace(NARROW, cut=CUT)), trained(replicas)
    assert [trainee.ending for trainee in with_cut] == ["solved", "finished"]
    for one, other in zip(with_cut, without, strict=True):
        assert_same_course(one, other)


def point(step, accuracy, loss=1.0, training_loss=1.0):
    return CurvePoint(step, training_loss, loss, accuracy)


def trainee(*curve, each=EASY):
    return Trainee(each, torch.zeros(1), torch.zeros(1), list(curve))


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (point(4, 0.5), None),
        (point(4, 0.9), None),
        (point(4, 0.91), "solved"),
        (point(24, 0.91), "solved"),
        (point(24, 0.5), "finished"),
        (point(4, 0.91, loss=float("nan")), "diverged"),
        (point(24, 0.5, loss=float("inf")), "diverged"),
        (point(4, 0.5, training_loss=float("nan")), "diverged"),
    ],
)
def test_endings(last, expected):
    each = trainee(last)
    assert ending(each, [each], NARROW) == expected


@pytest.mark.parametrize(
    ("rival", "expected"),
    [
        (trainee(point(4, 0.8), point(8, 0.1)), "cut"),  # the best counts, not the last
        (trainee(point(4, 0.1, loss=0.9), point(8, 0.8)), None),  # its checkpoint is another
        (trainee(point(4, 0.74)), None),  # within the margin
        (trainee(point(4, 0.8), each=replace(EASY, seed=1)), None),
        (trainee(point(4, 0.8), each=HARD), None),
        (trainee(point(4, 0.8), point(8, 0.9, loss=float("nan"))), "cut"),  # its checkpoint can be chosen
        (trainee(point(4, 0.9, loss=float("nan"))), None),  # it has none
        (trainee(), None),
    ],
    ids=[
        "ahead",
        "ahead at another loss",
        "hardly ahead",
        "of another seed",
        "of another setting",
        "diverged",
        "diverged at once",
        "not yet measured",
    ],
)
def test_who_is_cut(rival, expected):
    protocol = replace(NARROW, cut=Cut(after=0.5, margin=0.25))
    behind = trainee(point(4, 0.5), point(8, 0.3), point(12, 0.4))
    assert ending(behind, [rival, behind], protocol) == expected
    assert ending(behind, [rival, behind], NARROW) is None
    early = trainee(*behind.curve[:2])
    assert ending(early, [rival, early], protocol) is None


def test_the_curve_has_a_point_at_each_validation_and_at_the_end():
    replicas = [
        replica(memorize(16), steps=10, validate_every=4),
        replica(memorize(16), seed=1, steps=9, validate_every=3),
        replica(memorize(16), seed=2, steps=2, validate_every=5),
    ]
    seen = []
    trainees = train(replicas, delta_net, NARROW, CPU, seen.append)
    assert [[point.step for point in each.curve] for each in trainees] == [[4, 8, 10], [3, 6, 9], [2]]
    for each in trainees:
        told = [progress for progress in seen if progress.replica == each.replica]
        assert [progress.point for progress in told] == each.curve
        assert [progress.ending for progress in told] == [None] * (len(told) - 1) + ["finished"]
    assert all(one.point.step <= other.point.step for one, other in pairwise(seen))


def test_a_seed_gives_the_same_to_the_digit_and_another_does_not():
    replicas = [HARDER, EASY, HARD]
    first, second = trained(replicas, gated_delta_net), trained(replicas, gated_delta_net)
    for one, other in zip(first, second, strict=True):
        assert one.curve == other.curve
        assert torch.equal(one.best, other.best)
        assert torch.equal(one.last, other.last)
    assert alone(replace(HARD, seed=2)).curve != alone(HARD).curve


def test_training_leaves_the_global_random_numbers_alone():
    before = torch.get_rng_state()
    alone(EASY)
    assert torch.equal(torch.get_rng_state(), before)

"""A replica that lies far behind the template's stored curve leaves, is told so, and disturbs nobody."""

from dataclasses import asdict, replace

import pytest
import torch
from sample_cards import CURVE, sample_card, sample_proposal
from small_replicas import NARROW, memorize, replica
from small_search import small_search

from agent.core.baselines import TEMPLATE, baseline_path
from agent.core.run import BASELINE
from agent.core.score import CurvePoint
from agent.evaluator.contract.variant import load_variant
from agent.evaluator.held_out import best_of_grid
from agent.evaluator.protocol import Protocol, TemplateCurve
from agent.evaluator.protocols import SMOKE
from agent.evaluator.training.leaving import MARGIN, SLOWER, curves_of, lies_too_far_behind
from agent.evaluator.training.trainer import train
from agent.store.folder import without_curves

CPU = torch.device("cpu")
HARDER = replica(memorize(40, examples=27), steps=24, rate=2e-2)
HARD = replica(memorize(16), seed=1, steps=22, validate_every=3, rate=2e-3)


def curve(*accuracies):
    """A validation every ten steps."""
    return [CurvePoint(10 * at, 1.0, 1.0, accuracy) for at, accuracy in enumerate(accuracies, 1)]


USUAL = TemplateCurve("any", 0, ((10, 0.5), (20, 0.9), (30, 0.8)))


@pytest.mark.parametrize(
    ("accuracies", "leaves"),
    [
        ((0.0, 0.0, 0.0), False),  # nothing is known of the template at a quarter of these steps
        ((0.1, 0.1, 0.1, 0.1), True),  # at 40 the template's first counts
        ((0.1, 0.1, 0.1, 0.5 - MARGIN), False),
        ((0.4, 0.1, 0.1, 0.1), False),  # its best so far counts
        ((0.4,) * 7, False),
        ((0.4,) * 8, True),  # at 80 the template's 0.9
        ((0.4,) * 7 + (0.75,), False),
        ((0.69,) * 12, True),  # the template's best counts, and not its later 0.8
    ],
)
def test_the_rule(accuracies, leaves):
    assert SLOWER == 4
    assert lies_too_far_behind(curve(*accuracies), USUAL) == leaves
    assert not lies_too_far_behind(curve(*accuracies), None)


def always_perfect(replica):
    return TemplateCurve(replica.setting.label, replica.seed, ((1, 1.0),))


def test_who_leaves_has_its_best_weights_and_the_others_train_as_without_it():
    delta_net = load_variant(baseline_path(TEMPLATE))
    without = train([HARDER, HARD], delta_net, NARROW, CPU)
    protocol = replace(NARROW, template_curves=(always_perfect(HARDER),))
    left, stayed = train([HARDER, HARD], delta_net, protocol, CPU)
    assert left.ending == "left"
    assert len(left.curve) < len(without[0].curve)
    assert left.curve == without[0].curve[: len(left.curve)]
    assert (stayed.ending, stayed.curve[-1].step) == (without[1].ending, without[1].curve[-1].step)
    assert [p.accuracy for p in stayed.curve] == pytest.approx([p.accuracy for p in without[1].curve])


def test_the_curves_travel_with_a_protocol_and_are_in_no_fingerprint():
    protocol = replace(SMOKE, template_curves=(USUAL, always_perfect(HARD)))
    assert Protocol.from_json(protocol.to_json()) == protocol
    assert protocol.fingerprint == SMOKE.fingerprint
    assert protocol.part(set(SMOKE.grids[:1])).template_curves == protocol.template_curves


def test_what_a_worker_says_of_one_that_left_is_read_and_it_is_scored_by_its_best_checkpoint():
    protocol = replace(NARROW, template_curves=(always_perfect(HARDER),))
    (left,) = train([HARDER], load_variant(baseline_path(TEMPLATE)), protocol, CPU)
    answer = {"trainees": [{"ending": left.ending, "curve": [asdict(point) for point in left.curve]}]}
    (candidate,) = best_of_grid([HARDER], answer)
    assert (candidate.ending, candidate.best_point) == ("left", left.best_point)
    assert candidate.curve[-1].step < HARDER.steps


def test_the_curves_are_those_of_a_card_and_none_of_one_read_without_them():
    card = sample_card()
    assert len(curves_of(card)) == 12
    assert curves_of(card)[0].points == tuple((point.step, point.accuracy) for point in CURVE)
    assert curves_of(without_curves(card)) == ()


@pytest.mark.parametrize(
    ("leave", "author", "curves"), [(True, "catalogue", 12), (False, "catalogue", 0), (True, BASELINE, 0)]
)
def test_in_a_search_proposals_alone_may_leave_and_where_that_is_asked(tmp_path, leave, author, curves):
    search = small_search(tmp_path, leave=leave)
    home = search.workspace
    run = home.create(sample_proposal(TEMPLATE, author=BASELINE), SMOKE.name, SMOKE.fingerprint, "approved")
    home.advance(home.advance(run, "evaluating"), "evaluated", card=sample_card(SMOKE.fingerprint))
    other = home.create(sample_proposal("other", author=author), SMOKE.name, SMOKE.fingerprint, "approved")
    assert len(search.rows.next(home.history(), other).protocol.template_curves) == curves

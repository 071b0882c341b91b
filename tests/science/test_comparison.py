"""When a difference counts, and when it is only noise."""

import math
import random
from dataclasses import replace
from statistics import stdev

import pytest
from made_scores import card, task_score

from agent.science.comparison import Comparison, compare, difference, resolution
from agent.science.estimate import AVERAGE, ENOUGH_SEEDS, average, estimate
from agent.science.measure import MACRO
from agent.science.setting_noise import Noise
from agent.science.student import quantile, student

# Two-sided quantiles of Student's distribution from the usual tables.
QUANTILES = [
    (1, 12.706, 0.95),
    (1, 63.657, 0.99),
    (2, 4.303, 0.95),
    (3, 3.182, 0.95),
    (5, 4.032, 0.99),
    (10, 2.228, 0.95),
    (10, 1.812, 0.90),
    (20, 2.086, 0.95),
    (30, 3.646, 0.999),
    (120, 1.980, 0.95),
    (100_000, 1.960, 0.95),
    (100_000, 2.576, 0.99),
]


def verdict(mine, theirs, noise=None):
    """Of two lists of scores of the only setting of the only task."""
    return compare(card(task_score(a=mine)), card(task_score(a=theirs)), noise or {})["Memorize"].verdict


@pytest.mark.parametrize(("freedom", "t", "confidence"), QUANTILES)
def test_student_agrees_with_the_tables(freedom, t, confidence):
    assert student(t, freedom) == pytest.approx(confidence, abs=1e-4)


@pytest.mark.parametrize("freedom", [1, 2, 7, 400])
def test_student_rises_from_nothing_to_certainty(freedom):
    values = [student(t, freedom) for t in (0.0, 0.1, 1.0, 3.0, 30.0, 1e4, 1e9)]
    assert values == sorted(values)
    assert values[0] == 0.0
    assert values[-1] == pytest.approx(1.0)
    assert values[-1] <= 1.0


def test_one_degree_of_freedom_is_cauchys_distribution():
    for t in (0.3, 1.0, 7.0):
        assert student(t, 1) == pytest.approx(2 * math.atan(t) / math.pi, abs=1e-9)


def test_an_estimate_pools_its_own_seeds_with_the_measured_noise():
    found = estimate(task_score(a=[0.4, 0.5], b=[0.7]), {"a": Noise(0.03, 5), "b": Noise(0.02, 3)})
    a = (4 * 0.03**2 + 2 * 0.05**2) / 5 / 2  # four degrees of freedom measured, one of its own; two seeds
    b = 0.02**2  # all that is known of it was measured
    assert found.mean == pytest.approx((0.45 + 0.7) / 2)
    assert found.error == pytest.approx(math.sqrt(a + b) / 2)
    # The measured share of a, what its own seeds add, and b, by Welch's formula.
    parts = [(4 * 0.03**2 / 10, 4), (2 * 0.05**2 / 10, 1), (b, 2)]
    assert found.degrees_of_freedom == pytest.approx((a + b) ** 2 / sum(part**2 / freedom for part, freedom in parts))


def test_without_measured_noise_an_estimate_rests_on_its_own_seeds():
    score = task_score(a=[0.4, 0.5, 0.6], b=[0.7, 0.9])
    found = estimate(score, {})
    assert found.error == pytest.approx(math.sqrt(0.01 / 3 + 0.02 / 2) / 2)
    assert found.error == pytest.approx(score.spread)
    a, b = 0.01 / 3, 0.02 / 2
    assert found.degrees_of_freedom == pytest.approx((a + b) ** 2 / (a**2 / 2 + b**2 / 1))


def test_one_seed_of_unmeasured_noise_has_no_error_to_speak_of():
    assert estimate(task_score(a=[0.4, 0.5], b=[0.7]), {}).error == math.inf


def test_equal_seeds_do_not_make_a_score_exact():
    assert estimate(task_score(a=[1.0, 1.0]), {}).error == pytest.approx(MACRO.least_std / math.sqrt(2))


def test_an_average_weighs_its_tasks_alike():
    one, two = (
        estimate(task_score(a=[0.4, 0.5, 0.6]), {}),
        estimate(task_score(a=[0.9, 0.8], b=[0.3, 0.4], c=[0.0, 0.0]), {}),
    )
    both = average([one, two])
    assert both.mean == pytest.approx((0.5 + (0.85 + 0.35 + 0.0) / 3) / 2)
    assert both.error == pytest.approx(math.hypot(one.error, two.error) / 2)


def test_a_comparison_is_a_t_test():
    """Two groups of three, each with variance 0.01: t = 0.2 / sqrt(2 * 0.01 / 3) with 4 degrees of freedom."""
    found = compare(card(task_score(a=[0.6, 0.7, 0.8])), card(task_score(a=[0.4, 0.5, 0.6])), {})["Memorize"]
    assert found.difference == pytest.approx(0.2)
    assert found.error == pytest.approx(math.sqrt(0.02 / 3))
    assert found.confidence == pytest.approx(student(2.449490, 4), abs=1e-6)
    assert 0.92 < found.confidence < 0.95  # the table's t for 0.95 is 2.776


def test_samples_of_one_variance_lend_all_their_degrees_of_freedom():
    """Welch's formula then comes to the plain sum."""
    assert estimate(task_score(a=[0.4, 0.5, 0.6], b=[0.7, 0.8, 0.9]), {}).degrees_of_freedom == pytest.approx(2 + 2)


def test_many_quiet_seeds_do_not_make_a_noisy_score_certain():
    """The error comes from two noisy seeds; ten quiet ones of another task know nothing of it."""
    noisy, quiet = (
        task_score("Memorize", a=[0.3, 0.5]),
        task_score("Context Recall", a=[0.98 + i / 1e3 for i in range(10)]),
    )
    both = average([estimate(noisy, {}), estimate(quiet, {})])
    assert 1 <= both.degrees_of_freedom < 1.01


def test_two_cards_that_lean_on_one_measurement_count_it_once():
    """One seed each: the only variance known is the measured one, with four degrees of freedom, not eight."""
    mine, theirs = (card(task_score(a=[score])) for score in (0.6, 0.5))
    found = compare(mine, theirs, {"a": Noise(0.03, 5)})["Memorize"]
    assert found.error == pytest.approx(0.03 * math.sqrt(2))
    assert found.confidence == pytest.approx(student(0.1 / found.error, 4))


def test_equals_are_told_apart_no_oftener_than_the_confidence_allows():
    """Six tasks of very different noise, three seeds, noise measured on four: 1,500 pairs of cards of one variant."""
    chance, stds = random.Random(0), (0.15, 0.1, 0.02, 0.01, 0.005, 0.005)

    def drawn(std: float, seeds: int) -> list[float]:
        return [chance.gauss(0.5, std) for _ in range(seeds)]

    def one_card():
        return card(*(task_score(f"task {i}", **{f"s{i}": drawn(std, 3)}) for i, std in enumerate(stds)))

    apart, pairs = 0, 1500
    for _ in range(pairs):
        noise = {f"s{i}": Noise(stdev(drawn(std, 4)), 4) for i, std in enumerate(stds)}
        found = compare(one_card(), one_card(), noise)
        apart += found[AVERAGE].verdict != "indistinguishable"
    assert 0.02 < apart / pairs < 0.06


@pytest.mark.parametrize(("freedom", "t"), [(freedom, t) for freedom, t, confidence in QUANTILES if confidence == 0.95])
def test_quantiles_are_those_of_the_tables(freedom, t):
    assert quantile(freedom) == pytest.approx(t, abs=5e-4)


def test_what_a_difference_needs_is_what_the_verdict_asks_for():
    """With few seeds that is far more than 1.96 standard errors."""
    score = estimate(task_score(a=[0.5, 0.6]), {})
    needed = resolution(score)
    assert needed > 4 * math.sqrt(2) * score.error
    for factor, told_apart in ((1.001, True), (0.999, False)):
        other = replace(score, mean=score.mean + factor * needed)
        assert difference(other, score).told_apart is told_apart
    assert resolution(estimate(task_score(a=[0.5]), {})) == math.inf


def test_verdicts():
    assert verdict([0.6, 0.61, 0.62], [0.4, 0.41, 0.42]) == "better"
    assert verdict([0.4, 0.41, 0.42], [0.6, 0.61, 0.62]) == "worse"
    assert verdict([0.4, 0.6, 0.5], [0.45, 0.55, 0.52]) == "indistinguishable"
    assert verdict([0.5, 0.5], [0.5, 0.5]) == "indistinguishable"
    assert Comparison(0.1, 0.01, 4).verdict == "better"
    assert Comparison(-0.1, 0.01, 4).verdict == "worse"
    assert Comparison(-0.1, 0.04, 4).verdict == "indistinguishable"


def test_swapping_two_cards_swaps_the_verdict():
    a, b = (card(task_score(a=scores, b=[0.5, 0.52])) for scores in ([0.6, 0.61], [0.4, 0.41]))
    ahead, behind = compare(a, b, {}), compare(b, a, {})
    for task in ahead:
        assert ahead[task].difference == -behind[task].difference
        assert ahead[task].confidence == behind[task].confidence
    assert (ahead["Memorize"].verdict, behind["Memorize"].verdict) == ("better", "worse")


def test_one_seed_each_says_nothing_until_the_noise_is_known():
    assert verdict([0.9], [0.1]) == "unjudged"
    assert verdict([0.9], [0.1], {"a": Noise(0.03, 5)}) == "better"
    assert verdict([0.5], [0.45], {"a": Noise(0.03, 5)}) == "indistinguishable"


def test_one_unknown_setting_leaves_its_task_and_the_average_unknown():
    known = {"a": Noise(0.01, 5)}
    mine = card(task_score("Compress", a=[0.9]), task_score("Memorize", a=[0.9], b=[0.9]))
    theirs = card(task_score("Compress", a=[0.1]), task_score("Memorize", a=[0.1], b=[0.1]))
    verdicts = {task: found.verdict for task, found in compare(mine, theirs, known).items()}
    assert verdicts == {"Compress": "better", "Memorize": "unjudged", AVERAGE: "unjudged"}


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_no_verdict_below_the_resolution_of_a_solved_task(seeds):
    """Training stops beyond 0.999: in that last thousandth even seeds that agree to the digit say nothing."""
    difference = 0.9 * MACRO.least_std * math.sqrt(2 / seeds)
    assert verdict([0.9990 + difference] * seeds, [0.9990] * seeds) == "indistinguishable"
    assert verdict([0.9990] * seeds, [0.9900] * seeds) == "better"


def test_the_average_can_tell_what_no_task_can():
    """Six small steps in one direction."""
    tasks = [f"task {i}" for i in range(6)]
    mine, theirs = ([task_score(t, a=[x, x + 0.01, x + 0.02]) for t in tasks] for x in (0.513, 0.5))
    found = compare(card(*mine), card(*theirs), {})
    assert {found[task].verdict for task in tasks} == {"indistinguishable"}
    assert found[AVERAGE].verdict == "better"


def test_scores_of_two_protocols_are_not_compared():
    mine = card(task_score(a=[0.5, 0.6]), protocol="quick", fingerprint="a" * 12)
    theirs = card(task_score(a=[0.5, 0.6]), protocol="mad", fingerprint="b" * 12)
    with pytest.raises(ValueError, match=r"quick \(a{12}\).*mad \(b{12}\).*under one protocol"):
        compare(mine, theirs, {})


@pytest.mark.parametrize(("seeds", "reached"), [(ENOUGH_SEEDS, True), (ENOUGH_SEEDS - 1, False)])
def test_from_enough_seeds_on_an_interval_is_that_of_the_variants_own_noise(seeds, reached):
    """Of a variant four times as noisy as the template 95 percent of them hold the truth; pooled, far fewer."""
    chance, held, noise = random.Random(3), 0, {"a": Noise(0.01, 20)}
    for _ in range(600):
        found = estimate(task_score(a=[0.5 + chance.gauss(0, 0.04) for _ in range(seeds)]), noise)
        held += abs(found.mean - 0.5) <= found.half_width
    assert (held / 600 > 0.92) == reached
    quiet = estimate(task_score(a=[0.5, 0.501, 0.499, 0.5005, 0.4995][:seeds]), {"a": Noise(0.2, 20)})
    assert (quiet.half_width < 0.005) == reached

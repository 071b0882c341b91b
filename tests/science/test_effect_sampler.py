"""Effects are drawn from the posterior of a regression, by whichever algebra is the smaller."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_array

from agent.science import posterior_algebra
from agent.science.effect_sampler import SIZES, next_size, sweeps
from agent.science.posterior_algebra import ByEffects, ByObservations
from agent.science.regression import Regression

WIDTHS = np.array([1.3, 0.4, 2.0])
OBSERVED = np.array([[0.3, -1.0], [1.1, 0.2], [-0.4, 0.6], [0.9, -0.1], [0.0, 0.5]])


def model(repeats=1, error=0.02):
    """Three effects, the first of .06, each seen alone and two in pairs; the template's noise is in all."""
    design = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [1, 0, 1]] * repeats, dtype=float)
    noise = np.random.default_rng(0).normal(0, error, len(design))
    return Regression(
        design=csr_array(design),
        differences=design @ [0.06, 0.0, 0.0] + noise,
        errors=np.full(len(design), error),
        common=np.full((len(design), 1), 0.002),
        centres=np.array([0.01, 0.0, -0.02]),
        scales=np.array([0.03, 0.03, 0.01]),
    )


@pytest.mark.parametrize("size", [0.25, 2.0])
def test_both_algebras_give_the_same(size):
    found = [kind(model()) for kind in (ByEffects, ByObservations)]
    for algebra in found:
        algebra.take(WIDTHS)
    one, other = ([each.log_likelihood(size), each.log_likelihood(1.0)] for each in found)
    assert one == pytest.approx(other, abs=1e-9)
    assert found[0].pull(size, OBSERVED) == pytest.approx(found[1].pull(size, OBSERVED), abs=1e-12)


def test_the_same_random_numbers_give_the_same_draws_whichever_is_the_smaller(monkeypatch):
    few = [state.drawn for state in sweeps(model(), np.random.default_rng(1), 5)]
    monkeypatch.setattr(posterior_algebra, "ByEffects", ByObservations)
    assert np.array([state.drawn for state in sweeps(model(), np.random.default_rng(1), 5)]) == pytest.approx(
        np.array(few), abs=1e-12
    )


def test_the_likelihood_is_that_of_the_normal_distribution():
    from scipy.stats import multivariate_normal

    known = model()
    variances = 0.25**2 * WIDTHS * known.scales**2
    dense = known.design.toarray()
    covariance = (dense * variances) @ dense.T + known.common @ known.common.T + np.diag(known.errors**2)
    algebra = ByEffects(known)
    algebra.take(WIDTHS)
    exact = multivariate_normal(0.25 * dense @ known.centres, covariance).logpdf(known.differences)
    scale = np.log(known.errors).sum() + len(known.errors) * np.log(2 * np.pi) / 2
    assert algebra.log_likelihood(0.25) == pytest.approx(exact + scale, abs=1e-9)


def test_sizes_that_are_asked_about_by_neighbours_are_as_frequent_as_they_are_probable():
    algebra, chance, size = ByEffects(model()), np.random.default_rng(2), SIZES[0]
    algebra.take(WIDTHS)
    seen = [size := next_size(algebra, size, chance) for _ in range(20_000)]
    weights = np.exp([algebra.log_likelihood(each) for each in SIZES])
    frequent = [seen.count(each) / len(seen) for each in SIZES]
    assert max(frequent) < 0.9
    assert frequent == pytest.approx(weights / weights.sum(), abs=0.02)


def test_what_was_found_with_other_widths_leaves_nothing_behind():
    for kind in (ByEffects, ByObservations):
        used, fresh = kind(model()), kind(model())
        used.take(np.array([9.0, 0.1, 0.7]))
        used.log_likelihood(0.5)
        for algebra in (used, fresh):
            algebra.take(WIDTHS)
        assert used.pull(0.5, OBSERVED) == pytest.approx(fresh.pull(0.5, OBSERVED), abs=1e-12)


def test_many_observations_leave_little_doubt():
    drawn = np.array([[*sweeps(model(40), np.random.default_rng(seed), 9)][-1].drawn for seed in range(40)])
    assert drawn.mean(axis=0) == pytest.approx([0.06, 0.0, 0.0], abs=0.006)
    assert drawn.std(axis=0).max() < 0.006
    wide = np.array([[*sweeps(model(1), np.random.default_rng(seed), 9)][-1].drawn for seed in range(40)])
    assert (wide.std(axis=0) > 2 * drawn.std(axis=0)).all()


def test_without_observations_the_prior_is_drawn():
    known = model()
    nothing = replace(
        known, design=csr_array((0, 3)), differences=np.zeros(0), errors=np.zeros(0), common=np.zeros((0, 1))
    )
    drawn = np.array([[*sweeps(nothing, np.random.default_rng(seed), 9)][-1].drawn for seed in range(60)])
    assert drawn.std(axis=0).max() > 0.01

"""The table of simulated nights: what each arm came to under each truth, with 95 percent intervals."""

import math
from collections.abc import Iterable, Sequence
from statistics import NormalDist, fmean, stdev

from agent.science.student import quantile
from agent.study.nights import ArmName, Night
from agent.study.page import markdown

COLUMNS = ("truth", "arm", "nights", "regret", "told - true", "calls something better", "falsely")
OURS: tuple[ArmName, ...] = ("confirmed", "search", "legs")  # with the first that is there the other arms are compared
WIDTH = NormalDist().inv_cdf(0.975)


def table_of_nights(nights: Iterable[Night]) -> str:
    """A line for each truth and arm. Regret and told - true: the mean and its 95 percent interval, by Student.

    Nights of one truth are the same worlds for every arm, in one order, so regrets are compared in pairs.
    """
    groups: dict[tuple[str, str], list[Night]] = {}
    for night in nights:
        groups.setdefault((night.truth, night.arm), []).append(night)
    ours = next((arm for arm in OURS if any(each == arm for _, each in groups)), None)
    if ours is None or {arm for _, arm in groups} == {ours}:
        return markdown(COLUMNS, [[*key, len(group), *_cells(group)] for key, group in groups.items()])
    lines = [
        [truth, arm, len(group), *_cells(group), "" if arm == ours else _beyond(group, groups.get((truth, ours), []))]
        for (truth, arm), group in groups.items()
    ]
    return markdown([*COLUMNS, f"regret beyond {ours}'s"], lines)


def _beyond(theirs: Sequence[Night], ours: Sequence[Night]) -> str:
    """How much more regret nights have than the same nights of another arm, and the p-value of no difference."""
    differences = [one.regret - other.regret for one, other in zip(theirs, ours, strict=True)]
    if len(differences) < 2 or not any(differences):
        return _mean(differences) if differences else "?"
    from scipy.stats import ttest_1samp  # importing it takes a moment

    return f"{_mean(differences)}, p = {float(ttest_1samp(differences, 0.0).pvalue):.2g}"


def _cells(group: Sequence[Night]) -> list[str]:
    regret, bias = [night.regret for night in group], [night.told - night.true for night in group]
    claims, false = sum(night.claimed for night in group), sum(night.false_claim for night in group)
    return [_mean(regret), _mean(bias), _share(claims, len(group)), _share(false, len(group))]


def interval(values: Sequence[float]) -> tuple[float, float]:
    """The mean of some nights, and half of its 95 percent interval; infinite for a single one."""
    if len(values) < 2:
        return fmean(values), math.inf
    return fmean(values), quantile(len(values) - 1) * stdev(values) / math.sqrt(len(values))


def _mean(values: Sequence[float]) -> str:
    mean, half = interval(values)
    return f"{mean:.4f} ± {half:.4f}" if math.isfinite(half) else f"{mean:.4f}"


def share_interval(count: int, total: int) -> tuple[float, float]:
    """Wilson's 95 percent interval of a share, which is wide also where nothing was counted."""
    share, square = count / total, WIDTH**2 / total
    middle = (share + square / 2) / (1 + square)
    half = math.sqrt(share * (1 - share) * square + square**2 / 4) / (1 + square)
    return max(0.0, middle - half), min(1.0, middle + half)


def _share(count: int, total: int) -> str:
    low, high = share_interval(count, total)
    return f"{count} ({low:.0%} to {high:.0%})"

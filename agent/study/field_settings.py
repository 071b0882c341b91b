"""The scores of one task setting by setting, of every mixer of which some are measured: what a CPU can do of `mad`."""

from collections.abc import Mapping, Sequence
from statistics import fmean

from agent.evaluator.protocol import Protocol
from agent.evaluator.tasks.task import Setting
from agent.science.measure import MACRO
from agent.study.cells import reached
from agent.study.field_scores import shown_name
from agent.study.page import EMPTY, markdown
from agent.study.pieces import settings_of
from agent.study.rows import Row

MEMORIZE = "Memorize"  # whose settings differ in how many values there are
FIRST_COLUMN = f"mixer, {MEMORIZE}"


def memorize_table(protocol: Protocol, rows: Sequence[Row]) -> str:
    """Macro accuracy by the number of values, each the mean over its seeds, and the mean of all where all are measured.

    The most complete stand first, and of these the highest.
    """
    settings = [setting for setting in settings_of(protocol) if setting.task == MEMORIZE]
    found = {name: _by_setting(seeds, settings) for name, seeds in reached(protocol, rows, MACRO).items()}
    some = {name: scores for name, scores in found.items() if scores}
    order = sorted(some, key=lambda name: (-len(some[name]), -fmean(some[name].values())))
    columns = [FIRST_COLUMN, *(f"{setting.vocab:,} values" for setting in settings), "mean"]
    return markdown(columns, [[shown_name(name), *_cells(some[name], settings)] for name in order])


def _by_setting(seeds: Mapping[str, Mapping[int, float]], settings: Sequence[Setting]) -> dict[str, float]:
    return {each.label: fmean(seeds[each.label].values()) for each in settings if each.label in seeds}


def _cells(scores: Mapping[str, float], settings: Sequence[Setting]) -> list[str]:
    each = [f"{scores[setting.label]:.3f}" if setting.label in scores else EMPTY for setting in settings]
    return [*each, f"{fmean(scores.values()):.3f}" if len(scores) == len(settings) else EMPTY]

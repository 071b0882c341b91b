"""docs/seed_table.md: our scores beside the known ones, and whether they differ by more than noise.

A cell is measured once every setting of its task is. What is not measured stays empty, and is never taken from the
known scores.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import fmean, stdev

from agent.core.baselines import TEMPLATE
from agent.evaluator.protocol import Protocol
from agent.study.cells import Cell, cells_of
from agent.study.pieces import settings_of
from agent.study.rows import DIVERGED, Row

EMPTY = "·"

# (variant, task) -> why our score disagrees with the known one. A disagreement that is not here is open.
EXPLAINED: dict[tuple[str, str], str] = {}

INTRODUCTION = """\
# The seed table, measured again

The scores of the twelve known systems (`baselines/reference.csv`) against what this project measures of the same
systems with its own code under `{protocol}`. This page is made from `baselines/measured/{protocol}.csv`; both come from

    make seed-table                                                  # goes on where it was stopped; days on a CPU
    make seed-table OPTIONS="--task Memorize --variant delta_net --hours 1"

**{measured} of {cells} cells are measured**, {partly} more in part. {machines}
A cell is measured once each setting of its task has a seed; settings of each: {settings}.
Where it is not, a dot stands in place of our number: none is ever taken from the known scores. The score is
macro accuracy, the mean over settings of the mean over seeds; `plain` is the share of scored tokens that were right;
seconds are those of all seeds together, by the clock, whatever else the machine was doing.
"""

JUDGED = """\
`± s.e.` is the standard error that our own seeds show. The known score's noise is not known; it is taken to be of one
seed a setting, each as noisy as ours. A difference counts from 95 percent confidence on (Student's distribution).
"""

ONE_CHUNK = """\
Five systems change only what one chunk hands on to the next: the Adam-style update, the decay, the momentum, the gate
by mean beta, and tanh on the error. On inputs of one chunk, under `mad` 32 tokens, they are DeltaNet to the bit,
gradients included (`tests/proposer/test_variants.py`), and so score the same: in all of Memorize, and in 8 of the 11
settings of Compress. The known scores of four of them say so too (Memorize 0.342 each, DeltaNet 0.338). Those of the
Adam-style update do not (Memorize 0.051, Compress 0.086): what was measured there did something within a chunk as
well, or failed for a reason that neither its name nor the notes give.
"""


def page(protocol: Protocol, rows: Sequence[Row]) -> str:
    """The whole page, in Markdown."""
    cells = cells_of(protocol, rows)
    measured = [cell for cell in cells if cell.measured]
    partly = [cell for cell in cells if cell.rows and not cell.measured]
    introduction = INTRODUCTION.format(
        protocol=protocol.name,
        settings=", ".join(f"{task} {count}" for task, count in sorted(_settings_by_task(protocol).items())),
        measured=len(measured),
        cells=len(cells),
        partly=len(partly),
        machines=_machines([row for cell in cells for row in cell.rows]) + _void(protocol, rows),
    )
    sections = [
        introduction,
        "## Ours / known\n\n" + _beside(cells),
        "## Differences\n\n" + (JUDGED + "\n" + _differences(measured) if measured else "No cell is measured yet.\n"),
        "## What one chunk cannot tell apart\n\n" + ONE_CHUNK,
        "## Measured in part\n\n" + (_parts(partly) if partly else "None.\n"),
        "## Setting by setting\n\n" + (_settings([*measured, *partly]) if measured or partly else "None yet.\n"),
    ]
    return "\n".join(sections)


def _settings_by_task(protocol: Protocol) -> Counter[str]:
    return Counter(setting.task for setting in set(settings_of(protocol)))


def _machines(rows: Sequence[Row]) -> str:
    """On what the rows were measured."""
    if not rows:
        return "Nothing has been measured yet."
    where = sorted({f"{row.device} ({row.versions})" for row in rows if row.versions})
    hours = sum(row.seconds or 0.0 for row in rows) / 3600
    seeds = sorted({str(row.test_seed) for row in rows})
    return f"Measured on {'; '.join(where)}: {len(rows)} trainings, {hours:.1f} hours, test seed {', '.join(seeds)}."


def _void(protocol: Protocol, rows: Sequence[Row]) -> str:
    """How many rows were measured under what the protocol is no more."""
    current = {protocol.setting_fingerprint(setting) for setting in settings_of(protocol)}
    count = sum(row.fingerprint not in current for row in rows)
    return f"\n{count} rows of an earlier edition or of another protocol count for nothing here." if count else ""


def _beside(cells: Sequence[Cell]) -> str:
    """Variant x task: our score and the known one in each cell."""
    tasks = list(dict.fromkeys(cell.task for cell in cells))
    by_variant: dict[str, list[str]] = {}
    for cell in cells:
        ours = f"{cell.ours.mean:.3f}" if cell.measured else EMPTY
        by_variant.setdefault(cell.variant, []).append(f"{ours} / {cell.known:.3f}")
    return markdown(["variant", *tasks], [[_short(variant), *row] for variant, row in by_variant.items()])


def _differences(cells: Sequence[Cell]) -> str:
    header = ["variant", "task", "seeds", "ours", "± s.e.", "known", "difference", "verdict"]
    return markdown(header, [_difference(cell) for cell in cells])


def _difference(cell: Cell) -> list[object]:
    comparison = cell.against_known
    counts = [len(scores) for scores in cell.score.by_setting.values()]
    seeds = str(min(counts)) if min(counts) == max(counts) else f"{min(counts)} to {max(counts)}"
    error = cell.ours.error if math.isfinite(cell.ours.error) else "?"
    return [_short(cell.variant), cell.task, seeds, cell.ours.mean, error, cell.known, f"{comparison.difference:+.3f}",
            verdict(cell)]  # fmt: skip


def verdict(cell: Cell) -> str:
    """What the difference of a measured cell from its known score means."""
    comparison = cell.against_known
    if comparison.verdict == "unjudged":
        return "not judged: a setting has one seed, and its noise is not measured"
    if not comparison.told_apart:
        return "within the noise"
    side = "higher" if comparison.difference > 0 else "lower"
    return f"{side}: {EXPLAINED.get((cell.variant, cell.task), 'open')}"


def _parts(cells: Sequence[Cell]) -> str:
    return markdown(
        ["variant", "task", "settings measured", "diverged"],
        [
            [
                _short(cell.variant),
                cell.task,
                f"{len(cell.score.by_setting)} of {len(cell.settings)}",
                sum(row.score is None or row.score.ending == DIVERGED for row in cell.rows),
            ]
            for cell in cells
        ],
    )


def _settings(cells: Sequence[Cell]) -> str:
    """One line a measured setting of a variant."""
    lines = []
    for cell in cells:
        for setting in cell.settings:
            seeds = [seed for seed in cell.score.seeds if seed.setting == setting.label]
            if seeds:
                macro, micro = [seed.macro for seed in seeds], [seed.micro for seed in seeds]
                spread = stdev(macro) if len(macro) > 1 else EMPTY
                seconds = round(sum(row.seconds or 0.0 for row in cell.rows if row.setting == setting.label))
                lines.append(
                    [_short(cell.variant), setting.label, len(seeds), fmean(macro), spread, fmean(micro), seconds]
                )
    return markdown(["variant", "setting", "seeds", "macro", "st. dev.", "plain", "seconds"], lines)


def _short(variant: str) -> str:
    """A variant's name without what most have in common."""
    return variant.replace(f"{TEMPLATE}_", "… ", 1)


def markdown(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table as Markdown has them, numbers with three decimals."""
    cells = [[f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in [header, ["---"] * len(header), *cells]) + "\n"

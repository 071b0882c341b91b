"""A run's folder: run.json is the truth; the files beside it say parts of it in a form that is pleasant to read."""

import csv
import io
import os
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from agent.core.failure import UnfinishedSeed
from agent.core.invocation import command
from agent.core.run import Run
from agent.core.score import Confirmation, CurvePoint, ScoreCard, SeedScore, TaskScore, Verification
from agent.store.files import WorkspaceError, reading, sync, write_atomically, writing

RUN, VARIANT, NOTE, PATCH, LOG, CURVES, CONFIG, TRANSCRIPT, ANALYSIS_ERROR = (
    "run.json",
    "naive.py",
    "insights.md",
    "patch.diff",
    "log.txt",
    "curves.csv",
    "config.json",
    "transcript.jsonl",
    "analysis_error.txt",
)
CONFIRMATION, VERIFICATION = "confirmation.json", "verification.json"
NEW = ".new-"  # a folder that is not complete yet
REPLICA = ("setting", "seed")
POINT = tuple(field.name for field in fields(CurvePoint))

_RUN = TypeAdapter(Run)
_CONFIRMATION = TypeAdapter(Confirmation)
_VERIFICATION = TypeAdapter(Verification)


class UnreadableRun(WorkspaceError):
    """A run that could not be read back if it were written."""


def create(folder: Path, run: Run, files: Mapping[str, str]) -> None:
    """Make a run's folder appear whole, by one rename; WorkspaceError if it cannot be."""
    scratch = folder.with_name(NEW + folder.name)
    with writing(folder):
        scratch.mkdir(parents=True, exist_ok=True)
        for name, text in {**files, VARIANT: run.proposal.source}.items():
            write_atomically(scratch / name, text)
        save(scratch, run)
        os.rename(scratch, folder)
        sync(folder.parent)


def save(folder: Path, run: Run) -> None:
    """Replace run.json. The learning curves go to curves.csv before it, so that a score never lacks them.

    WorkspaceError, with the old files in place, for a run that could not be read back, as one whose numbers are none.
    """
    curves = None
    if any(seed.curve for seed in _seeds(run)):
        curves = _curves_text(_with_kept_curves(folder, run))
        run = _with_curves(run, {})
    text = _RUN.dump_json(run, indent=1)
    try:
        _RUN.validate_json(text)
    except ValidationError as error:
        raise UnreadableRun(f"{folder / RUN}: would not be readable ({_first(error)}); nothing was written") from error
    if curves is not None:
        write_atomically(folder / CURVES, curves)
    write_atomically(folder / RUN, text.decode() + "\n")


def _first(error: ValidationError) -> str:
    """Where a run breaks its form, and how: the first such place."""
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc'])) or 'it'}: {first['msg']}"


def load(folder: Path) -> Run:
    """Read a run, without its learning curves; WorkspaceError, naming the file and why, if it is not one."""
    path = folder / RUN
    again = command("rebuild", folder.parent.parent)
    with reading(path, f"repair it, or move its folder out of runs/: {again} then makes the table anew"):
        try:
            run = _RUN.validate_json(path.read_bytes())
        except ValidationError as error:
            raise ValueError(_first(error)) from error
        if run.id != folder.name:
            raise ValueError(f"it is of run {run.id}: a copy")
    return run


def keep_confirmation(folder: Path, confirmation: Confirmation) -> None:
    """Keep a run's scores on fresh seeds beside it; they make no row."""
    kept = replace(confirmation, card=without_curves(confirmation.card))
    write_atomically(folder / CONFIRMATION, _CONFIRMATION.dump_json(kept, indent=1).decode() + "\n")


def load_confirmation(folder: Path) -> Confirmation | None:
    """A run's scores on fresh seeds; None where it was not trained on any."""
    path = folder / CONFIRMATION
    with reading(path):
        return _CONFIRMATION.validate_json(path.read_bytes()) if path.exists() else None


def add_verification(folder: Path, card: ScoreCard) -> None:
    """Keep a card of what a run showed beyond its row, in place of an earlier one of its protocol; it makes no row."""
    kept = (load_verification(folder) or Verification()).with_card(without_curves(card))
    write_atomically(folder / VERIFICATION, _VERIFICATION.dump_json(kept, indent=1).decode() + "\n")


def load_verification(folder: Path) -> Verification | None:
    """What a run showed beyond its row; None where it was not verified."""
    path = folder / VERIFICATION
    with reading(path):
        return _VERIFICATION.validate_json(path.read_bytes()) if path.exists() else None


def with_curves(folder: Path, run: Run) -> Run:
    """The same run with the learning curves of its folder."""
    path = folder / CURVES
    if not any(_seeds(run)) or not path.exists():
        return run
    return _with_curves(run, _read_curves(path))


def _read_curves(path: Path) -> dict[tuple[str, int], list[CurvePoint]]:
    """By setting and seed, as the file has them."""
    curves: dict[tuple[str, int], list[CurvePoint]] = {}
    with reading(path), path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            point = CurvePoint(int(row["step"]), *(float(row[name]) for name in POINT[1:]))
            curves.setdefault((row["setting"], int(row["seed"])), []).append(point)
    return curves


def _with_kept_curves(folder: Path, run: Run) -> Run:
    """The run with the curves that it brings, and for its other seeds those of its folder: a run that is read back
    between two legs has left those of its first leg there."""
    path = folder / CURVES
    if all(seed.curve for seed in _seeds(run)) or not path.exists():
        return run
    brought = {(seed.setting, seed.seed): list(seed.curve) for seed in _seeds(run) if seed.curve}
    return _with_curves(run, _read_curves(path) | brought)


def without_curves(card: ScoreCard) -> ScoreCard:
    """The same card as it is kept, its learning curves left out."""
    return _card_curved(card, {})


def _curves_text(run: Run) -> str:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(REPLICA + POINT)
    for seed in _seeds(run):
        for point in seed.curve:
            table.writerow([seed.setting, seed.seed, *(getattr(point, name) for name in POINT)])
    return text.getvalue()


def _seeds(run: Run) -> Iterator[SeedScore | UnfinishedSeed]:
    """Those of all tasks and legs, columns of the table or not, and those of a failed run that were trained in part."""
    for card in (*run.legs, *((run.card,) if run.card else ())):
        for task in (*card.tasks.values(), *card.further.values()):
            yield from task.seeds
    if run.failure is not None and run.failure.unfinished is not None:
        for task in run.failure.unfinished.tasks.values():
            yield from task.seeds
        yield from run.failure.unfinished.seeds


Curves = Mapping[tuple[str, int], list[CurvePoint]]


def _with_curves(run: Run, curves: Curves) -> Run:
    """The same run with these curves and no others."""
    if run.card is not None:
        run = replace(run, card=_card_curved(run.card, curves))
    run = replace(run, legs=tuple(_card_curved(leg, curves) for leg in run.legs))
    if run.failure is not None and run.failure.unfinished is not None:
        done = run.failure.unfinished
        seeds = tuple(replace(each, curve=tuple(curves.get((each.setting, each.seed), ()))) for each in done.seeds)
        done = replace(done, tasks=_curved(done.tasks, curves), seeds=seeds)
        run = replace(run, failure=replace(run.failure, unfinished=done))
    return run


def _card_curved(card: ScoreCard, curves: Curves) -> ScoreCard:
    return replace(card, tasks=_curved(card.tasks, curves), further=_curved(card.further, curves))


def _curved(tasks: Mapping[str, TaskScore], curves: Curves) -> dict[str, TaskScore]:
    return {
        name: TaskScore(
            name,
            tuple(replace(seed, curve=tuple(curves.get((seed.setting, seed.seed), ()))) for seed in task.seeds),
        )
        for name, task in tasks.items()
    }

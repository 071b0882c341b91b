"""What a protocol is worth: the twelve known variants under it, its noise, and its agreement with the known scores.

    python -m agent.study table --protocol quick         evaluates the twelve, task by task
    python -m agent.study noise --protocol quick         the spread of one-seed scores of the baseline
    python -m agent.study agreement --protocol quick     rank agreement with baselines/reference.csv
    python -m agent.study seed-table                     the twelve under mad, piece by piece, and docs/seed_table.md

The first two write to baselines/measured/ and go on where they were stopped, the third only reads and prints the tables
of docs/protocols.md. The last is for what takes days: it keeps each part of a row as soon as it is measured.
"""

import csv
import io
import sys
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path
from statistics import fmean, stdev
from typing import Annotated, Any

import pandas as pd
import typer

from agent.core.baselines import BASELINES, TEMPLATE, baseline_path, reference_scores
from agent.core.errors import DeltaSearchError, UsageError
from agent.core.invocation import command, settle
from agent.core.resources import CHECKOUT, MEASURED, SOURCE_ROOT
from agent.core.score import ScoreCard
from agent.evaluator.evaluation import choose_device, evaluate
from agent.evaluator.executor.choice import open_executor
from agent.evaluator.protocol import Protocol
from agent.evaluator.protocols import choose_protocol
from agent.science.comparison import AVERAGE
from agent.search.printing import watching
from agent.store.files import write_atomically
from agent.study.measuring import TEST_SEED, measure
from agent.study.page import markdown, page
from agent.study.rows import kept

NOISE_SEEDS = 10
IN_PIECES = ("mad", "mad-grid")  # their tables keep every piece as soon as it is there
STUDY = "agent.study"

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)


def baseline_named(word: str) -> str:
    """A known variant by its name in the table, or by that of its file."""
    for name in BASELINES:
        if word in (name, baseline_path(name).stem):
            return name
    files = ", ".join(baseline_path(name).stem for name in BASELINES)
    raise typer.BadParameter(f"there is no known variant {word!r}; there are {files}")


ProtocolName = Annotated[str, typer.Option("--protocol", help="smoke, quick, mad or mad-grid.")]
Folder = Annotated[
    Path | None, typer.Option(help="Keep the measured rows (and the page) there, not in baselines/measured/ and docs/.")
]


def tables_in(folder: Path | None) -> Path:
    """Where measured rows are kept. UsageError where they would be written into an installed package."""
    if folder is None and CHECKOUT is None:
        raise UsageError("this is an installed package, which keeps no new measurements: say where with --folder")
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    return folder or MEASURED


@app.command()
def table(protocol: ProtocolName = "quick", folder: Folder = None) -> None:
    """Evaluate each known variant in each task that baselines/measured/ does not hold yet under this protocol."""
    chosen = _by_rows(protocol)
    path = tables_in(folder) / f"{chosen.name}.csv"
    for name, task in product(BASELINES, chosen.tasks):
        if (name, task) not in {(row["variant"], row["task"]) for row in read_rows(path, chosen)}:
            typer.echo(f"{name}, {task}", err=True)
            card = _evaluate(name, chosen.only((task,)))
            write_rows(path, [*read_rows(path, chosen), *seed_rows(name, card, chosen)])


@app.command()
def noise(
    protocol: ProtocolName = "quick",
    seeds: Annotated[int, typer.Option(min=2)] = NOISE_SEEDS,
    folder: Folder = None,
) -> None:
    """Train the baseline on many seeds and keep the standard deviation of each setting's one-seed score."""
    chosen = choose_protocol(protocol, "cpu")
    path = tables_in(folder) / f"{chosen.name}_noise.csv"
    for task in chosen.tasks:
        if (task, str(seeds)) not in {(row["task"], row["seeds"]) for row in read_rows(path, chosen)}:
            typer.echo(task, err=True)
            part = chosen.only((task,))
            card = _evaluate(TEMPLATE, replace(part, plans=tuple(replace(plan, seeds=seeds) for plan in part.plans)))
            others = [row for row in read_rows(path, chosen) if row["task"] != task]
            write_rows(path, [*others, *noise_rows(card, chosen)])


@app.command()
def agreement(protocol: ProtocolName = "quick", folder: Folder = None) -> None:
    """Print our scores of the known variants, and how far their order is that of the known scores."""
    chosen = _by_rows(protocol)
    rows = read_rows((folder or MEASURED) / f"{chosen.name}.csv", chosen)
    if not rows:
        raise UsageError(f"nothing is measured under {chosen.name} yet: {command('table', module=STUDY)}")
    ours, known = task_scores(rows), pd.DataFrame(reference_scores()).T
    known[AVERAGE] = known.mean(axis=1)
    known = known.loc[ours.index]
    correlations = {task: ours[task].rank().corr(known[task].rank()) for task in ours.columns}
    print(markdown(["variant", *ours.columns], [[name, *scores] for name, scores in ours.iterrows()]))
    print(markdown(["Spearman over the variants", *correlations], [[f"{len(ours)} variants", *correlations.values()]]))


@app.command()
def seed_table(
    protocol: ProtocolName = "mad",
    hours: Annotated[float | None, typer.Option(help="Begin nothing new after so many hours.")] = None,
    variant: Annotated[
        list[str] | None, typer.Option(parser=baseline_named, help="Measure only this one; may be given again.")
    ] = None,
    task: Annotated[list[str] | None, typer.Option(help="Measure only this task; may be given again.")] = None,
    device: Annotated[str | None, typer.Option(help="cpu or cuda.")] = None,
    places: Annotated[
        int | None, typer.Option(min=1, help="How many evaluations at once; as many as this machine has cores or GPUs.")
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(help="Evaluate on a Ray cluster: its address, or local to start one here.")
    ] = None,
    folder: Folder = None,
) -> None:
    """Measure what is missing of the known variants, part by part, and write the page that compares them."""
    chosen = choose_protocol(protocol, "cpu")
    if folder is None and chosen.name != "mad":
        raise typer.BadParameter(f"docs/seed_table.md is about mad: to measure {chosen.name} so, give a --folder")
    limited = chosen.only(tuple(task)) if task else chosen
    with kept(tables_in(folder) / f"{chosen.name}.csv") as rows:
        try:
            with open_executor(cluster, device, places) as executor:
                measure(rows, limited, variant or BASELINES, executor, hours, partial(typer.echo, err=True))
        finally:
            write_atomically((folder or SOURCE_ROOT / "docs") / "seed_table.md", page(chosen, rows.rows()))


def _by_rows(name: str) -> Protocol:
    """A protocol whose rows are short enough to be measured whole."""
    if name in IN_PIECES:
        raise typer.BadParameter(f"{name} is measured piece by piece: {command('seed-table', module=STUDY)}")
    return choose_protocol(name, "cpu")


def _evaluate(name: str, protocol: Protocol) -> ScoreCard:
    with watching(protocol) as watch:
        return evaluate(baseline_path(name), protocol, choose_device(None), TEST_SEED, watch)


def seed_rows(name: str, card: ScoreCard, protocol: Protocol) -> list[dict[str, Any]]:
    """One row a seed of a setting, with what is needed to repeat it. The card may be of some tasks only."""
    return [
        {
            "variant": name,
            "task": seed.task,
            "setting": seed.setting,
            "seed": seed.seed,
            "macro": f"{seed.macro:.6f}",
            "micro": f"{seed.micro:.6f}",
            "macro_last": f"{seed.macro_last:.6f}",
            "ending": seed.ending,
            "best_step": seed.best_step,
            "steps": seed.steps,
            **_origin(card, score.task, protocol),
        }
        for score in card.tasks.values()
        for seed in score.seeds
    ]


def noise_rows(card: ScoreCard, protocol: Protocol) -> list[dict[str, Any]]:
    """One row a setting: mean and standard deviation of its one-seed scores. The card may be of some tasks only."""
    return [
        {
            "task": score.task,
            "setting": setting,
            "std": f"{stdev(scores):.6f}",
            "mean": f"{fmean(scores):.6f}",
            "seeds": len(scores),
            **_origin(card, score.task, protocol),
        }
        for score in card.tasks.values()
        for setting, scores in score.by_setting.items()
    ]


def _origin(card: ScoreCard, task: str, protocol: Protocol) -> dict[str, Any]:
    part = protocol.only((task,)).fingerprint
    origin = {"test_seed": card.test_seed, "device": card.device, **card.versions}
    return {"fingerprint": protocol.fingerprint, "part": part, **origin}


def task_scores(rows: list[dict[str, str]]) -> pd.DataFrame:
    """Variant x task: the mean over settings of the mean over seeds, and the average over tasks."""
    frame = pd.DataFrame(rows).astype({"macro": float})
    settings = frame.groupby(["variant", "task", "setting"], sort=False)["macro"].mean()
    scores = settings.groupby(["variant", "task"]).mean().unstack()
    scores[AVERAGE] = scores.mean(axis=1)
    return scores.reindex([name for name in BASELINES if name in scores.index])


def read_rows(path: Path, protocol: Protocol) -> list[dict[str, str]]:
    """The rows of a measured table that this protocol makes; rows of an older shape of it are left behind.

    No task's training depends on another's, so a row holds for as long as its own task's part of the protocol does.
    """
    if not path.exists():
        return []
    parts = {task: protocol.only((task,)).fingerprint for task in protocol.tasks}
    with path.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row.get("part") == parts.get(row.get("task", ""), "")]
    return [row | {"fingerprint": protocol.fingerprint} for row in rows]


def write_rows(path: Path, rows: list[Any]) -> None:
    text = io.StringIO()
    table = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    write_atomically(path, text.getvalue())


def main() -> None:
    """Run a verb. An error that has a remedy is one line and an exit code."""
    try:
        app()
    except DeltaSearchError as error:
        print(f"study: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    settle()
    main()

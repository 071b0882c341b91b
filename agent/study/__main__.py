"""What a protocol is worth: the twelve known variants under it, its noise, and its agreement with the known scores.

    python -m agent.study table --protocol quick         measures the twelve, piece by piece; under mad, and
                                                         docs/seed_table.md; --variant proposed, controls, published
    python -m agent.study noise --protocol quick         the spread of one-seed scores of the template
    python -m agent.study pairs --protocol quick         the spread of the twelve's seed-wise differences to it
    python -m agent.study agreement --protocol quick     rank agreement with baselines/reference.csv
    python -m agent.study language-models                the same with the perplexities of published language models
    python -m agent.study costs                          what each mixer takes: operations a token, speed
    python -m agent.study text                           the template, the controls and a Transformer under text-small
    python -m agent.study field                          the tables of the published mixers in docs/field.md
    python -m agent.study nights                         simulated nights: regret, false claims, and told against true
    python -m agent.study legs                           what stopping after a leg saves and loses, by measured rows
    python -m agent.study equals                         how often the objective tells equals apart
    python -m agent.study dialogues                      the same around scripted models: kinds of request and niches
    python -m agent.study prompts --run 20250616_174156  what a model was or would be asked at a moment of a history

The first two keep what they measure in baselines/measured/PROTOCOL.csv, each seed as soon as it is there, and go on
where they were stopped; costs writes PROTOCOL_costs.csv whole. The others train nothing; agreement prints the tables
of docs/protocols.md.
"""

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain, product
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from agent.core.baselines import (
    BASELINES,
    TEMPLATE,
    control_paths,
    find_known,
    proposed_paths,
    published_paths,
)
from agent.core.errors import DeltaSearchError, UsageError
from agent.core.invocation import command, settle
from agent.core.resources import CHECKOUT, MEASURED, SOURCE_ROOT
from agent.evaluator.executor.choice import open_executor
from agent.evaluator.protocol import Protocol
from agent.evaluator.protocols import choose_protocol, refuse_without_columns
from agent.science.measure import LOG_ODDS, MACRO, Measure
from agent.science.noise import noise_rows, noise_table, paired_noise, read_noise, with_pairs
from agent.science.objective import Objective
from agent.science.promotion import LEAST_CHANCE
from agent.science.setting_noise import PairedNoise
from agent.search.assembly import make_catalogue
from agent.search.config import read_config
from agent.store.files import write_atomically
from agent.store.workspace import Workspace
from agent.study.agreement import agreement_of
from agent.study.archive import quick_of_edition_2
from agent.study.cells import one_seed_scores, seed_differences, task_scores
from agent.study.costs import measure_cost, write_costs
from agent.study.dialogues import SKILLS, WAYS, night, table_of_dialogues
from agent.study.dialogues import TRUTHS as PLANTED
from agent.study.equals import HEADINGS as EQUALS_HEADINGS
from agent.study.equals import LUCKS, told_of
from agent.study.field_page import write
from agent.study.language_models import HEADINGS as ORDER_HEADINGS
from agent.study.language_models import orders, published
from agent.study.measuring import measure
from agent.study.nights import ARMS, Bench
from agent.study.nights_table import table_of_nights
from agent.study.page import markdown, page
from agent.study.prompts import prompt_at, told
from agent.study.replay import HEADINGS, MeasuredRows, line_of, replayed, rows_of_edition_2, rows_of_today
from agent.study.rows import Row, Table, kept
from agent.study.synthetic import synthetic
from agent.study.text import measure_text, text_table
from agent.study.text_rows import kept_text
from agent.study.transformer import TRANSFORMER
from agent.study.truths import TRUTHS

NOISE_SEEDS = 10
PAGE_OF = "mad"  # the protocol that docs/seed_table.md is about
STUDY = "agent.study"
Name = TypeVar("Name", bound=str)

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)


# What may be asked for by one word.
GROUPS: dict[str, Callable[[], Iterable[str]]] = {
    "known": lambda: BASELINES,
    "proposed": proposed_paths,
    "controls": control_paths,
    "published": published_paths,
}


def variants_named(word: str) -> tuple[str, ...]:
    """Mixers that ship with the project: all of a group, or one by its name."""
    if word in GROUPS:
        return tuple(GROUPS[word]())
    try:
        found = find_known(word, Path())
    except LookupError as error:
        raise typer.BadParameter(f"{error}; or a whole group: {', '.join(GROUPS)}") from error
    if word.endswith(".py"):
        raise typer.BadParameter(f"{word}: only what ships with the project is kept in its tables")
    return (found,)


def one_of(kind: str, names: Sequence[Name], wanted: Sequence[str] | None) -> list[Name]:
    """The names that were asked for, or all; UsageError for one that there is not."""
    if strange := sorted({*(wanted or ())} - {*names}):
        raise UsageError(f"there is no {kind} {strange[0]!r}: choose of {', '.join(names)}")
    return [name for name in names if not wanted or name in wanted]


ProtocolName = Annotated[str, typer.Option("--protocol", help="Train by smoke, quick, mad, mad-grid or verify.")]
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
def table(
    protocol: ProtocolName = "quick",
    hours: Annotated[float | None, typer.Option(help="Begin nothing new after so many hours.")] = None,
    variant: Annotated[
        list[Any] | None,
        typer.Option(
            parser=variants_named,
            help="Measure this variant, or a group: known (default), proposed, controls, published; repeat the option.",
        ),
    ] = None,
    task: Annotated[list[str] | None, typer.Option(help="Measure only this task; repeat the option for more.")] = None,
    device: Annotated[str | None, typer.Option(help="Train on cpu or cuda.")] = None,
    places: Annotated[
        int | None, typer.Option(min=1, help="Evaluate so many at once; default: one for each core or GPU.")
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(help="Evaluate on a Ray cluster: its address, or local to start one here.")
    ] = None,
    folder: Folder = None,
) -> None:
    """Measure what is missing of the known variants, part by part; under mad, write the page that compares them."""
    chosen = choose_protocol(protocol, "cpu")
    refuse_without_columns(chosen, command("text", module=STUDY))
    limited = chosen.only(tuple(task)) if task else chosen
    with kept(tables_in(folder) / f"{chosen.name}.csv") as rows:
        try:
            with open_executor(cluster, device, places) as executor:
                variants = tuple(dict.fromkeys(chain.from_iterable(variant or [BASELINES])))
                measure(rows, limited, variants, executor, hours, partial(typer.echo, err=True))
        finally:
            if folder or chosen.name == PAGE_OF:
                write_atomically((folder or SOURCE_ROOT / "docs") / "seed_table.md", page(chosen, rows.rows()))


@app.command()
def noise(
    protocol: ProtocolName = "quick",
    seeds: Annotated[int, typer.Option(min=2)] = NOISE_SEEDS,
    folder: Folder = None,
) -> None:
    """Train the template on many seeds and keep the standard deviation of each setting's one-seed score."""
    chosen = choose_protocol(protocol, "cpu")
    repeated = replace(chosen, plans=tuple(replace(plan, seeds=seeds) for plan in chosen.plans))
    with kept(tables_in(folder) / f"{chosen.name}.csv") as rows:
        with open_executor(None, None, None) as executor:
            measure(rows, repeated, [TEMPLATE], executor, None, partial(typer.echo, err=True))
        scores = one_seed_scores(repeated, rows.rows())
        in_odds = one_seed_scores(repeated, rows.rows(), LOG_ODDS)
    if missing := sorted(setting for setting, values in scores.items() if len(values) < seeds):
        raise UsageError(f"without a score on {seeds} seeds: {', '.join(missing)}; look at what was said of them above")
    write_atomically(
        tables_in(folder) / f"{chosen.name}_noise.csv",
        noise_table(chosen.fingerprint, (MACRO, scores), (LOG_ODDS, in_odds)),
    )


@app.command()
def pairs(protocol: ProtocolName = "quick", folder: Folder = None) -> None:
    """Add to the measured noise how far two variants' scores of one seed differ from their usual difference."""
    chosen = choose_protocol(protocol, "cpu")
    where = tables_in(folder)
    rows = Table((folder or MEASURED) / f"{chosen.name}.csv").rows()
    path = where / f"{chosen.name}_noise.csv"
    known = noise_rows(path, chosen.fingerprint) if path.exists() else []
    if not known:
        raise UsageError(
            f"{path}: no noise yet of this protocol: {command(f'noise --protocol {protocol}', module=STUDY)}"
        )
    spreads = [(kind, _spreads(chosen, rows, kind)) for kind in (MACRO, LOG_ODDS)]
    write_atomically(path, with_pairs(known, *spreads))
    for kind, found in spreads:
        for setting, each in found.items():
            typer.echo(f"{setting}, {kind.name}: {each.std:.4f}, worth {each.freedom:.1f} degrees of freedom")


def _spreads(protocol: Protocol, rows: Sequence[Row], measure: Measure) -> dict[str, PairedNoise]:
    """Setting -> the usual spread of a difference of the twelve, where enough of them tell it."""
    differences = seed_differences(protocol, rows, BASELINES, measure)
    found = {setting: paired_noise(lists, measure) for setting, lists in differences.items()}
    return {setting: each for setting, each in found.items() if each}


@app.command()
def costs(protocol: ProtocolName = "quick", folder: Folder = None) -> None:
    """Count and time what each mixer takes that ships with the project; best on a quiet machine."""
    chosen = choose_protocol(protocol, "cpu")
    found = []
    for name in chain.from_iterable(group() for group in GROUPS.values()):
        cost = measure_cost(name, chosen)
        typer.echo(f"{name}: {cost.flops:,.0f} operations a token, {cost.speed:.2f} of the template's speed")
        found.append(cost)
    write_costs(tables_in(folder) / f"{chosen.name}_costs.csv", found)


@app.command()
def text(
    protocol: Annotated[str, typer.Option(help="Train by text-small or text.")] = "text-small",
    source: Annotated[
        str | None, typer.Option("--text", help="Read this folder or file. Default: the Python sources of torch.")
    ] = None,
    variant: Annotated[
        list[Any] | None,
        typer.Option(
            parser=lambda word: (TRANSFORMER,) if word == TRANSFORMER else variants_named(word),
            help="Measure this variant, a group, or transformer; repeat the option. Default: template, controls, it.",
        ),
    ] = None,
    hours: Annotated[float | None, typer.Option(help="Begin nothing new after so many hours.")] = None,
    device: Annotated[str | None, typer.Option(help="Train on cpu or cuda.")] = None,
    places: Annotated[
        int | None, typer.Option(min=1, help="Train so many seeds at once; default: one for each core or GPU.")
    ] = None,
    folder: Folder = None,
) -> None:
    """Measure what is missing of language models around mixers, seed by seed, and print all beside the template."""
    chosen = choose_protocol(protocol, "cpu", source)
    if chosen.text is None:
        raise UsageError(f"protocol {protocol} reads no text: choose text-small or text")
    mixers = tuple(dict.fromkeys(chain.from_iterable(variant or [(TEMPLATE, *control_paths(), TRANSFORMER)])))
    with kept_text(tables_in(folder) / f"{chosen.name.replace('-', '_')}.csv") as rows:
        with open_executor(None, device, places) as executor:
            measure_text(rows, chosen, mixers, executor, hours, partial(typer.echo, err=True))
        print(text_table(chosen, rows.rows()))


@app.command()
def field() -> None:
    """Write the tables of the published mixers into docs/field.md again: sizes, and scores where they are measured."""
    if CHECKOUT is None:
        raise UsageError("this is an installed package, which has no docs/field.md: work in a checkout")
    write(CHECKOUT / "docs")


@app.command()
def agreement(protocol: ProtocolName = "quick", folder: Folder = None) -> None:
    """Print our scores of the known variants, and how far their order is that of the known scores."""
    chosen = choose_protocol(protocol, "cpu")
    rows = Table((folder or MEASURED) / f"{chosen.name}.csv").rows()
    ours = task_scores(chosen, rows, BASELINES)
    if ours.empty:
        raise UsageError(
            f"no task is measured yet under {chosen.name}: {command(f'table --protocol {chosen.name}', module=STUDY)}"
        )
    print(markdown(["variant", *ours.columns], [[name, *scores] for name, scores in ours.iterrows()]))
    found = agreement_of(chosen, rows, ours)
    print(markdown(found.header, found.rows))


@app.command(name="language-models")
def language_models(protocol: ProtocolName = "quick", folder: Folder = None) -> None:
    """Print how far each task and axis orders mixers as published language models around them are ordered."""
    chosen = choose_protocol(protocol, "cpu")
    found = orders(chosen, Table((folder or MEASURED) / f"{chosen.name}.csv").rows(), published())
    if not found:
        raise UsageError(
            f"no two mixers of one paper are measured yet under {chosen.name}: "
            f"{command(f'table --protocol {chosen.name} --variant published', module=STUDY)}"
        )
    print(markdown(ORDER_HEADINGS, [each.line for each in found]))


@app.command()
def nights(
    count: Annotated[int, typer.Option("--nights", min=1, help="Simulate so many of each truth and arm.")] = 8,
    rows: Annotated[int, typer.Option(min=1, help="Train so many variants a night.")] = 30,
    truth: Annotated[
        list[str] | None, typer.Option(help=f"Of {', '.join(TRUTHS)}; repeat the option. Default: all.")
    ] = None,
    arm: Annotated[
        list[str] | None, typer.Option(help=f"Of {', '.join(ARMS)}; repeat the option. Default: all.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the first night; each further one has the next.")] = 0,
    protocol: Annotated[
        str | None, typer.Option(help="Take this protocol's noise as measured; default: quick's of edition 2.")
    ] = None,
) -> None:
    """Simulate nights whose truth is known, with the real policy and made-up scores, and print what they came to."""
    truths, arms = one_of("truth", TRUTHS, truth), one_of("arm", ARMS, arm)
    noise = synthetic(choose_protocol(protocol, "cpu")) if protocol else quick_of_edition_2()
    bench = Bench(make_catalogue(), noise, rows)
    found = []
    for number, kind in product(range(seed, seed + count), truths):
        found += [bench.night(kind, way, number) for way in arms]
        typer.echo(f"· night {number} of {kind} is over", err=True)
    print(table_of_nights(sorted(found, key=lambda night: (truths.index(night.truth), arms.index(night.arm)))))


@app.command()
def legs(
    orders: Annotated[int, typer.Option(min=1, help="Draw so many orders of the known variants.")] = 100,
    chance: Annotated[
        list[float] | None, typer.Option(min=0.0, max=1.0, help="Stop below this chance to be the best; repeat it.")
    ] = None,
) -> None:
    """Replay the measured rows leg by leg, and print what stopping would have saved and whether it lost the best."""
    tables: list[tuple[str, MeasuredRows, Sequence[Objective]]] = [
        ("quick", rows_of_today(), ("balanced", "average")),
        ("quick of edition 2", rows_of_edition_2(), ("average",)),  # of which no test at a greater length is kept
    ]
    lines = []
    for name, known, objectives in tables:
        variants = [variant for variant in known.rows if variant != TEMPLATE]
        for objective, least in product(objectives, chance or [LEAST_CHANCE]):
            found = [replayed(known, objective, seed, variants, least) for seed in range(orders)]
            lines.append(line_of(f"{name}, {len(variants)} variants", objective, least, found))
    print(markdown(HEADINGS, lines))


@app.command()
def equals(
    worlds: Annotated[int, typer.Option(min=1, help="Make up so many worlds of each kind of luck.")] = 300,
    each: Annotated[int, typer.Option(min=1, help="Judge so many equals in each.")] = 2,
    seed: Annotated[int, typer.Option(help="Of the first world; each further one has the next.")] = 0,
    protocol: ProtocolName = "quick",
) -> None:
    """Judge variants that are exactly as good as the template, and print how often they are told apart from it."""
    chosen = choose_protocol(protocol, "cpu")
    if not read_noise(chosen.fingerprint):
        raise UsageError(
            f"the noise of {protocol} was never measured: {command(f'noise --protocol {protocol}', module=STUDY)}"
        )
    lines = []
    for luck in LUCKS:
        lines.append(told_of(chosen, luck, worlds, each, seed).line(luck))
        typer.echo(f"· {len(lines)} of {len(LUCKS)} kinds of luck", err=True)
    print(markdown(EQUALS_HEADINGS, lines))


@app.command()
def dialogues(
    count: Annotated[int, typer.Option("--nights", min=2, help="Simulate so many of each truth, skill and way.")] = 24,
    rows: Annotated[int, typer.Option(min=1, help="Train so many variants a night.")] = 30,
    seed: Annotated[int, typer.Option(help="Of the first night; each further one has the next.")] = 0,
    protocol: ProtocolName = "quick",
) -> None:
    """Simulate nights around scripted models of three skills: kinds of request and niches against the best alone."""
    evaluator = synthetic(choose_protocol(protocol, "cpu"))
    found = [
        night(evaluator, rows, planted, skill, way, number)
        for planted, skill, way in product(PLANTED, SKILLS, WAYS)
        for number in range(seed, seed + count)
    ]
    print(table_of_dialogues(found, rows))


@app.command()
def prompts(
    workspace: Annotated[Path, typer.Option(help="The workspace whose history it is.")] = Path(),
    run: Annotated[str | None, typer.Option(help="As at the proposal of this run, by id or name; else now.")] = None,
    tokens: Annotated[int | None, typer.Option(help="Of the prompt; default: prompt_tokens of search.toml.")] = None,
) -> None:
    """Print the prompt that a model gets at a moment of a history, and how many tokens it takes."""
    home = Workspace(workspace)
    budget = tokens or read_config(workspace, {}).prompt_tokens
    print(told(prompt_at(home, budget, home.find(run) if run else None), budget))


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

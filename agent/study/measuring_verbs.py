"""The verbs of the study that train something, or write a table that is kept."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Annotated, Any

import typer

from agent.core.baselines import (
    BASELINES,
    TEMPLATE,
    control_paths,
)
from agent.core.errors import UsageError
from agent.core.invocation import command
from agent.core.resources import CHECKOUT, SOURCE_ROOT
from agent.evaluator.executor.choice import open_executor
from agent.evaluator.protocol import Protocol
from agent.evaluator.protocols import choose_protocol, refuse_without_columns
from agent.science.measure import LOG_ODDS, MACRO, Measure
from agent.science.noise import noise_rows, noise_table, paired_noise, with_pairs
from agent.science.setting_noise import PairedNoise
from agent.store.files import write_atomically
from agent.study.cells import one_seed_scores, seed_differences
from agent.study.costs import measure_cost, write_costs
from agent.study.field_page import write
from agent.study.measuring import measure
from agent.study.options import GROUPS, STUDY, Folder, ProtocolName, table_of, tables_in, text_path, variants_named
from agent.study.page import page
from agent.study.rows import Row, kept
from agent.study.text import measure_text
from agent.study.text_rows import kept_text
from agent.study.text_table import text_table
from agent.study.transformer import TRANSFORMER

NOISE_SEEDS = 10
PAGE_OF = "mad"  # the protocol that docs/seed_table.md is about


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


def noise(
    protocol: ProtocolName = "quick",
    seeds: Annotated[int, typer.Option(min=2, help="Train the template on so many seeds.")] = NOISE_SEEDS,
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


def pairs(protocol: ProtocolName = "quick", folder: Folder = None) -> None:
    """Add to the measured noise how far two variants' scores of one seed differ from their usual difference."""
    chosen = choose_protocol(protocol, "cpu")
    where = tables_in(folder)
    rows = table_of(chosen, folder).rows()
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


def costs(protocol: ProtocolName = "quick", folder: Folder = None) -> None:
    """Count and time what each mixer takes that ships with the project; best on a quiet machine."""
    chosen = choose_protocol(protocol, "cpu")
    found = []
    for name in chain.from_iterable(group() for group in GROUPS.values()):
        cost = measure_cost(name, chosen)
        typer.echo(f"{name}: {cost.flops:,.0f} operations a token, {cost.speed:.2f} of the template's speed")
        found.append(cost)
    write_costs(tables_in(folder) / f"{chosen.name}_costs.csv", found)


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
    with kept_text(text_path(chosen, tables_in(folder))) as rows:
        with open_executor(None, device, places) as executor:
            measure_text(rows, chosen, mixers, executor, hours, partial(typer.echo, err=True))
        print(text_table(rows.of(chosen)))


def field() -> None:
    """Write the tables of the published mixers into docs/field.md again: sizes, and scores where they are measured."""
    if CHECKOUT is None:
        raise UsageError("this is an installed package, which has no docs/field.md: work in a checkout")
    write(CHECKOUT / "docs")

"""The verbs of the study that read what was measured, or make scores up, and print a table."""

from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Annotated

import typer

from agent.core.baselines import (
    BASELINES,
    TEMPLATE,
)
from agent.core.errors import UsageError
from agent.core.invocation import command
from agent.core.text_score import Kind
from agent.evaluator.protocols import TEXT_SMALL, choose_protocol
from agent.science.noise import read_noise
from agent.science.objective import Objective
from agent.science.promotion import LEAST_CHANCE
from agent.search.assembly import make_catalogue
from agent.search.config import read_config
from agent.store.workspace import Workspace
from agent.study.agreement import agreement_of
from agent.study.archive import quick_of_edition_2
from agent.study.cells import task_scores
from agent.study.dialogues import SKILLS, WAYS, night, table_of_dialogues
from agent.study.dialogues import TRUTHS as PLANTED
from agent.study.equals import HEADINGS as EQUALS_HEADINGS
from agent.study.equals import LUCKS, told_of
from agent.study.language_models import HEADINGS as ORDER_HEADINGS
from agent.study.language_models import LanguageModel, measured_on_text, orders, published
from agent.study.nights import ARMS, Bench
from agent.study.nights_table import table_of_nights
from agent.study.options import STUDY, Folder, ProtocolName, one_of, table_of, text_rows
from agent.study.page import markdown
from agent.study.prompts import prompt_at, told
from agent.study.replay import HEADINGS, MeasuredRows, line_of, replayed, rows_of_edition_2, rows_of_today
from agent.study.synthetic import synthetic
from agent.study.text_rows import TIMES, measured_alike
from agent.study.text_table import TOLD_APART
from agent.study.truths import TRUTHS


def agreement(protocol: ProtocolName = "quick", folder: Folder = None) -> None:
    """Print our scores of the known variants, and how far their order is that of the known scores."""
    chosen = choose_protocol(protocol, "cpu")
    rows = table_of(chosen, folder).rows()
    ours = task_scores(chosen, rows, BASELINES)
    if ours.empty:
        raise UsageError(
            f"no task is measured yet under {chosen.name}: {command(f'table --protocol {chosen.name}', module=STUDY)}"
        )
    print(markdown(["variant", *ours.columns], [[name, *scores] for name, scores in ours.iterrows()]))
    found = agreement_of(chosen, rows, ours)
    print(markdown(found.header, found.rows))


def language_models(protocol: ProtocolName = "quick", folder: Folder = None) -> None:
    """Print how far each task and axis orders mixers as language models around them are ordered."""
    chosen = choose_protocol(protocol, "cpu")
    rows, texts = table_of(chosen, folder).rows(), measured_alike(text_rows(TEXT_SMALL, folder).rows())
    told: list[tuple[str, list[LanguageModel]]] = [("Published perplexities", published())]
    for kind, times in product(TOLD_APART, (1, TIMES)):
        models = measured_on_text(texts, kind, times)
        told.append((f"{len(models)} models of {TEXT_SMALL.name}, {_bits(kind, times)}", models))
    found = [(title, orders(chosen, rows, models)) for title, models in told]
    if not any(each for _, each in found):
        raise UsageError(
            f"no two mixers of one paper are measured yet under {chosen.name}: "
            f"{command(f'table --protocol {chosen.name} --variant published', module=STUDY)}"
        )
    for title, each in found:
        if each:
            print(f"{title}:\n\n{markdown(ORDER_HEADINGS, [order.line for order in each])}")


def _bits(kind: Kind, times: int) -> str:
    return f"bits on {kind} bytes" + (f" of windows {times} times as long" if times > 1 else "")


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


def prompts(
    workspace: Annotated[Path, typer.Option(help="The workspace whose history it is.")] = Path(),
    run: Annotated[str | None, typer.Option(help="As at the proposal of this run, by id or name; else now.")] = None,
    tokens: Annotated[int | None, typer.Option(help="Of the prompt; default: prompt_tokens of search.toml.")] = None,
) -> None:
    """Print the prompt that a model gets at a moment of a history, and how many tokens it takes."""
    home = Workspace(workspace)
    budget = tokens or read_config(workspace, {}).prompt_tokens
    print(told(prompt_at(home, budget, home.find(run) if run else None), budget))

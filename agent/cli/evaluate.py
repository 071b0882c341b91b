"""Train and score one file."""

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

from agent.cli.options import DeviceOption, JsonOption, ProtocolOption, WorkspaceOption
from agent.cli.variant_file import named_variant, read_variant
from agent.core.baselines import TEMPLATE, baseline_path
from agent.core.errors import UsageError
from agent.core.invocation import HERE
from agent.core.run import PERSON, Proposal, RunFacts
from agent.core.score import ScoreCard
from agent.core.text import say
from agent.evaluator.protocol import Init, Protocol
from agent.evaluator.protocols import PROTOCOLS, choose_protocol, refuse_without_columns, varied
from agent.science.budget import MeansBudget, excess
from agent.store.workspace import Workspace

LARGEST_TEST_SEED = (1 << 48) - 1  # of those that are drawn


def evaluate(
    file: Annotated[
        Path, typer.Argument(help="The variant: a Python file with delta_rule_chunkwise, or the name of a known mixer.")
    ],
    protocol: ProtocolOption = None,
    name: Annotated[
        str | None, typer.Option(help="Keep the result as a run and as a row of results.csv, under this name.")
    ] = None,
    task: Annotated[list[str] | None, typer.Option(help="Score only this task; repeat the option for more.")] = None,
    cut: Annotated[bool, typer.Option("--cut/--no-cut", help="End hopeless points of a grid early.")] = True,
    heads: Annotated[
        int | None, typer.Option(min=1, help="Divide the width among so many heads, such as 4; default: one head.")
    ] = None,
    init: Annotated[
        Init | None,
        typer.Option(help="Begin with linear weights from N(0, 0.02), as MAD before December 2024: normal."),
    ] = None,
    equal_parameters: Annotated[
        bool,
        typer.Option("--equal-parameters", help="Narrow the SwiGLU until the variant has no more than the template."),
    ] = False,
    test_seed: Annotated[
        int | None,
        typer.Option(min=0, max=LARGEST_TEST_SEED, help="Draw the test from this seed, not a new secret one."),
    ] = None,
    recorded: Annotated[
        bool,
        typer.Option("--recorded", help="Have a GPU record a training step once and replay it. No GPU has tried it."),
    ] = False,
    text: Annotated[
        str | None,
        typer.Option(help="Read this folder or file under text-small or text; default: `text` of search.toml."),
    ] = None,
    device: DeviceOption = None,
    workspace: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Train and score one variant: a file, or a known mixer by its name."""
    # Importing torch takes a second: what can be refused without it is refused at once.
    file = named_variant(file)
    read_variant(file)
    held = Workspace(workspace).protocol() if name is not None else None
    chosen = protocol_of(protocol or (held["name"] if held else None), device, text, workspace)
    chosen = chosen.only(tuple(task)) if task else chosen
    chosen = varied(chosen if cut else replace(chosen, cut=None), heads, init)
    if name is not None:
        _refuse_part_of_a_row(
            {"--task": task, "--no-cut": not cut, "--equal-parameters": equal_parameters}
            | {"--heads": heads, "--init": init}
        )
        refuse_without_columns(chosen, "leave out --name")
        Workspace(workspace).check_protocol(chosen.name, chosen.fingerprint)
        Workspace(workspace).check_new(name)

    from agent.evaluator.contract.gate import check_code
    from agent.evaluator.evaluation import evaluate
    from agent.search.printing import print_card, watching

    source = file.read_text(encoding="utf-8")
    known: RunFacts = _facts_of_a_run(file, chosen, device) if name is not None else {}
    if name is not None and test_seed is None:
        test_seed = Workspace(workspace).test_seed()
    for remark in check_code(file):
        print(f"{file}, {remark}", file=sys.stderr)
    narrowed = _narrowed(file, chosen) if equal_parameters else chosen
    with watching(narrowed) as watch:
        card = evaluate(file, narrowed, device, test_seed, watch, recorded=recorded)
    if as_json:
        _print_json(card)
    else:
        print_card(card)
        _print_excess(card, chosen, Workspace(workspace).budget())
    if name is not None:  # last, so that a disk that is full by now costs the row alone
        proposal = Proposal(name, source, PERSON, say("title.added by hand", file=file.name))
        _keep(Workspace(workspace), proposal, {**known, "card": card})


def _print_json(card: ScoreCard) -> None:
    average = card.average if card.tasks else None
    json.dump(asdict(card) | {"scores": card.scores, "average": average}, sys.stdout, indent=1)
    print()


def _keep(workspace: Workspace, proposal: Proposal, facts: RunFacts) -> None:
    """Make a scored run of an evaluation, with its note and its row."""
    from agent.search.closing import conclude
    from agent.store.lineage import Lineage

    card = facts["card"]
    assert card is not None
    run = workspace.create(proposal, card.protocol, card.fingerprint, "evaluated", **facts)
    conclude(workspace, Lineage(workspace.root), run)


def _refuse_part_of_a_row(given: Mapping[str, object]) -> None:
    """A row of results.csv is of a whole protocol as it is; UsageError names the option to leave out."""
    for option, value in given.items():
        if value and option == "--task":
            raise UsageError("a row of results.csv needs all tasks of its protocol: leave out --task or --name")
        if value:
            raise UsageError(f"a row of results.csv is of a protocol as it is: leave out {option} or --name")


def _narrowed(file: Path, protocol: Protocol) -> Protocol:
    """The protocol at the template's parameters, and how narrow it had to become."""
    from agent.evaluator.contract.variant import read_declaration
    from agent.evaluator.equal_parameters import at_equal_parameters

    narrowed = at_equal_parameters(read_declaration(file), protocol)
    print(say("means.narrowed", inner=narrowed.inner, whole=protocol.inner)["en"], file=sys.stderr)
    return narrowed


def _print_excess(card: ScoreCard, protocol: Protocol, budget: MeansBudget) -> None:
    """What the variant takes beyond the budget, beside the template, whose means are counted for it."""
    from agent.evaluator.check import op_under_test
    from agent.evaluator.means import SECONDS, measure_means
    from agent.evaluator.time_limit import TimeLimit

    with op_under_test(baseline_path(TEMPLATE), protocol, TimeLimit(SECONDS)) as op:
        template = replace(card, **asdict(measure_means(op)))
    for axis, ratio in excess(card, template, budget).items():
        print(say("means.larger", axis=say(f"means.{axis}"), ratio=ratio)["en"])


def _facts_of_a_run(file: Path, protocol: Protocol, device: str | None) -> RunFacts:
    """What is kept with a run beside its score: by what it can be told from others, and what confined it."""
    from agent.evaluator.check import check
    from agent.evaluator.evaluation import choose_device
    from agent.evaluator.jail.isolation import prove_isolation

    return {
        "isolation": prove_isolation(choose_device(device)),
        "signature": check(file, protocol),
    }


def protocol_of(name: str | None, device: str | None, text: str | None, workspace: Path) -> Protocol:
    """The protocol that was named, or the one that the device can afford; one of text reads what is named too."""
    if name is not None:
        if text is None and name in PROTOCOLS and PROTOCOLS[name].text is not None:
            from agent.search.config import read_config

            text = read_config(workspace, {}).text
        return choose_protocol(name, device or "cpu", text)
    from agent.evaluator.evaluation import choose_device  # torch alone knows whether there is a GPU

    return choose_protocol(None, choose_device(device), text)

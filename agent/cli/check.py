"""Whether a file is a variant, in seconds: the gate and the probes alone, and what they found."""

import json
from pathlib import Path
from typing import Annotated

import typer

from agent.cli.options import JsonOption, PrintLangOption, WorkspaceOption
from agent.cli.variant_file import named_variant, read_variant
from agent.core.invocation import HERE
from agent.core.languages import check_language
from agent.core.sentences import listed
from agent.core.text import ENGLISH, Text, clean, say
from agent.evaluator.contract.declaration import Declaration
from agent.evaluator.contract.parsing import parse_variant
from agent.evaluator.protocol import Protocol
from agent.evaluator.protocols import choose_protocol
from agent.store.workspace import Workspace


def check(
    file: Annotated[
        Path, typer.Argument(help="The variant: a Python file with delta_rule_chunkwise, or the name of a known mixer.")
    ],
    protocol: Annotated[
        str, typer.Option(help="Take the sizes of this protocol, such as quick or mad; nothing is trained.")
    ] = "quick",
    lang: PrintLangOption = ENGLISH,
    as_json: JsonOption = False,
    workspace: WorkspaceOption = HERE,
) -> None:
    """Whether a file keeps the contract, with its sizes and remarks; nothing is trained. See docs/contract.md."""
    check_language(lang)
    file = named_variant(file)
    declaration = read_variant(file)  # what can be refused without torch is refused at once
    remarks = [remark.text for remark in parse_variant(file).remarks]
    chosen = choose_protocol(protocol, "cpu")

    from agent.evaluator.check import examine, parameter_count
    from agent.search.inspection import find_duplicate

    found = examine(file, chosen)
    runs = Workspace(workspace).history().runs
    twin = find_duplicate(found.signature, {run.name: run.signature for run in runs if run.signature})
    parameters, of_template = (parameter_count(each, chosen) for each in (declaration, Declaration({}, {})))
    if as_json:
        facts = {"protocol": chosen.name, "parameters": parameters, "state_size": found.state_size}
        declared = {"inputs": dict(declaration.inputs), "learned_parameters": list(declaration.parameters)}
        said = {"unused": found.unused, "twin": twin, "remarks": [remark[lang] for remark in remarks]}
        print(json.dumps(facts | declared | said, indent=1, ensure_ascii=False))
        return
    lines = [
        say("check.passed", file=clean(str(file)), protocol=chosen.name),
        _declared(declaration),
        say("check.parameters", count=parameters, times=parameters / of_template),
        say("check.state", count=found.state_size, times=found.state_size / state_of_template(chosen)),
        *([say("check.unused", names=", ".join(found.unused))] if found.unused else []),
        *([say("check.twin", twin=twin)] if twin else []),
        *remarks,
    ]
    print("\n".join(line[lang] for line in lines))


def _declared(declaration: Declaration) -> Text:
    """What the layer hands to the op beside q, k, v and beta."""
    inputs = [f"{name} ({kind})" for name, kind in declaration.inputs.items()]
    parameters = [f"{name} ({', '.join(map(str, each.shape))})" for name, each in declaration.parameters.items()]
    return say("check.declared", inputs=listed(inputs), parameters=listed(parameters))


def state_of_template(protocol: Protocol) -> int:
    """How many numbers the template's memory holds: a matrix of keys by values in each head."""
    return protocol.heads * (protocol.width // protocol.heads) ** 2

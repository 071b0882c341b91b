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
    python -m agent.study dialogues                      nights around scripted models: kinds of request, niches
    python -m agent.study prompts --run 20250616_174156  what a model was or would be asked at a moment of a history

Those that train, table, noise and text, keep what they measure in baselines/measured/, each seed as soon as it is
there, and go on where they were stopped. From what is measured noise and pairs write PROTOCOL_noise.csv, costs writes
PROTOCOL_costs.csv, field the tables in docs/field.md; the others print.
"""

import sys

import typer

from agent.core.errors import DeltaSearchError
from agent.core.invocation import settle
from agent.study.measuring_verbs import costs, field, noise, pairs, table, text
from agent.study.telling_verbs import agreement, dialogues, equals, language_models, legs, nights, prompts

AS_WRITTEN = "\b\n"  # click leaves the lines of such a paragraph as they are
app = typer.Typer(
    add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None,
    help=__doc__.replace("\n\n", f"\n\n{AS_WRITTEN}"),
)  # fmt: skip
for verb in (
    table, noise, pairs, agreement, language_models, costs, text, field, nights, legs, equals, dialogues, prompts,
):  # fmt: skip
    app.command()(verb)


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

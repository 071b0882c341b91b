"""docs/field.md says of every published mixer what the program counts of it."""

from dataclasses import fields

from house import ROOT

from agent.core.baselines import TEMPLATE, control_paths, published_paths
from agent.core.score import SeedScore
from agent.evaluator.protocols import MAD, QUICK, SMOKE
from agent.study import field_scores
from agent.study.costs import measure_cost, read_costs, write_costs
from agent.study.field_page import Entry, with_tables
from agent.study.field_scores import scores_table
from agent.study.field_settings import memorize_table
from agent.study.pieces import settings_of
from agent.study.rows import Row
from agent.study.text_rows import TextRow, TextTable

PAGE = (ROOT / "docs" / "field.md").read_text(encoding="utf-8")


def test_the_page_is_as_the_program_counts():
    assert with_tables(PAGE) == PAGE, "write it again: python -m agent.study field"
    assert all(f"(`{name}`)" in PAGE for name in published_paths())


def test_an_entry_has_what_the_docstring_says_and_what_is_counted():
    kda = Entry.of("kda", QUICK)
    assert kda.paper == "[2510.26692](https://arxiv.org/abs/2510.26692)"
    assert kda.leaves_out == "the low rank of the gate's projection, and the output gate behind the norm"
    assert kda.state_bytes == 4 * QUICK.heads * (QUICK.width // QUICK.heads) ** 2
    assert kda.parameters > Entry.of("delta_net_negative_eigenvalues", QUICK).parameters


def test_a_cost_is_counted_timed_and_read_back(tmp_path):
    """The delta rule costs the same whichever file says it; a loop over tokens would be far slower."""
    found = [measure_cost(name, SMOKE) for name in ("delta_net_negative_eigenvalues", TEMPLATE)]
    write_costs(tmp_path / "costs.csv", found)
    assert read_costs(tmp_path / "costs.csv", SMOKE) == {cost.variant: cost for cost in found}
    assert read_costs(tmp_path / "costs.csv", QUICK) == {}
    assert read_costs(tmp_path / "none.csv", SMOKE) == {}
    eigenvalues, template = found
    assert template.flops <= eigenvalues.flops < 1.1 * template.flops
    assert 0.2 < template.speed < 5


def test_the_scores_stand_in_the_order_of_the_objective_and_controls_below_the_template():
    lines = [line.split(" | ") for line in scores_table(QUICK).splitlines()[2:]]
    names = [line[0].removeprefix("| ") for line in lines]
    assert names.index(TEMPLATE) < min(names.index(control) for control in control_paths())
    assert set(lines[0]) > {"known"} or set(lines[0]) > {"field"}


def test_settings_stand_apart_and_their_mean_only_where_all_are_measured():
    settings = [setting for setting in settings_of(MAD) if setting.task == "Memorize"]
    assert [setting.vocab for setting in settings] == [256, 512, 1024, 2048, 4096, 8192]

    def rows(variant, score, measured):
        for setting in measured:
            seed = SeedScore("Memorize", setting.label, 0, score, score, score, 1e-3, 0.0, "finished", 1, 1)
            yield Row(variant, "Memorize", setting.label, 0, seed, 1.0, MAD.setting_fingerprint(setting), 1, "cpu", "")

    head, _, *lines = memorize_table(
        MAD, [*rows("kda", 0.9, settings[:2]), *rows(TEMPLATE, 0.25, settings), *rows("cyfa", 0.5, settings)]
    ).splitlines()
    assert head.startswith("| mixer, Memorize | 256 values | 512 values | 1,024 values |")
    assert lines == [
        "| CyFA |" + " 0.500 |" * 7,
        f"| {TEMPLATE} |" + " 0.250 |" * 7,
        "| KDA | 0.900 | 0.900 | · | · | · | · | · |",
    ]


def test_what_was_trained_on_text_has_two_columns_more(monkeypatch, tmp_path):
    def row(variant, seed, recalled):
        facts = {field.name: 0 for field in fields(TextRow)} | {"fingerprint": "a"}
        return TextRow(**facts | {"variant": variant, "seed": seed, "recalled": recalled, "other": 2 * recalled})

    kept = TextTable(tmp_path / "text_small.csv")
    monkeypatch.setattr(field_scores, "text_rows", lambda protocol, folder: kept)
    assert "fewer bits" not in scores_table(QUICK)
    kept.add([row(TEMPLATE, 0, 1.5), row("kda", 0, 1.25), row("kda", 1, 9.0)])
    head, _, *lines = scores_table(QUICK).splitlines()
    assert head.endswith(" | fewer bits, recalled | fewer bits, other |")
    ends = {line.split(" | ")[0].removeprefix("| "): line.split(" | ")[-2:] for line in lines}
    assert ends["KDA"] == ["0.250", "0.500 |"]  # the seed that both have
    assert ends[TEMPLATE] == ["0", "0 |"]
    assert ends["CyFA"] == ["\u00b7", "\u00b7 |"]

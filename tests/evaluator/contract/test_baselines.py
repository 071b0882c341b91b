"""The table of known scores, and a file for each of its rows."""

import ast

import pytest

from agent.core.baselines import BASELINES, GATED, TEMPLATE, baseline_path, reference_scores
from agent.core.resources import KNOWN_VARIANTS, TEMPLATE_FILE
from agent.evaluator.contract.variant import read_declaration

TASKS = ["Compress", "Context Recall", "Fuzzy Recall", "Memorize", "Noisy Recall", "Selective Copy"]


def test_the_table_has_the_twelve_names_in_order_and_six_scores_each():
    scores = reference_scores()
    assert len(BASELINES) == 12
    assert tuple(scores) == BASELINES
    assert all(list(row) == TASKS and all(0 < score < 1 for score in row.values()) for row in scores.values())
    assert scores[TEMPLATE]["Compress"] == 0.487037
    assert scores[GATED]["Fuzzy Recall"] == 0.303293


def test_pandas_reads_the_table_with_its_index():
    pandas = pytest.importorskip("pandas")
    table = pandas.read_csv(KNOWN_VARIANTS / "reference.csv", index_col=0)
    assert table.to_dict(orient="index") == reference_scores()


def test_each_name_has_its_file_and_each_file_its_name():
    paths = [baseline_path(name) for name in BASELINES]
    baselines = KNOWN_VARIANTS
    assert sorted(paths) == sorted([*baselines.glob("*.py"), *(baselines / "history").glob("*.py")])
    for path in paths:
        read_declaration(path)


def test_an_unknown_name_is_refused():
    with pytest.raises(LookupError, match="gated_delta_net_4layer"):
        baseline_path("delta_net_4layer_../../agent/cli")


def test_the_first_baseline_is_the_template():
    template = ast.parse(TEMPLATE_FILE.read_text())
    assert ast.dump(ast.parse(baseline_path(TEMPLATE).read_text())) == ast.dump(template)

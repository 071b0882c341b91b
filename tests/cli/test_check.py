"""`check`: what it says of a file that keeps the contract, and of one that does not."""

import json
from pathlib import Path

import pytest
from small_evaluations import write_variant

from agent.cli.check import check
from agent.cli.variant_file import named_variant
from agent.core.baselines import GATED, TEMPLATE, baseline_path, published_paths
from agent.core.errors import UsageError
from agent.core.resources import TEMPLATE_FILE
from agent.evaluator.check import examine, parameter_count
from agent.evaluator.contract.variant import read_declaration
from agent.evaluator.evaluation import evaluate
from agent.evaluator.failure import EvaluationFailed
from agent.evaluator.protocols import SMOKE


def test_it_says_what_is_declared_how_large_it_is_and_what_it_does_not_use(tmp_path, capsys):
    check(published_paths()["mamba2"], "smoke", workspace=tmp_path)
    said = capsys.readouterr().out
    assert "keeps the contract" in said
    assert "learned inputs: dt (head), z (value). Learned parameters: A_log (head), dt_bias (head), D (head)." in said
    assert ", 1.00 times that of the template" in said
    assert "remark: no output depends on beta\n" in said


def test_it_says_so_in_chinese_and_in_json(tmp_path, capsys):
    check(TEMPLATE_FILE, "smoke", lang="zh", workspace=tmp_path)
    assert "符合契约" in capsys.readouterr().out
    check(TEMPLATE_FILE, "smoke", as_json=True, workspace=tmp_path)
    told = json.loads(capsys.readouterr().out)
    assert told["state_size"] == SMOKE.heads * (SMOKE.width // SMOKE.heads) ** 2
    assert (told["unused"], told["twin"], told["remarks"]) == ([], None, [])
    with pytest.raises(UsageError, match="--lang fr"):
        check(TEMPLATE_FILE, "smoke", lang="fr", workspace=tmp_path)


def test_it_names_the_run_that_computes_the_same(tmp_path, capsys):
    from sample_cards import sample_proposal

    from agent.store.workspace import Workspace

    found = examine(TEMPLATE_FILE, SMOKE)
    Workspace(tmp_path).create(
        sample_proposal(TEMPLATE), SMOKE.name, SMOKE.fingerprint, "approved", signature=found.signature
    )
    check(TEMPLATE_FILE, "smoke", workspace=tmp_path)
    assert f"it computes what {TEMPLATE} of this workspace computes" in capsys.readouterr().out


def test_a_file_that_breaks_a_rule_is_refused(tmp_path):
    with pytest.raises(EvaluationFailed, match="must be the same"):
        check(write_variant(tmp_path, in_op="o = o[:, :, 1:]"), "smoke", workspace=tmp_path)


@pytest.mark.slow
def test_the_parameters_are_those_of_a_score_card():
    path = published_paths()["kda"]
    assert parameter_count(read_declaration(path), SMOKE) == evaluate(path, SMOKE).parameters


def test_a_known_mixer_is_named_as_papers_do_and_a_file_is_itself(tmp_path, monkeypatch):
    """Wherever one stands: the example of `evaluate --help` needs no checkout."""
    monkeypatch.chdir(tmp_path)
    assert named_variant(Path("gated_delta_net_4layer")) == baseline_path(GATED)
    assert named_variant(Path("Gated DeltaNet-2")).name == "gated_delta_net_2.py"
    own = tmp_path / "kda"
    own.write_text("x = 1")
    assert named_variant(Path("kda")) == Path("kda")
    assert named_variant(Path("nothing.py")) == Path("nothing.py")
    assert named_variant(Path("of no name")) == Path("of no name")


def test_it_takes_the_name_of_a_known_mixer(tmp_path, capsys):
    check(Path("ret net"), "smoke", workspace=tmp_path)
    assert str(published_paths()["ret_net"]) in capsys.readouterr().out

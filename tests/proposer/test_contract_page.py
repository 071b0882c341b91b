"""docs/contract.md: its rules are those that a model is told, its examples pass the check, its mistakes are refused."""

import re

import pytest
from house import ROOT

from agent.core.errors import DeltaSearchError
from agent.core.resources import TEMPLATE_FILE
from agent.evaluator.check import examine
from agent.evaluator.protocols import SMOKE
from agent.proposer.contract import contract_rules, with_rules
from agent.proposer.model import HERE

PAGE = (ROOT / "docs" / "contract.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
MISTAKES = re.findall(r"\*\*\d\. (.+?)\*\*\n\n```diff\n(.*?)```\n\n> ([^\n]+)\n", PAGE, re.DOTALL)


def changed(source, diff):
    """The file with each hunk of a diff made; a hunk's old lines must stand in it."""
    for hunk in diff.strip("\n").split("\n\n"):
        lines = hunk.splitlines()
        old, new = ([line[1:] for line in lines if line[0] == sign] for sign in "-+")
        assert "\n".join(old) in source
        source = source.replace("\n".join(old), "\n".join(new))
    return source


def test_the_page_holds_the_rules_as_they_are():
    assert with_rules(PAGE) == PAGE, "write them again: python -m agent.proposer.contract"


def test_a_model_is_told_the_same_rules():
    source = (HERE / "propose.j2").read_text(encoding="utf-8")
    assert '# The contract\n{% include "contract.j2" %}\n' in source
    assert "Causal: output t depends on tokens 0..t alone" in contract_rules()


def test_there_are_three_examples_and_eight_mistakes():
    assert (len(EXAMPLES), len(MISTAKES)) == (3, 8)


@pytest.mark.parametrize("example", EXAMPLES, ids=["a decay", "a learned input", "a second state"])
def test_an_example_passes_the_check(example, tmp_path):
    path = tmp_path / "my_mixer.py"
    path.write_text(example)
    assert examine(path, SMOKE).state_size > 0


@pytest.mark.parametrize(("title", "diff", "message"), MISTAKES, ids=[title for title, _, _ in MISTAKES])
def test_a_mistake_gives_its_message(title, diff, message, tmp_path):
    path = tmp_path / "my_mixer.py"
    path.write_text(changed(TEMPLATE_FILE.read_text(), diff))
    with pytest.raises(DeltaSearchError) as refused:
        examine(path, SMOKE)
    told = str(refused.value).replace(str(path), path.name)
    assert re.fullmatch(".+?".join(map(re.escape, message.split("…"))), told), told

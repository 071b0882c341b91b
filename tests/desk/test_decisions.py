"""A decision without any screen: what it moves in the run folders."""

from dataclasses import replace

import pytest
from proposed_runs import DECAY, VALUE_SKIP, scored_template, wait_for_review

from agent.core.errors import UsageError
from agent.core.run import PERSON, Review
from agent.desk.decisions import reject
from agent.store.workspace import Workspace


@pytest.fixture
def home(tmp_path):
    return scored_template(tmp_path / "home")


def test_a_rejection_everywhere_takes_what_waits_and_does_the_same_with_it(home):
    first, other = wait_for_review(home, "value_skip", "data_dependent_decay")
    again = home.create(
        replace(first.proposal, name="again", source=first.proposal.source + "\n"), other.protocol, other.fingerprint
    )
    assert [run.name for run in reject(home, first, " never ", everywhere=True)] == [VALUE_SKIP, "again"]
    found = {run.name: run for run in Workspace(home.root).history().runs}
    assert found[VALUE_SKIP].review == Review("rejected", PERSON, "never", everywhere=True)
    assert found[again.name].review == Review("rejected", PERSON, "never")
    assert found[DECAY].stage == "proposed"


def test_a_rejection_of_one_variant_leaves_the_others(home):
    first, _ = wait_for_review(home, "value_skip", "data_dependent_decay")
    assert [run.name for run in reject(home, first, "no")] == [VALUE_SKIP]
    with pytest.raises(UsageError, match="needs a reason"):
        reject(home, home.find(DECAY), " ", everywhere=True)


def test_a_review_that_an_earlier_version_wrote_is_read(home):
    (first,) = wait_for_review(home, "value_skip")
    reject(home, first, "no")
    path = home.folder(first) / "run.json"
    text = path.read_text()
    assert '"everywhere": false' in text
    path.write_text(text.replace(',\n  "everywhere": false', ""))
    assert "everywhere" not in path.read_text()
    assert Workspace(home.root).find(first.id).review == Review("rejected", PERSON, "no")

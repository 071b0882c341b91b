"""`verify` as a person meets it: what it trains, what it says, and that it goes on where it was. Nothing is trained."""

from dataclasses import replace

import pytest
from axis_cards import AT_LENGTH, TEMPLATE_SCORES, VALUE_SKIP, axis_card
from sample_cards import sample_proposal
from sample_text import sample_text
from typer.testing import CliRunner
from verified_cards import TEMPLATE_PAIRS, verified_card

from agent.cli import verify as verb
from agent.cli.main import app
from agent.core.baselines import GATED, TEMPLATE
from agent.core.errors import UsageError
from agent.core.isolation import Isolation
from agent.core.run import BASELINE
from agent.core.text import ENGLISH
from agent.evaluator.protocols import QUICK
from agent.science.verification_words import verified
from agent.search.printing import print_card
from agent.store.workspace import Workspace

GOOD = "delta_net_4layer_good"
CARDS = {TEMPLATE: verified_card(own=0.0), GOOD: verified_card(pairs={**TEMPLATE_PAIRS, 32: 0.97})}


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A workspace with the template, the gate and a proposal; `trained` are the names of what was trained since."""
    home = Workspace(tmp_path)
    for name, author, scores in (
        (TEMPLATE, BASELINE, TEMPLATE_SCORES),
        (GATED, BASELINE, TEMPLATE_SCORES),
        (GOOD, "catalogue", VALUE_SKIP),
    ):
        card = replace(axis_card(scores, AT_LENGTH), fingerprint=QUICK.fingerprint, seconds=100.0)
        proposal = sample_proposal(name, f"# {name}\n", author)
        home.create(proposal, QUICK.name, QUICK.fingerprint, "evaluated", card=card)
    home.trained = []

    def trained(workspace, training, device):
        home.trained.append((training.protocol.name, training.run.name))
        card = CARDS.get(training.run.name, CARDS[TEMPLATE])
        if training.protocol.text:
            card = replace(card, tasks={}, further={}, text=sample_text(), protocol=training.protocol.name)
        return replace(card, fingerprint=training.protocol.fingerprint, seconds=100.0)

    monkeypatch.setattr(verb, "_trained", trained)
    monkeypatch.setattr("agent.search.assembly.require_isolation", lambda *asked: Isolation(said="as in tests"))
    return home


def run(home, *arguments):
    return CliRunner().invoke(
        app, ["verify", *arguments, "--device", "cpu", "--workspace", str(home.root)], catch_exceptions=False
    )


def each_by(*names):
    """What is trained, in its order."""
    return [(protocol, name) for protocol in ("verify", "text-small") for name in names]


def test_verify_trains_the_template_and_the_run_once_and_says_the_verdict(home):
    told = run(home, GOOD)
    assert told.exit_code == 0
    assert home.trained == each_by(TEMPLATE, GOOD)
    history = home.history()
    said = verified(history, history.find(GOOD))[ENGLISH]
    assert said.startswith("holds at 2 times its length")
    assert "not fewer bits per byte that could be told: 2.100, the template 2.100" in said
    assert told.stdout.splitlines() == [f"{GOOD}: {said}"]
    assert run(home, "good").stdout == told.stdout  # the short name, and nothing is trained again
    assert len(home.trained) == 4


def test_verify_trains_what_it_is_named_beside(home):
    run(home, GOOD, "--with", "template,best")
    assert home.trained == each_by(TEMPLATE, GOOD, GATED)


def test_verify_begins_nothing_that_would_end_after_the_hours(home):
    told = run(home, GOOD, "--hours", "0.001")
    assert home.trained == []
    assert told.exit_code == 0
    assert told.stdout.splitlines()[0] == f"{GOOD}: not verified"
    left = ", ".join(f"{name} by {protocol}" for protocol, name in each_by(TEMPLATE, GOOD))
    assert f"Left for another time: {left}. Go on with" in told.stdout
    assert f"verify {GOOD} --workspace {home.root}" in told.stdout


def test_verify_says_what_is_missing(home, tmp_path):
    with pytest.raises(UsageError, match="no run 'nothing'"):
        run(home, "nothing")
    home.create(sample_proposal("delta_net_4layer_waits"), QUICK.name, QUICK.fingerprint)
    with pytest.raises(UsageError, match="has no score: only a scored run can be verified"):
        run(home, "delta_net_4layer_waits")
    empty = Workspace(tmp_path / "empty")
    empty.create(sample_proposal(GOOD), QUICK.name, QUICK.fingerprint, "evaluated", card=home.find(GOOD).card)
    with pytest.raises(UsageError, match="the template has no score here"):
        run(empty, GOOD)


def test_a_card_is_printed_with_each_length_and_each_number_of_pairs(capsys):
    print_card(CARDS[TEMPLATE])
    told = capsys.readouterr().out
    for wanted in (
        "Selective Copy on sequences 2 times as long: 0.9",
        "Selective Copy on sequences 8 times as long: 0.9",
        "recall of 4 pairs: 0.99",
        "recall of 64 pairs: 0.50",
        "pairs held at 0.9: 24.",
    ):
        assert wanted in told

"""A search that waits for a model: Ctrl-C there ends it, no training begins, and what was paid for is kept."""

import threading

import pytest
from sample_cards import sample_card, sample_proposal
from scripted_endpoint import endpoint, say
from small_evaluations import ONE_TASK
from small_search import small_search

from agent.core.baselines import TEMPLATE
from agent.core.errors import INTERRUPTED
from agent.core.isolation import Isolation
from agent.llm import Interrupted
from agent.search.assembly import assemble, proposing
from agent.search.config import Config
from agent.search.screen import Screen
from agent.store.workspace import Workspace


class Slow:
    """A proposer that a model stands behind, and that never comes to an end by itself."""

    def __init__(self):
        self.asked, self.over = threading.Event(), threading.Event()

    def propose(self, history, parent, draw, idea=""):
        self.asked.set()
        assert self.over.wait(30)
        return sample_proposal(f"{TEMPLATE}_late")

    def calls(self):
        return ()

    def probe(self):
        pass

    def close(self):
        self.over.set()


def test_who_stops_while_the_model_thinks_has_nothing_trained(tmp_path):
    proposer = Slow()
    search = small_search(tmp_path, proposer=proposer, baselines=())
    card = sample_card(ONE_TASK.fingerprint)
    template = sample_proposal(TEMPLATE, author="baseline")
    search.workspace.create(template, ONE_TASK.name, ONE_TASK.fingerprint, "evaluated", card=card)
    search.drafts.connection, search.drafts.waits = proposer, search.journal.waits

    def stop():
        assert proposer.asked.wait(30)
        search.ledger.interrupted = True

    threading.Thread(target=stop).start()
    assert search.run().exit_code == INTERRUPTED
    assert [run.name for run in search.workspace.history().runs] == [TEMPLATE]
    assert proposer.over.is_set()


def test_what_only_proposes_waits_without_a_word_and_stops_as_well(tmp_path):
    """It is not what the latest search of the workspace is doing."""
    search = small_search(tmp_path, baselines=())
    search.drafts.waits = search.journal.waits
    aside = proposing(search)
    aside.drafts.waits()
    assert not (tmp_path / "runs" / "status.json").exists()
    search.ledger.interrupted = True
    with pytest.raises(Interrupted):
        aside.drafts.waits()


def test_a_search_has_as_many_drafts_made_as_its_configuration_says_each_after_the_readings(tmp_path, monkeypatch):
    with endpoint([say("ready")]) as script:
        monkeypatch.setenv("OPENAI_API_KEY", "any")
        monkeypatch.setenv("OPENAI_BASE_URL", script.url)
        monkeypatch.setenv("NO_PROXY", "*")
        config = Config(protocol="smoke", device="cpu", drafts=3, proposer="model")
        silent = Screen(lambda status: None, lambda line: None)
        search = assemble(config, Workspace(tmp_path), Isolation(said="as in tests"), silent)
    assert search.drafts.places == 3
    assert search.drafts.read == search.analyses.read
    assert search.drafts.waits == search.journal.waits
    assert search.journal.calls == search.drafts.connection.calls
    assert search.drafts.kept.workspace is search.workspace

"""A search that waits for a model: Ctrl-C there ends it, no training begins, and what was paid for is kept."""

import threading

from sample_cards import sample_card, sample_proposal
from small_evaluations import ONE_TASK
from small_search import small_search

from agent.core.baselines import TEMPLATE
from agent.core.errors import INTERRUPTED


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

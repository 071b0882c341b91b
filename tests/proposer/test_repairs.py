"""What goes back to a model: nothing that it has said already is asked of it again."""

import pytest
from asked_model import BASE, GATE, HISTORY, Asked, ask_model
from model_replies import NAIVE, reply, variant, words
from sample_cards import FINGERPRINT
from scripted_endpoint import endpoint, refuse, say

from agent.core.errors import Unavailable
from agent.core.failure import Failure
from agent.core.reason import Reason
from agent.science.history import History

TANH = NAIVE.replace("error = u_i - w_i @ S", "error = torch.tanh(u_i - w_i @ S)")
BLOCK = """<<<<<<< SEARCH
        error = torch.tanh(u_i - w_i @ S)
=======
        error = torch.sigmoid(u_i - w_i @ S)
>>>>>>> REPLACE
"""


def failed_in_training(asked, proposal):
    facts = {"failure": Failure("diverged", Reason.said("the loss is not finite")), "attempts": 1}
    return asked.workspace.create(proposal, "smoke", FINGERPRINT, "failed", **facts)


def test_a_repair_after_a_training_may_be_code_alone(tmp_path):
    proposal, _, asked = ask_model(tmp_path, reply(TANH))
    history = History((*HISTORY.runs, failed_in_training(asked, proposal)), {})
    repaired, script, _ = ask_model(tmp_path, f"A bound that is smoother.\n{BLOCK}", history=history)
    assert len(script.requests) == 1
    assert "torch.sigmoid" in repaired.source
    for part in ("title", "argument", "predicted"):
        assert getattr(repaired, part) == getattr(proposal, part), part


def test_what_a_repair_says_anew_counts_and_the_rest_stays_however_many_turns_it_stood_in(tmp_path):
    """The first reply lacked a part, the second gave it; the repair changes another."""
    first = reply(TANH, reasoning_zh=None)
    proposal, _, asked = ask_model(tmp_path, first, "<reasoning_zh>• 有界的误差。</reasoning_zh>")
    history = History((*HISTORY.runs, failed_in_training(asked, proposal)), {})
    repaired, script, _ = ask_model(tmp_path, f"<title_en>Squash the error</title_en>\n{BLOCK}", history=history)
    assert len(script.requests) == 1
    assert (repaired.title["en"], repaired.title["zh"]) == ("Squash the error", "限制误差")
    assert repaired.argument["reasoning"]["zh"] == "• 有界的误差。"


def test_parts_of_a_reply_that_could_not_be_used_are_not_asked_again(tmp_path):
    cut_short = f"{words()}\nand no code"
    proposal, script, _ = ask_model(tmp_path, cut_short, f"```python\n{variant('value_skip')}```", parent=BASE)
    assert len(script.requests) == 2
    assert proposal.title["en"] == "Bound the error"
    assert GATE.name not in script.said(1)


def test_two_drafts_that_are_made_at_once_do_not_repair_the_same_run(tmp_path):
    proposal, _, asked = ask_model(tmp_path, reply(TANH))
    history = History((*HISTORY.runs, failed_in_training(asked, proposal)), {})
    with endpoint([say(f"Smoother.\n{BLOCK}")]) as script:
        both = Asked(script, tmp_path).proposer
        assert "torch.sigmoid" in both.repair(history).source
        assert both.repair(history) is None
        assert len(script.requests) == 1


def test_a_repair_that_could_not_be_asked_for_is_asked_for_another_time(tmp_path):
    proposal, _, asked = ask_model(tmp_path, reply(TANH))
    history = History((*HISTORY.runs, failed_in_training(asked, proposal)), {})
    with endpoint([refuse(401, "no"), say(f"Smoother.\n{BLOCK}")]) as script:
        proposer = Asked(script, tmp_path).proposer
        with pytest.raises(Unavailable):
            proposer.repair(history)
        assert "torch.sigmoid" in proposer.repair(history).source

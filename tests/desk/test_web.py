"""Deciding by way of a page: each decision, who may take one, and what the second of two is told."""

import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from at_a_terminal import ENTER, AtTerminal
from proposed_runs import DECAY, SWISH, VALUE_SKIP, scored_template, wait_for_review
from sample_cards import sample_card
from served import served

from agent.core.failure import Failure
from agent.core.languages import LANGUAGES
from agent.core.reason import Reason
from agent.core.run import PERSON, Review
from agent.core.score import MAD_TASKS, Confirmation
from agent.desk.decisions import approve
from agent.desk.web import Web
from agent.evaluator.failure import EvaluationFailed
from agent.evaluator.protocols import SMOKE
from agent.report.site import Site
from agent.store.requests import ToConfirm, queued_ideas, to_confirm, wish_of
from agent.store.workspace import Workspace

TOKEN = "a-token"
TASKS = [task.replace(" ", "_") for task in MAD_TASKS]


@pytest.fixture
def home(tmp_path):
    workspace = scored_template(tmp_path / "home")
    wait_for_review(workspace, "value_skip", "data_dependent_decay", "swish_output_gate")
    return workspace


def amend(home, run, source):
    """As the search does, without its checks: one that says "bad" is refused."""
    if "bad" in source:
        raise EvaluationFailed(Failure("refused", Reason.said("it is bad")))
    proposal = replace(run.proposal, source=source, editor=PERSON, unedited=run.proposal.source, moves=())
    return home.amend(run, proposal=proposal)


@pytest.fixture
def page(home):
    """A browser whose reader has opened the printed address."""
    site = Site(Workspace(home.root))
    site.build()
    other = Workspace(home.root)
    with served(site, TOKEN, Web(site, lambda run, source: amend(other, run, source)).routes()) as browser:
        browser.enter(TOKEN)
        yield browser


def seen(page, run):
    """What a card that is on the page stands for."""
    text = page.ask("GET", "/decide").text
    return re.search(rf'data-run="{run.id}" data-seen="(\w+)"', text)[1]


def decide(page, run, decision, **facts):
    return page.post(f"/runs/{run.id}/{decision}", {"seen": seen(page, run)} | facts)


def test_the_page_has_all_that_the_card_of_the_desk_has_in_every_language(page, home):
    run = home.find(VALUE_SKIP)
    text = page.ask("GET", "/decide").text
    for words in (run.proposal.title["en"], run.proposal.title["zh"], "0.580", "+0.080", "this one about", "本次约",
                  "causality", "因果性", "arXiv 2312.00752", "skip", "+value_skip"):  # fmt: skip
        assert words in text, words
    assert text.count("<article") == 3
    for code in LANGUAGES:
        assert f'class="{code}' in text
    for asset in ("/decide.js", "/decide.css"):
        assert page.ask("GET", asset).status == 200
    assert '<a href="/decide">' in page.ask("GET", "/live.html").text


def test_each_decision_is_a_move_of_the_run(page, home):
    first, second, third = home.history().runs[1:]
    assert decide(page, first, "approve", remark=" as discussed ").status == 200
    assert decide(page, second, "reject", reason="too slow", everywhere=True).status == 200
    assert decide(page, third, "edit", source="x = 1\n").status == 200
    found = [home.find(run.id) for run in (first, second, third)]
    assert [run.stage for run in found] == ["approved", "rejected", "proposed"]
    assert found[0].review == Review("approved", PERSON, "as discussed")
    assert found[1].review == Review("rejected", PERSON, "too slow", everywhere=True)
    assert (found[2].proposal.source, found[2].proposal.editor) == ("x = 1\n", PERSON)


def test_what_a_check_refuses_stays_as_it_was_and_the_reason_comes_back(page, home):
    run = home.find(VALUE_SKIP)
    answer = decide(page, run, "edit", source="bad")
    assert answer.status == 422
    assert answer.json["said"].keys() == LANGUAGES.keys()
    assert "it is bad" in answer.json["said"]["en"]
    assert home.find(run.id) == run
    assert decide(page, run, "reject", reason=" ").status == 422


def test_the_second_of_two_is_told_what_was_decided(page, home):
    run = home.find(VALUE_SKIP)
    shown = seen(page, run)
    approve(home, run, "mine")
    late = page.post(f"/runs/{run.id}/reject", {"seen": shown, "reason": "no"})
    assert late.status == 409
    assert late.json["decided"] == {"stage": "approved", "decision": "approved", "by": PERSON, "reason": "mine"}
    assert "approved" in late.json["said"]["en"]
    assert "已批准" in late.json["said"]["zh"]
    assert home.find(run.id).review == Review("approved", PERSON, "mine")


def test_nobody_approves_what_was_edited_since_and_no_work_is_lost(page, home):
    run = home.find(VALUE_SKIP)
    shown = seen(page, run)
    decide(page, run, "edit", source="x = 2\n")
    assert page.post(f"/runs/{run.id}/approve", {"seen": shown}).status == 409
    late = page.post(f"/runs/{run.id}/edit", {"seen": shown, "source": "x = 3\n"})
    assert late.status == 409
    assert "edited meanwhile" in late.json["said"]["en"]
    assert home.find(run.id).proposal.source == "x = 2\n"
    assert (home.folder(run) / "draft.py").read_text() == "x = 3\n"


def test_of_two_pages_at_the_same_moment_one_decides(page, home):
    run = home.find(VALUE_SKIP)
    shown, together = seen(page, run), threading.Barrier(2)

    def press(decision):
        together.wait()
        return page.post(
            f"/runs/{run.id}/{decision}", {"seen": shown} | ({"reason": "no"} if decision == "reject" else {})
        )

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(press, ("approve", "reject")))
    assert sorted(answer.status for answer in answers) == [200, 409]
    stage = home.find(run.id).stage
    assert next(answer for answer in answers if answer.status == 409).json["decided"]["stage"] == stage
    assert stage == ("approved" if answers[0].status == 200 else "rejected")


@pytest.mark.slow
def test_a_terminal_and_two_pages_at_once(page, home):
    """The terminal and both pages show one card; a page decides, the terminal says so, the other page gets 409."""
    run = home.find(VALUE_SKIP)
    desk = AtTerminal("review", run.id, "--no-train", "--workspace", home.root)
    try:
        desk.see(VALUE_SKIP, "q quit")
        one, other = seen(page, run), seen(page, run)
        assert page.post(f"/runs/{run.id}/approve", {"seen": one, "remark": "by page"}).status == 200
        late = page.post(f"/runs/{run.id}/reject", {"seen": other, "reason": "no"})
        assert (late.status, late.json["decided"]["reason"]) == (409, "by page")
        desk.end()
        assert "was decided or changed elsewhere meanwhile" in desk.written
    finally:
        desk.kill()
    run = home.find(DECAY)
    desk = AtTerminal("review", run.id, "--no-train", "--workspace", home.root)
    try:
        shown = seen(page, run)
        desk.see(DECAY, "q quit").press("a").see("or none:").press("by hand", ENTER)
        desk.end()
        late = [page.post(f"/runs/{run.id}/reject", {"seen": shown, "reason": "no"}) for _ in range(2)]
        assert [answer.status for answer in late] == [409, 409]
        assert late[0].json["decided"]["reason"] == "by hand"
    finally:
        desk.kill()


def test_ideas_are_queued_and_a_search_is_asked(page, home):
    assert page.post("/queue", {"idea": "value_skip", "parent": "delta_net_4layer"}).status == 200
    assert [(queued.idea, queued.parent) for queued in queued_ideas(home)] == [("value_skip", "delta_net_4layer")]
    assert page.post("/queue", {"idea": "", "parent": ""}).status == 422
    assert page.post("/search", {"wish": "stop"}).status == 409  # there is none
    with home.locks.searching():
        for wish in ("pause", "go on", "stop"):
            assert page.post("/search", {"wish": wish}).status == 200
            assert wish_of(home) == wish
            assert page.ask("GET", "/decide").status == 200


def scored_variant(home):
    """A variant with a score, which may be confirmed."""
    run = home.find(VALUE_SKIP)
    approve(home, run, "")
    home.advance(home.find(run.id), "evaluating")
    home.advance(home.find(run.id), "evaluated", card=sample_card(SMOKE.fingerprint, Memorize=0.9))
    return home.advance(home.find(run.id), "analysed")


def test_a_page_has_a_run_confirmed_and_the_second_page_is_told_so(page, home):
    run = scored_variant(home)
    text = page.ask("GET", "/decide").text
    assert f'<option value="{run.id}"' in text
    alone = page.post("/confirm", {"run": run.id})  # nothing is searching: the command line is told
    assert alone.status == 409
    assert f"confirm {run.id}" in alone.json["said"]["en"]
    assert f"confirm {run.id}" in alone.json["said"]["zh"]
    assert to_confirm(home) == ()
    with home.locks.searching():
        together = threading.Barrier(2)

        def press(_):
            together.wait()
            return page.post("/confirm", {"run": run.id})

        with ThreadPoolExecutor(2) as pool:
            answers = sorted(pool.map(press, range(2)), key=lambda answer: answer.status)
        assert [answer.status for answer in answers] == [200, 409]
        assert "about to be" in answers[1].json["said"]["en"]
        assert to_confirm(home) == (ToConfirm(run.id),)
    assert run.name.replace("_", "_<wbr>") in page.ask("GET", "/decide").text


def test_what_is_confirmed_is_told_as_such_and_not_asked_for_again(page, home):
    run = scored_variant(home)
    for each, average in ((home.history().baseline, 0.5), (run, 0.9)):
        home.keep_confirmation(each, Confirmation(1, sample_card("fresh", **dict.fromkeys(TASKS, average))))
    text = page.ask("GET", "/decide").text
    assert "a winner, better memory, learns faster: " in text
    assert "+0.400" in text
    assert f'<option value="{run.id}"' not in text
    with home.locks.searching():
        late = page.post("/confirm", {"run": run.id})
    assert late.status == 409
    assert "+0.400" in late.json["said"]["en"]
    assert "+0.400" in late.json["said"]["zh"]


@pytest.mark.parametrize("which", ["waiting", "template", "none"])
def test_only_a_scored_variant_is_confirmed(page, home, which):
    run = {"waiting": home.find(DECAY).id, "template": home.history().baseline.id, "none": "20010101_000000"}[which]
    with home.locks.searching():
        assert page.post("/confirm", {"run": run}).status == (404 if which == "none" else 422)
    assert to_confirm(home) == ()


@pytest.mark.parametrize(
    ("path", "facts", "status"),
    [
        ("/runs/{run}/approve", {}, 400),
        ("/runs/{run}/approve", {"seen": 1}, 400),
        ("/runs/{run}/approve", {"seen": "x", "more": 1}, 400),
        ("/runs/{run}/approve", {"seen": "x", "remark": "x" * 1_100_000}, 413),
        ("/runs/{run}/approve", {"seen": "another"}, 409),
        ("/runs/20010101_000000/approve", {"seen": "x"}, 404),
        ("/runs/{run}/train", {"seen": "x"}, 405),
        ("/search", {"wish": "dance"}, 400),
        ("/confirm", {"run": 1}, 400),
    ],
)
def test_what_is_no_request_is_refused(page, home, path, facts, status):
    run = home.find(SWISH)
    assert page.post(path.format(run=run.id), facts).status == status
    assert home.find(run.id) == run


WRITING = ("/runs/{run}/approve", "/runs/{run}/reject", "/runs/{run}/edit", "/queue", "/search", "/confirm")


@pytest.mark.parametrize("path", WRITING)
def test_none_is_taken_without_the_token_from_elsewhere_under_another_name_or_from_a_form(page, home, path):
    run = home.find(SWISH)
    path = path.format(run=run.id)
    facts = {"seen": seen(page, run), "remark": "", "reason": "no", "source": "x", "idea": "value_skip", "wish": "stop",
             "run": run.id}  # fmt: skip
    assert page.post(path, facts, Cookie=None).status == 403
    assert page.post(path, facts, Cookie=f"deltasearch_{page.port}={TOKEN}").status == 403
    for origin in (None, "null", "http://evil.example", f"http://localhost:{page.port}"):
        assert page.post(path, facts, Origin=origin).status == 403
    rebound = f"evil.example:{page.port}"
    assert page.post(path, facts, Host=rebound, Origin=f"http://{rebound}").status == 403
    form = {"Origin": f"http://{page.host}", "Content-Type": "application/x-www-form-urlencoded"}
    assert page.ask("POST", path, "remark=x", **form).status == 415
    assert page.ask("POST", path, json.dumps(facts), **form | {"Content-Type": "text/plain"}).status == 415
    assert home.find(run.id) == run
    assert queued_ideas(home) == ()
    assert to_confirm(home) == ()


def test_without_decide_there_is_nothing_to_decide_with(home):
    site = Site(Workspace(home.root))
    site.build()
    run = home.find(SWISH)
    with served(site) as browser:
        assert browser.ask("GET", "/decide").status == 404
        for path in WRITING:
            assert browser.post(path.format(run=run.id), {}).status in (404, 405)
    assert home.find(run.id) == run

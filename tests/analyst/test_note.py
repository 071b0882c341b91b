"""The insight note of a run: its layout, its numbers, and that both languages say the same."""

import re
from dataclasses import replace
from random import Random
from typing import get_args

import pytest
from sample_cards import FINGERPRINT, sample_card, sample_proposal
from small_search import TEMPLATE_SOURCE

from agent.analyst.facts import gather
from agent.analyst.note import analyse, render_note
from agent.core.baselines import TEMPLATE
from agent.core.failure import Failure
from agent.core.reason import Reason
from agent.core.resources import MOVES
from agent.core.run import MARKER, SECTIONS, Milestone, Run, heading
from agent.core.score import MAD_TASKS
from agent.core.text import Text, say
from agent.proposer.catalogue import Catalogue
from agent.proposer.known import known_variant
from agent.proposer.moves import load_moves
from agent.science.comparison import Verdict
from agent.science.history import History
from agent.science.setting_noise import Noise
from agent.store.older_notes import read_older

ALL = load_moves(MOVES)
SKIP, RATE = "value_skip", "implicit_step_size"
NUMBER = re.compile(r"[+-]?\d+\.\d+")


def run(number, proposal, *, failure=None, spread=0.01, **scores):
    card = None if failure else sample_card(spread=spread, **scores)
    milestones = (
        Milestone("proposed", 10.0 * number),
        Milestone("failed" if failure else "evaluated", 10.0 * number + 5),
    )
    return Run(f"20250101_{number:06}", "failed" if failure else "evaluated", proposal, "smoke", FINGERPRINT,
               milestones, failure=failure, card=card)  # fmt: skip


TEMPLATE_RUN = run(0, known_variant(TEMPLATE))


def history(*more):
    return History((TEMPLATE_RUN, *more), {})


def proposed(known, parent=0, *names):
    moves = {name: ALL[name] for name in (*known.runs[parent].proposal.moves, *(names or (SKIP,)))}
    return Catalogue(TEMPLATE_SOURCE, moves).propose(known, known.runs[parent], Random(0))


def noted(known, language="all"):
    """The latest run of a history with its analysis, and its note."""
    last = known.runs[-1]
    analysed = replace(last, analysis=analyse(known, last))
    return analysed, render_note(known, analysed, language)


def outcome(known):
    return noted(known)[0].analysis["outcome"]["en"]


def lessons(known):
    return noted(known)[0].analysis["lessons"]["en"]


def test_the_layout_is_that_of_the_older_notes(tmp_path):
    """And so an older note's reader finds all of it."""
    known = history(run(1, proposed(history()), Memorize=0.8))
    _, text = noted(known)
    table, _, insights = text.partition(f"\n\n20250101_000001\n\n{MARKER}\n\n")
    assert re.split(r"\s{2,}", table.splitlines()[0].strip()) == ["Unnamed: 0", *MAD_TASKS]
    assert [line.split()[1] for line in table.splitlines()[1:]] == [TEMPLATE, f"{TEMPLATE}_{SKIP}"]
    places = [
        insights.index(words) for section in SECTIONS for words in (heading(section)["en"], heading(section)["zh"])
    ]
    assert places == sorted(places)
    assert insights.endswith(f"\n\n{TEMPLATE}_{SKIP}\n")

    path = tmp_path / "note.txt"
    path.write_text(text)
    found = read_older(path)
    assert (found.id, found.warnings) == ("20250101_000001", ())
    assert found.table[TEMPLATE]["Memorize"] == 0.5
    assert list(found.sections) == list(SECTIONS)


def test_each_language_alone_has_its_sections_and_not_the_other_s():
    known = history(run(1, proposed(history()), Memorize=0.8))
    english, chinese = noted(known, "en")[1], noted(known, "zh")[1]
    for section in SECTIONS:
        assert (heading(section)["en"] in english, heading(section)["zh"] in english) == (True, False)
        assert (heading(section)["en"] in chinese, heading(section)["zh"] in chinese) == (False, True)
    assert not re.search("[\u4e00-\u9fff]", english)


@pytest.mark.parametrize("scores", [{"Memorize": 0.8}, {"Compress": 0.1}, {"Memorize": 0.505}])
def test_both_languages_have_the_same_numbers(scores):
    known = history(run(1, proposed(history()), **scores))
    known = history(known.runs[1], run(2, proposed(known, 1, RATE), **scores))
    analysed, _ = noted(known)
    for section, text in {**analysed.proposal.argument, **analysed.analysis}.items():
        lines = list(zip(text["en"].splitlines(), text["zh"].splitlines(), strict=True))
        assert lines, section
        for english, chinese in lines:
            assert sorted(NUMBER.findall(english)) == sorted(NUMBER.findall(chinese))


def test_the_registered_prediction_stands_beside_what_came():
    first = proposed(history())
    known = history(run(1, first, Memorize=0.8))
    told = outcome(known)
    assert "Registered before training: an average of 0.515; it came to 0.550 (+0.035). 5 of 6 tasks" in told
    assert (
        f"• Memorize: predicted {first.predicted['Memorize']:.3f}, measured 0.800 ± 0.127: missed, 0.220 too low, in"
        in told
    )
    assert "• Compress: predicted 0.510, measured 0.500 ± 0.127: hit\n" in told
    assert "Predictions so far: 5 of 6 hit; on average they were off by +0.035." in lessons(known)


def test_a_difference_is_told_with_its_noise_and_its_confidence():
    told = outcome(history(run(1, proposed(history()), Memorize=0.8)))
    assert "A new best, better than delta_net_4layer beyond the noise: an average of 0.550." in told
    assert f"Against {TEMPLATE}: learns faster, memory kept (memory +0.00 (95%: -0.0" in told
    assert "log-odds); +0.050 ± 0.013 on the average, better (> 99.9%). Up: Memorize +0.300 ± 0.061. " in told
    assert "Within the noise: Compress, Context Recall, Fuzzy Recall, Noisy Recall, Selective Copy." in told
    assert "two averages like this one must differ by about 0.013 to be told apart" in told
    assert "Without Memorize the average of the other tasks differs from the template's by +0.000." in told
    both = outcome(history(run(1, proposed(history()), Memorize=0.8, Compress=0.6)))
    assert "Without Memorize the average of the other tasks differs from the template's by +0.020." in both
    same = outcome(history(run(1, proposed(history()), Memorize=0.51)))
    assert "Average 0.502; by the objective rank 1 of 2 scored variants." in same
    assert "indistinguishable" in same
    assert "No single task differs beyond the noise." in same
    assert "Without Memorize" not in same


def test_without_any_noise_nothing_is_claimed():
    card = sample_card()
    one_seed = {name: replace(task, seeds=task.seeds[:1]) for name, task in card.tasks.items()}
    template = replace(TEMPLATE_RUN, card=replace(card, tasks=one_seed))
    better = run(1, proposed(history()), Memorize=0.9)
    better = replace(better, card=replace(better.card, tasks={
        name: replace(task, seeds=task.seeds[:1]) for name, task in better.card.tasks.items()}))  # fmt: skip
    known = History((template, better), {})
    told = outcome(known)
    assert "Noise: how large that of an average is here is not known." in told
    assert f"Against {TEMPLATE}: +0.067 on the average, not judged: the noise is not known. Of unknown noise: " in told
    assert "Without the noise no prediction can be called right or wrong:\n" in told
    assert "• Memorize: predicted 0.580, measured 0.890: 0.310 too low\n" in told
    for claim in ("inf", "hit", "missed", "Within the noise", "indistinguishable", "%"):
        assert claim not in told
    learnt = lessons(known)
    assert "Predictions so far: 0 of 0 hit, 6 cannot be judged without the noise; on average" in learnt
    assert f"{SKIP}: +0.0" in learnt
    assert "from 1 run; the noise was never measured." in learnt
    assert "Next: measure the noise. A search does so by itself where it has the time for it; by hand it is" in learnt
    assert "python -m agent.study noise --protocol smoke --seeds 3. Whether +0.067 is real or chance" in learnt


def test_it_says_what_to_try_next():
    gain = history(run(1, proposed(history()), Memorize=0.8))
    assert "Next: go on from here, and confirm the gain under a longer protocol" in lessons(gain)
    loss = history(run(1, proposed(history()), Memorize=0.1))
    assert "Next: do not go on from here as it is." in lessons(loss)
    assert "Most room is left on Memorize, 0.100; delta_net_4layer has 0.500 there" in lessons(loss)
    unsure = history(run(1, proposed(history()), Memorize=0.55, spread=0.03))
    assert re.search(
        r"Next: \d+ times as many seeds would tell whether a difference of this size is real", lessons(unsure)
    )
    nothing = history(run(1, proposed(history()), Memorize=0.501))
    assert "Next: whatever this change does is too small to see here; look elsewhere." in lessons(nothing)


def test_it_names_the_measured_move_that_is_missing_and_the_one_that_costs():
    good = run(1, proposed(history(), 0, SKIP), Memorize=0.9)
    known = history(good, run(2, proposed(history(good), 0, RATE), Compress=0.2))
    assert f"Of the measured moves that it lacks, {SKIP} adds most: +0.0" in lessons(known)
    both = proposed(History(known.runs, {}), 2, SKIP)
    assert both.moves == (RATE, SKIP)
    told = lessons(history(*known.runs[1:], run(3, both, Memorize=0.9, Compress=0.2)))
    assert f"Of the moves that it holds, {RATE} seems to cost: -0.0" in told
    facts = gather(
        history(*known.runs[1:], run(3, both, Memorize=0.9, Compress=0.2)), run(3, both, Memorize=0.9, Compress=0.2)
    )
    assert facts.interplay is not None
    assert facts.interplay.measured == pytest.approx((0.4 - 0.3) / 6)


def test_no_move_is_advised_that_a_model_s_variant_holds_by_its_code():
    """Also where it is written otherwise and called otherwise."""
    good = run(1, proposed(history()), Memorize=0.9)
    written = TEMPLATE_SOURCE.replace("return o, S", "return o + v.flatten(2, 3)[:, :, :length], S")
    for source, advised in ((written, False), (TEMPLATE_SOURCE, True)):
        model_s = sample_proposal(f"{TEMPLATE}_shortcut", source, "tiny", parents=(TEMPLATE,))
        assert ("Of the measured moves that it lacks" in lessons(history(good, run(2, model_s)))) == advised


def test_moves_that_help_each_other_are_noticed():
    one = run(1, proposed(history(), 0, SKIP))
    two = run(2, proposed(history(one), 0, RATE))
    known = history(one, two)
    both = run(3, proposed(known, 1, RATE), **{task.replace(" ", "_"): 0.9 for task in MAD_TASKS})
    assert "they help each other" in outcome(history(one, two, both))
    alike = run(3, proposed(known, 1, RATE))
    assert "the same within the noise" in outcome(history(one, two, alike))


@pytest.mark.parametrize(
    ("kind", "then"),
    [("crash", "repair the line that is named"), ("timeout", "find a cheaper form"), ("diverged", "bound what grows")],
)
def test_a_failure_has_its_reason_and_no_number(kind, then):
    failure = Failure(kind, Reason("failure.raised_at_line", {"error": "KeyError: 'gate'", "line": 6}))
    known = history(run(1, proposed(history()), failure=failure), run(2, proposed(history()), failure=failure))
    assert "(line 6 of the variant)" in outcome(known)
    assert f"Earlier failures of this kind: 1, the latest: {TEMPLATE}_{SKIP}." in outcome(known)
    assert f"Next: {then}" in lessons(known)
    assert "predicted" not in outcome(known)


def test_moves_that_only_add_up_are_not_said_to_get_in_each_other_s_way():
    """Also where each does much, and the expectation of their authors is far from it."""
    others = [task.replace(" ", "_") for task in MAD_TASKS]
    one = run(1, proposed(history(), 0, SKIP), **dict.fromkeys(others, 0.1))
    two = run(2, proposed(history(one), 0, RATE), **dict.fromkeys(others, 0.8))
    both = run(3, proposed(history(one, two), 1, RATE), **dict.fromkeys(others, 0.4))
    told = noted(history(one, two, both))[0].analysis
    assert "its moves add up to -0.100 on the average; together they do -0.100: the same" in told["outcome"]["en"]
    assert f"{SKIP}: -0.400 ± 0.0" in told["lessons"]["en"]


def test_only_what_was_trained_or_failed_counts_as_tried():
    ideas = [replace(proposed(history()), name=f"{TEMPLATE}_{number}") for number in range(4)]
    failed = run(1, ideas[1], failure=Failure("crash", Reason.said("IndexError")))
    rejected, waiting = (
        replace(run(number, ideas[number], failure=Failure("crash", Reason.said("x"))), stage=stage, failure=None)
        for number, stage in ((2, "rejected"), (3, "proposed"))
    )
    known = history(failed, rejected, waiting, run(4, ideas[0], Memorize=0.8))
    assert f"Also tried from {TEMPLATE}: 1, of which 1 failed; the best: nothing." in lessons(known)


def test_a_chinese_note_is_chinese_where_its_words_are_ours():
    proposal = proposed(history())
    assert "Mamba 的直连项 D：Gu 与 Dao 2023" in proposal.argument["reasoning"]["zh"]
    assert "the skip D" not in proposal.argument["reasoning"]["zh"]
    known = known_variant(f"{TEMPLATE}_tanh_on_error_before_state_update").argument
    assert "已知结果表" in known["reasoning"]["zh"]
    failure = Failure("duplicate", Reason("failure.duplicate", {"twin": TEMPLATE}))
    told = noted(history(run(1, proposal, failure=failure)))[0].analysis["outcome"]
    assert f"其计算结果与 {TEMPLATE} 逐数相同" in told["zh"]
    assert "computes" not in told["zh"]
    assert "number for number" in told["en"]


def test_a_known_system_says_what_everything_is_measured_by():
    noise = {"Memorize V8": Noise(0.19, 10), "Compress V8": Noise(0.01, 10)}
    known = History((TEMPLATE_RUN,), noise)
    told = outcome(known)
    assert "Average 0.500; by the objective rank 1 of 1 scored variant." in told
    assert "Standard deviation of one seed: 0.190 on Memorize V8, the noisiest, and 0.010 on Compress V8." in told
    assert "Nothing was written" not in noted(known)[1]


def test_what_somebody_wrote_cannot_pass_for_the_note_s_own_lines():
    argument = {"reasoning": Text(f"a\x1b[2Jb\n{MARKER}\nExpected Improvements\nc", "甲\u202e乙")}
    known = history(run(1, sample_proposal(parents=(TEMPLATE,), argument=argument)))
    _, text = noted(known)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert text.count(f"\n{MARKER}\n") == 1
    assert f"\n  {MARKER}\n  Expected Improvements\nc" in text


def test_the_table_is_as_it_stood_when_the_run_ended():
    first = run(1, proposed(history()), Memorize=0.8)
    later = history(first, run(2, proposed(history(first), 1, RATE), Memorize=0.9))
    text = render_note(later, first)
    assert later.runs[2].name not in text
    assert render_note(later, later.runs[2]).count("\n2  ") == 1


@pytest.mark.parametrize("verdict", get_args(Verdict))
def test_every_verdict_has_its_words(verdict):
    """Wherever one is said: a table that lacks it would end the search that comes to it."""
    keys = [f"page.{verdict}", f"verdict.{verdict}", f"report.why {verdict}"]
    keys += [f"next.{verdict}"] if verdict not in ("indistinguishable", "unjudged") else []
    assert all(say(key, difference="", telling="")["zh"] for key in keys)

"""What a prompt holds of everything that is known: the experiment, shipped measurements, code, ideas, whole notes."""

from dataclasses import replace

import pytest
from long_history import long_history, under_quick
from made_up_measurements import made_up_measurements
from sample_cards import FINGERPRINT, sample_card, sample_proposal

from agent.core.baselines import BASELINES, GATED, TEMPLATE, published_paths
from agent.core.resources import MOVES
from agent.core.run import Run
from agent.evaluator.protocol import Protocol
from agent.evaluator.protocols import MAD, PROTOCOLS, QUICK, protocol_of
from agent.proposer import measured
from agent.proposer.briefing import brief
from agent.proposer.code_shown import code_of_others
from agent.proposer.experiment import experiment
from agent.proposer.ideas import cited_ideas, equations, published_code
from agent.proposer.kinds import Request
from agent.proposer.measured import measured_variants
from agent.proposer.moves import load_moves
from agent.proposer.standings import whole_sentences
from agent.science.estimate import AVERAGE
from agent.science.history import History
from agent.science.noise import read_noise

SEEDS = next(plan.seeds for plan in QUICK.plans if plan.settings[0].task == "Fuzzy Recall")
with made_up_measurements():
    MEASURED = measured_variants(QUICK, read_noise(QUICK.fingerprint))


@pytest.fixture(autouse=True)
def _measured():
    with made_up_measurements():
        yield


def run(name, number=1, protocol=QUICK, source="x = 1\n", parents=(TEMPLATE,), **scores):
    card = replace(sample_card(**scores), protocol=protocol.name, fingerprint=protocol.fingerprint, seconds=150.0)
    card = replace(card, tasks={task: score for task, score in card.tasks.items() if task in protocol.tasks})
    proposal = sample_proposal(name, source, parents=parents)
    return Run(f"20250101_00000{number}", "analysed", proposal, protocol.name, protocol.fingerprint, card=card)


def test_the_experiment_is_told_from_the_protocols_own_data():
    base = run(TEMPLATE, 0, parents=())
    told = "\n".join(experiment(History((base,), {}), base))
    for wanted in (
        "width 64, 1 head of K = V = 64 channels, SwiGLU 176 wide", "chunk_size is 16",
        "learning rate as told of each task",
        "Fuzzy Recall: 16 tokens, length 48, 5600 training examples, the most tokens of a key or value (3 in MAD): 2; "
        f"{SEEDS} seeds each, batch 32, 350 steps (2 epochs), learning rate 0.002",
        "macro accuracy on 512 fresh examples", "predicted and absent counts as 0",
        "more than 8 times as long as the template's on this machine, or 30 minutes",
        "1,000 parameters", "a state of 64 numbers",
    ):  # fmt: skip
        assert wanted in told
    assert "the template takes about" in told


@pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=lambda protocol: protocol.name)
def test_every_protocol_can_be_told(protocol):
    base = run(TEMPLATE, 0, protocol, parents=())
    told = experiment(History((base,), {}), base)
    assert all(any(line.startswith(f"{task}: ") for line in told) for task in protocol.tasks)


def test_a_protocol_of_an_earlier_edition_is_not_told_as_the_present_one():
    base = replace(run(TEMPLATE, 0), card=sample_card(FINGERPRINT))
    assert experiment(History((base,), {}), base) == []
    part = QUICK.only(("Memorize", "Compress"))
    assert isinstance(protocol_of("quick", part.fingerprint, part.tasks), Protocol)
    assert protocol_of("quick", QUICK.fingerprint, ("Memorize", "a task that is no more")) is None


def test_all_that_was_measured_under_a_protocol_is_known():
    assert MEASURED.keys() >= set(BASELINES)
    averages = [row.average for row in MEASURED.values()]
    assert averages == sorted(averages, reverse=True)
    assert MEASURED[GATED].against(MEASURED[TEMPLATE])[AVERAGE].difference == pytest.approx(
        MEASURED[GATED].average - MEASURED[TEMPLATE].average
    )


def test_a_row_of_another_protocol_or_with_a_hole_is_none(tmp_path, monkeypatch):
    kept = (measured.MEASURED / "quick.csv").read_text().splitlines(keepends=True)
    holes = [line for line in kept if not line.startswith(f"{GATED},Memorize")]
    (tmp_path / "quick.csv").write_text("".join(holes))
    monkeypatch.setattr(measured, "MEASURED", tmp_path)
    found = measured_variants(QUICK, {})
    assert "Memorize" not in found[GATED].tasks
    assert found[GATED].against(found[TEMPLATE]) == {}
    assert measured_variants(replace(QUICK, width=32), {}) == {}
    assert measured_variants(MAD, {}) == {}


def test_the_code_of_the_best_and_of_each_tasks_leader_is_shown():
    parent = run(TEMPLATE, 0, source="a = 1\nb = 2\n" * 40, parents=())
    best = run("best", 1, source="c = 3\n" * 30, Memorize=0.9, Compress=0.7)
    leader = run("leader", 2, source=parent.proposal.source + "d = 4\n", Fuzzy_Recall=0.8)
    history = History((parent, leader, best), {})
    first, second, *others = code_of_others(history, parent)
    assert first.startswith(
        "best (average 0.600; the best on Compress 0.700, Memorize 0.900), its file:\n```python\nc = 3"
    )
    assert second.startswith(
        f"leader (average 0.550; the best on Fuzzy Recall 0.800), as a change of {TEMPLATE}:\n```diff"
    )
    assert "+d = 4" in second
    assert "b = 2\na = 1\nb = 2\na = 1\nb = 2\na = 1\nb = 2" not in second
    assert not others  # the parent's own code is in the prompt already


def test_moves_and_mixers_are_cited_with_what_they_were_measured_to_do():
    base = run(TEMPLATE, 0, parents=())
    told = cited_ideas(History((base,), read_noise(QUICK.fingerprint)), base, MEASURED)
    names = [line.partition(":")[0] for line in told]
    assert set(names) == {*load_moves(MOVES), *published_paths()}
    assert "arXiv 2510.26692" in next(line for line in told if line.startswith("kda: "))
    adam = next(line for line in told if line.startswith("adam_style"))
    assert "Measured against the template: average -0.4" in adam
    assert names.index("value_skip") < names.index("adam_style_adaptive_state_update_after_output")


def test_a_move_that_the_parent_holds_is_no_idea_for_it():
    base = run(TEMPLATE, 0, parents=())
    parent = run("x", 1)
    parent = replace(parent, proposal=replace(parent.proposal, moves=("value_skip",)))
    told = cited_ideas(History((base, parent), {}), parent, {})
    assert not [line for line in told if line.startswith("value_skip:")]


def test_published_mixers_have_their_equations_and_their_code():
    assert any(line.startswith("kda: ") and "S_t = " in line for line in equations())
    kda = published_paths()["kda"].read_text()
    whole = published_code(run("x"))
    assert any(kda.strip() in line for line in whole)
    assert len(published_code(run("x", source=kda))) == len(whole) - 1


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("One thing is so. Another is not. " * 40, "."),
        ("• a line without a point\n" * 60, "point"),
        ("一件事如此。另一件不然。" * 40, "。"),
        ("no end in sight " * 60, "…"),
    ],
)
def test_somebody_elses_words_are_cut_behind_a_whole_sentence(text, end):
    said = whole_sentences(text, 60)
    assert 0 < len(said) < len(text)
    assert said.startswith("> ")
    assert said.endswith(end)
    assert whole_sentences("Short.", 60) == "> Short."


def test_a_history_is_told_with_code_lessons_and_ideas():
    history = under_quick(long_history(60))
    headings = ("The experiment", "Notes on variants", "Ideas of others", "How they learned", "What else was")
    told = [part.heading for part in brief(history, Request(history.baseline), (), 12_000).values() if part.lines]
    assert all(any(heading.startswith(wanted) for heading in told) for wanted in headings)

"""What an evaluation had done when it was ended: kept with its run, and told in its note and to a model."""

import pickle

from sample_cards import CURVE, FINGERPRINT, sample_card, sample_proposal, sample_task

from agent.analyst.note import analyse, render_note
from agent.core.baselines import TEMPLATE
from agent.core.failure import Failure, Unfinished, UnfinishedSeed
from agent.core.languages import LANGUAGES
from agent.core.reason import Reason
from agent.core.run import Run
from agent.evaluator.failure import EvaluationFailed
from agent.proposer.briefing import brief
from agent.proposer.kinds import Request
from agent.science.history import History
from agent.science.unfinished import unfinished_lines
from agent.store.folder import CURVES, load, save, with_curves

DONE = Unfinished(
    share=0.34,
    seconds=120.0,
    times=13.5,
    tasks={"Memorize": sample_task("Memorize", 0.8)},
    seeds=(
        UnfinishedSeed("Compress", "Compress V8 L20", 0, 40, CURVE),
        UnfinishedSeed("Compress", "Compress V8 L20", 1, 40),
    ),
)
REASON = Reason("failure.too_slow_at_line", {"times": 13.5, "most": 8.0, "share": 0.34, "line": 41})
FAILURE = Failure("timeout", REASON, "the log", DONE)
TEMPLATE_RUN = Run("20250101_000000", "analysed", sample_proposal(TEMPLATE, author="baseline"), "smoke", FINGERPRINT,
                   card=sample_card())  # fmt: skip
RUN = Run("20250101_000001", "failed", sample_proposal("slow", parents=(TEMPLATE,)), "smoke", FINGERPRINT,
          failure=FAILURE, attempts=1)  # fmt: skip
HISTORY = History((TEMPLATE_RUN, RUN), {})


def test_what_was_done_is_told_in_words():
    lines = [line["en"] for line in unfinished_lines(DONE)]
    assert lines == [
        "34% of the training was done by then.",
        "Trained and tested to the end, though they make no row: Memorize 0.800.",
        "Validation accuracy of the others when it was stopped: Compress 0.500 after 25% of its steps.",
    ]
    assert all(line["zh"] and line["zh"] != line["en"] for line in unfinished_lines(DONE))
    assert unfinished_lines(None) == []
    assert len(unfinished_lines(Unfinished(0.1, 5.0))) == 1


def test_a_note_and_a_prompt_tell_it_and_the_table_does_not():
    outcome = analyse(HISTORY, RUN)["outcome"]
    for language in LANGUAGES:
        assert "0.800" in outcome[language]
        assert "41" in outcome[language]
    assert "13.5 times as long as the template takes on this machine, where 8 times are allowed" in outcome["en"]
    assert RUN.name not in render_note(HISTORY, RUN).partition("--- Insights ---")[0]
    told = "\n".join(brief(HISTORY, Request(TEMPLATE_RUN), [], 6_000)["failures"].lines)
    assert "slow (timeout)" in told
    assert "Memorize 0.800" in told
    assert "Compress 0.500 after 25% of its steps" in told


def test_it_is_kept_with_the_run_its_curves_beside_it(tmp_path):
    folder = tmp_path / RUN.id
    folder.mkdir()
    save(folder, RUN)
    kept = load(folder)
    assert kept.failure.unfinished.tasks["Memorize"].mean == DONE.tasks["Memorize"].mean
    assert not any(seed.curve for seed in kept.failure.unfinished.seeds)
    assert (folder / CURVES).read_text().count("Compress V8 L20,0,") == len(CURVE)
    assert with_curves(folder, kept) == RUN


def test_a_run_of_an_earlier_version_is_read_and_one_travels_between_processes(tmp_path):
    folder = tmp_path / RUN.id
    folder.mkdir()
    save(folder, Run(RUN.id, "failed", RUN.proposal, "smoke", FINGERPRINT, failure=Failure("crash", Reason.said("x"))))
    path = folder / "run.json"
    path.write_text(path.read_text().replace(',\n  "unfinished": null', ""))
    assert '"unfinished"' not in path.read_text()
    assert load(folder).failure == Failure("crash", Reason.said("x"))
    assert pickle.loads(pickle.dumps(EvaluationFailed(FAILURE))).failure == FAILURE

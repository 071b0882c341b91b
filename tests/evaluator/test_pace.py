"""What is too slow is ended early, and tells how slow it is, where it stood and what it had done by then."""

import time
from dataclasses import replace

import pytest
from made_scores import card, task_score
from small_evaluations import TINY, write_variant

from agent.core.languages import LANGUAGES
from agent.core.score import Speed
from agent.evaluator.busy_line import own_line, own_part, split_stacks
from agent.evaluator.evaluation import evaluate
from agent.evaluator.failure import EvaluationFailed
from agent.evaluator.pace import Pace, TemplateTime
from agent.evaluator.progress import Update
from agent.evaluator.protocols import QUICK, SMOKE, on_fresh_seeds

REPLICAS = list(TINY.replicas())


@pytest.fixture(autouse=True)
def short(monkeypatch, request):
    """The rows of these tests are short, and what short rows may take in any case is tried apart."""
    if "in_any_case" not in request.node.name:
        monkeypatch.setattr("agent.evaluator.pace.ALWAYS", 0.0)


TOKENS = sum(replica.tokens for replica in REPLICAS)


def paced(seconds, template=10.0, tokens_a_second=100.0, **facts):
    """A pace whose training began so many seconds ago."""
    pace = Pace(replace(TINY, **facts), TemplateTime(template, tokens_a_second) if template else None)
    pace.started = pace.begun = time.monotonic() - seconds
    return pace


def done(pace, share):
    """Have whole replicas done, as near to a share of the tokens as may be."""
    for replica in REPLICAS:
        if (pace.share * TOKENS + replica.tokens) / TOKENS <= share + 1e-9:
            pace.add(Update(replica.key, replica.steps, 1.0, 0.5, True, 1.2))
    return pace


def test_the_pace_so_far_tells_how_long_the_whole_takes_beside_the_template():
    pace = done(paced(seconds=20.0), 0.25)
    assert pace.share == pytest.approx(0.25, abs=0.1)
    assert pace.times == pytest.approx(2.0 / pace.share, rel=0.01)
    assert pace.hopeless == (pace.times > TINY.slowest)


@pytest.mark.parametrize(("slowest", "hopeless"), [(2.0, True), (8.0, True), (60.0, False)])
def test_how_slow_is_too_slow_is_the_protocols_word(slowest, hopeless):
    assert done(paced(60.0, slowest=slowest), 0.25).hopeless == hopeless


def test_nothing_is_called_hopeless_before_a_part_of_it_is_done_nor_without_a_time_of_the_templates():
    early = paced(1000.0)
    assert early.times is None
    assert not early.hopeless
    early.add(Update(REPLICAS[0].key, 1, 1.0, 0.5, False))
    assert 0 < early.share < 0.05
    assert not early.hopeless
    assert not done(paced(1000.0, template=None), 0.5).hopeless


def test_on_a_busier_machine_all_have_more_time():
    pace = done(paced(60.0), 0.5)
    before, deadline = pace.times, pace.deadline
    pace.describe(Speed(1.0, 25.0))  # the template's op makes 25 tokens where it had made 100
    assert pace.times == pytest.approx(before / 4, rel=0.01)
    assert pace.deadline - pace.started == pytest.approx(min(180.0, 4 * (deadline - pace.started)))
    pace.describe(Speed(1.0, 10_000.0))  # on a quieter one nobody has less
    assert pace.load == 1.0


def test_the_hours_of_a_protocol_stay_the_outer_bound():
    assert paced(0.0, template=None).deadline - time.monotonic() == pytest.approx(TINY.time_limit_hours * 3600, abs=1)
    assert paced(0.0, template=1.0).deadline - time.monotonic() == pytest.approx(TINY.slowest, abs=1)
    assert paced(0.0, template=1e6).deadline - time.monotonic() == pytest.approx(TINY.time_limit_hours * 3600, abs=1)


def test_the_templates_time_is_that_of_its_row_by_the_tokens_trained_on():
    row = replace(card(task_score(a=[0.5])), seconds=30.0, speed=Speed(1.0, 70.0))
    assert TemplateTime.of(row, SMOKE, SMOKE) == TemplateTime(30.0, 70.0)
    assert TemplateTime.of(row, SMOKE, on_fresh_seeds(SMOKE, 3)).seconds == pytest.approx(90.0)


def test_neither_limit_is_part_of_a_fingerprint():
    assert replace(QUICK, slowest=3.0, time_limit_hours=1.0).fingerprint == QUICK.fingerprint


def test_points_of_a_curve_go_on_from_each_other_and_name_a_replica():
    pace = paced(1.0)
    key = REPLICAS[0].key
    for step in (2, 2, 1, 10_000, 4):
        pace.add(Update(key, step, 1.0, 0.5, False, 1.5))
    pace.add(Update("nobody", 1, 1.0, 0.5, False))
    assert [point.step for point in pace.curves[key]] == [2, 4]
    assert pace.curves.keys() == {key}


def test_a_minute_may_be_taken_in_any_case():
    pace = done(paced(3.0, template=0.1), 0.25)
    assert pace.times > TINY.slowest
    assert not pace.hopeless
    assert pace.deadline - pace.begun == pytest.approx(60.0)
    assert done(paced(100.0, template=0.1), 0.25).hopeless


DUMPED = """\
printed before
Thread 0x1 (most recent call first):
  File "/usr/lib/threading.py", line 3 in wait
Current thread 0x2 (most recent call first):
  File "/usr/lib/torch/functional.py", line 99 in matmul
  File "/tmp/job-1/variant.py", line 41 in solve
  File "/tmp/job-1/variant.py", line 20 in delta_rule_chunkwise
  File "/src/agent/evaluator/training/network.py", line 7 in forward
"""


def test_of_a_stack_the_latest_line_of_the_variant_is_told_and_what_stands_above_it_is_kept():
    first, second = split_stacks(DUMPED)
    assert own_line(first) is None
    assert own_line(second) == 41
    assert "matmul" in own_part(second)
    assert own_part(second).endswith("line 20 in delta_rule_chunkwise")
    assert "network.py" not in own_part(second)


def test_words_that_a_variant_prints_pass_for_no_line():
    assert own_line('  File "variant.py", line 99999999999 in x') is None
    assert split_stacks("nothing at all") == []


# Some milliseconds a call on sequences as long as those of Selective Copy below, and quick elsewhere.
SLOW = """\
if q.shape[2] > 20:
    for _ in range(200):
        o = o + 0 * o
"""


@pytest.mark.slow
def test_what_takes_too_long_tells_its_line_and_keeps_the_tasks_that_it_had_done(tmp_path):
    plan = TINY.only(("Memorize",)).plans[0]
    (copy,) = TINY.only(("Selective Copy",)).plans[0].settings
    long = replace(plan, settings=(replace(copy, length=40),), seeds=1, epochs=400, validations=400)
    protocol = replace(TINY, plans=(plan, long), slowest=4.0)
    with pytest.raises(EvaluationFailed) as caught:
        evaluate(write_variant(tmp_path, in_op=SLOW), protocol, workers=2, template=TemplateTime(2.5, 1.0))
    failure, unfinished = caught.value.failure, caught.value.failure.unfinished
    assert failure.kind == "timeout"
    assert failure.reason.key == "failure.too_slow_at_line"
    assert failure.reason.fields["line"] in (7, 8)
    assert failure.reason.fields["times"] > failure.reason.fields["most"] == 4.0
    assert all(failure.reason.text[language] for language in LANGUAGES)
    assert 'variant.py", line' in failure.log_tail
    assert unfinished.tasks.keys() == {"Memorize"}
    assert [seed.seed for seed in unfinished.tasks["Memorize"].seeds] == [0, 1]
    assert all(seed.curve for seed in unfinished.tasks["Memorize"].seeds)
    (left,) = unfinished.seeds
    assert (left.task, left.seed, left.steps) == ("Selective Copy", 0, 800)
    assert left.curve[0].step == 2
    assert left.curve[-1].step < 400
    assert 0 < unfinished.share < 0.5

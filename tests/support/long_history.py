"""A history as long as many nights make it: runs of all fates, with notes as long as models write them."""

from dataclasses import replace
from random import Random

from model_replies import MOVES, NAIVE
from sample_cards import FINGERPRINT, sample_card, sample_proposal

from agent.core.baselines import GATED, TEMPLATE, baseline_path
from agent.core.failure import Failure
from agent.core.reason import Reason
from agent.core.run import Review, Run
from agent.core.text import Text
from agent.evaluator.protocols import QUICK
from agent.science.history import History
from agent.science.noise import read_noise

SENTENCE = "the memory keeps what the decay forgets and a gate bounds the error of each chunk before it is written"
WORDS = SENTENCE.split(" ")
ENGLISH = " ".join(WORDS * 30)
CHINESE = "记忆保留了衰减所遗忘的内容，门控在写入之前限制了每个块的误差。" * 20


def long_history(count, seed=0):
    """So many runs, the same for the same seed: some failed, some rejected, some with moves of the catalogue."""
    draw = Random(seed)
    runs = [_run(0, TEMPLATE, draw, NAIVE, author="baseline")]
    runs.append(_run(1, GATED, draw, baseline_path(GATED).read_text(encoding="utf-8"), author="baseline"))
    scored = [TEMPLATE, GATED]
    for number in range(2, count):
        name = f"{TEMPLATE}_{'_'.join(draw.sample(WORDS, 6))}_{number}"
        fate = draw.random()
        run = _run(number, name, draw, NAIVE, parents=(draw.choice(scored[-30:] + scored[:3]),), fate=fate)
        scored += [name] if run.scored else []
        runs.append(run)
    return History(tuple(runs), {})


def under_quick(history):
    """The same runs, as if they were scored under the protocol quick."""

    def scored(card):
        return card and replace(card, protocol="quick", fingerprint=QUICK.fingerprint, seconds=150.0)

    runs = [
        replace(run, protocol="quick", fingerprint=QUICK.fingerprint, card=scored(run.card)) for run in history.runs
    ]
    return History(tuple(runs), read_noise(QUICK.fingerprint))


def _run(number, name, draw, source, author="a-large-model", parents=(), fate=1.0):
    argument = {section: Text(ENGLISH, CHINESE) for section in ("observations", "issues", "reasoning", "expected")}
    proposal = sample_proposal(
        name, source, author, parents=parents, argument=argument if parents else {},
        moves=tuple(draw.sample(sorted(MOVES), 2)) if draw.random() < 0.3 else (),
        predicted=dict.fromkeys(sample_card().scores, 0.5) if parents else {},
    )  # fmt: skip
    facts = {"stage": "analysed", "attempts": 1, "analysis": {"lessons": Text(ENGLISH, CHINESE)}}
    if fate < 0.15:
        facts |= {"failure": Failure("crash", Reason.said(f"a matrix had the wrong size: {ENGLISH}"), "x" * 5000)}
    elif fate < 0.2:
        facts = {"stage": "rejected", "review": Review("rejected", "a person", f"Not again. {ENGLISH}")}
    else:
        facts |= {
            "card": sample_card(**{name: draw.gauss(0.5, 0.1) for name in ("Memorize", "Compress", "Fuzzy_Recall")})
        }
    run_id = f"2025{1 + number // 1000 % 12:02}01_{number % 1000 // 100:02}{number % 100 // 10:02}{number % 10:02}"
    return Run(run_id, proposal=proposal, protocol="smoke", fingerprint=FINGERPRINT, **facts)

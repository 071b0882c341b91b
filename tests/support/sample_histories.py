"""Workspaces as long searches leave them, made up: with gains, losses, failures, combinations and rejections."""

import json
from dataclasses import replace
from pathlib import Path
from random import Random

from agent.core.baselines import GATED, TEMPLATE
from agent.core.failure import Failure
from agent.core.isolation import Isolation
from agent.core.reason import Reason
from agent.core.resources import MOVES as MOVE_FILES
from agent.core.resources import TEMPLATE_FILE
from agent.core.run import BASELINE, SECTIONS, Milestone, Proposal, Review, Run
from agent.core.score import MAD_TASKS, CurvePoint, ScoreCard, SeedScore, Speed, TaskScore
from agent.core.text import Text
from agent.proposer.moves import load_moves
from agent.store import folder

START = 1_764_000_000.0  # the evening of the made-up night
SECONDS = 180.0  # an evaluation
FINGERPRINT = "0123456789ab"
LEVEL = {
    "Compress": 0.49, "Context Recall": 0.92, "Fuzzy Recall": 0.19, "Memorize": 0.34, "Noisy Recall": 0.9,
    "Selective Copy": 0.85,
}  # fmt: skip
ISOLATION = Isolation((Reason("isolation.landlock"), Reason("isolation.seccomp")), tried=14)
REPLICA = "Memorize V256 L32 n256 seed 0 rate 0.001 decay 0"
FAILURES = (
    Failure("refused", Reason("failure.needless_name", {"file": "naive.py", "line": 31, "name": "open"})),
    Failure("timeout", Reason("failure.overdue"), "in step 7\nTraceback ..."),
    Failure(
        "crash",
        Reason("failure.raised_at_line", {"error": "KeyError: 'gate'", "line": 6}),
        "Traceback (most recent call last):\n  ...",
    ),
    Failure("diverged", Reason("failure.diverged", {"replica": REPLICA, "step": 40})),
)


def write_history(root, count, seed=0):
    """Fill a workspace with `count` finished runs, as run folders hold them, and the end of their search."""
    runs = made_history(count, seed)
    for run in runs:
        write_run(root, run)
    write_search(root, len(runs))
    return runs


def made_history(count, seed=0):
    """The same runs, nowhere but in memory."""
    chance, runs = Random(seed), []
    moves = load_moves(MOVE_FILES)
    for number in range(count):
        runs.append(_run(number, runs, moves, chance))
    return tuple(runs)


def write_run(root, run):
    path = Path(root) / "runs" / run.id
    path.mkdir(parents=True, exist_ok=True)
    if run.card is not None:
        (path / folder.CURVES).write_text(folder._curves_text(run))
    if run.failure is not None:
        (path / folder.LOG).write_text(run.failure.log_tail)
    (path / folder.RUN).write_bytes(folder._RUN.dump_json(folder._with_curves(run, {}), indent=1))


def write_search(root, count):
    runs = Path(root) / "runs"
    (runs / "protocol.json").write_text(json.dumps({"name": "quick", "fingerprint": FINGERPRINT}))
    started, ended = START, START + SECONDS * (count + 1)
    status = {"phase": "analysing", "started": started, "updated": ended, "latest": []}
    (runs / "status.json").write_text(json.dumps(status))
    reason = {"en": "its 8 hours are over", "zh": "预定的 8 小时已到"}
    (runs / "ended.json").write_text(json.dumps({"started": started, "ended": ended, "reason": reason}))


def _run(number, runs, moves, chance):
    known = {0: TEMPLATE, 1: GATED}.get(number)
    at = START + SECONDS * number
    scored = [run for run in runs if run.card]
    parents = () if known else _parents(scored, chance)
    added = chance.choice(sorted(moves))
    held = tuple(
        sorted({move for parent in parents for move in parent.proposal.moves} | ({added} if parents else set()))
    )
    proposal = Proposal(
        name=known or f"{TEMPLATE}_{added}_{number}",
        source=_source(number, parents),
        author=BASELINE if known else "catalogue",
        title=Text(f"{known} as it is known", f"{known}（已知系统）") if known else moves[added].title,
        parents=tuple(parent.name for parent in parents),
        moves=held,
        predicted={task: LEVEL[task] + chance.gauss(0, 0.05) for task in MAD_TASKS} if parents else {},
        argument=_sections(parents, SECTIONS[:4]),
    )
    stages = ("proposed", "approved", "evaluating", "evaluated", "analysed")
    run = Run(f"{_stamp(at)}", "analysed", proposal, "quick", FINGERPRINT,
              tuple(Milestone(stage, at + SECONDS * step / 5) for step, stage in enumerate(stages)),
              signature=(1.0,), isolation=ISOLATION,
              analysis=_sections(parents, SECTIONS[4:]))  # fmt: skip
    if parents and chance.random() < 0.12:
        milestones = (*run.milestones[:3], Milestone("failed", at + 100), run.milestones[-1])
        return replace(run, failure=chance.choice(FAILURES), milestones=milestones)
    if parents and chance.random() < 0.05:
        review = Review("rejected", "a person", "we tried that")
        return replace(run, stage="rejected", review=review, milestones=(run.milestones[0],))
    return replace(run, card=_card(parents[0] if parents else None, number, chance))


def _parents(scored, chance):
    ranked = sorted(scored, key=lambda run: run.card.average, reverse=True)
    first = ranked[min(int(chance.expovariate(0.2)), len(ranked) - 1)]
    others = [run for run in ranked[:10] if run.name != first.name]
    return (first, chance.choice(others)) if others and chance.random() < 0.15 else (first,)


def _card(parent, number, chance):
    scores = {task: level if parent is None else parent.card.scores[task] for task, level in LEVEL.items()}
    drift = {task: 0.0 if parent is None else chance.gauss(-0.01, 0.03) for task in MAD_TASKS}
    means = {task: min(0.999, max(0.01, scores[task] + drift[task])) for task in MAD_TASKS}
    tasks = {task: TaskScore(task, tuple(_seed(task, seed, mean, chance) for seed in range(3)))
             for task, mean in means.items()}  # fmt: skip
    return ScoreCard("quick", FINGERPRINT, tasks, 111_936, 4096, Speed(1.0 + number % 7 / 10, 1.0), "cpu",
                     {"python": "3.11.7", "torch": "2.13.0"}, 7, SECONDS * 0.6)  # fmt: skip


def _seed(task, seed, mean, chance):
    score = min(1.0, max(0.0, mean + chance.gauss(0, 0.006)))
    curve = tuple(CurvePoint(step * 10, 2 / step, 2 / step, score * (1 - 0.5**step)) for step in range(1, 9))
    return SeedScore(task, f"{task} V16 L64 n6400", seed, score, score, score, 1e-3, 0.0, "finished", 80, 80, curve)


def _sections(parents, sections):
    name = parents[0].name if parents else TEMPLATE
    return {section: Text(f"• The parent is {name}.\n• It is **weak** on `Memorize`.",
                          f"• 父变体为 {name}。\n• 它在 `Memorize` 上**较弱**。") for section in sections}  # fmt: skip


def _source(number, parents):
    """The template, with a line more for each generation."""
    if not parents:
        return TEMPLATE_FILE.read_text()
    lines = parents[0].proposal.source.split("\n")
    place = 30 + number % 20
    return "\n".join([*lines[:place], f"    q = q * {1 + number / 1000}  # attempt {number}", *lines[place:]])


def _stamp(at):
    import time

    return time.strftime("%Y%m%d_%H%M%S", time.gmtime(at))

"""Score cards, proposals and runs made up for tests."""

from agent.core.run import Proposal
from agent.core.score import MAD_TASKS, CurvePoint, ScoreCard, SeedScore, Speed, TaskScore
from agent.core.text import Text

FINGERPRINT = "0123456789ab"
CURVE = (CurvePoint(5, 2.5, 2.25, 0.125), CurvePoint(10, 1.5, 1.25, 0.5))


def sample_card(fingerprint=FINGERPRINT, spread=0.01, **scores):
    """A card with two seeds a task, `spread` to both sides of a score: 0.5, or what is given ("Memorize=0.9")."""
    given = {task: scores.get(task.replace(" ", "_"), 0.5) for task in MAD_TASKS}
    return ScoreCard(
        "smoke", fingerprint, {task: sample_task(task, mean, spread) for task, mean in given.items()},
        1000, 64, Speed(1.0, 1.0), "cpu", {"torch": "2"}, 7, 1.5,
    )  # fmt: skip


def sample_task(task, mean, spread=0.01):
    seeds = (mean - spread, mean + spread)
    return TaskScore(
        task,
        tuple(
            SeedScore(task, f"{task} V8", seed, macro, macro, macro, 1e-3, 0.0, "finished", 10, 10, CURVE)
            for seed, macro in enumerate(seeds)
        ),
    )


def sample_proposal(name="delta_net_4layer_x", source="x = 1\n", author="catalogue", **facts):
    return Proposal(name, source, author, Text("A change", "一处改动"), **facts)

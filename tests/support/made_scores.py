"""Score cards and histories of which every number is given: what comparisons and estimates are tried on."""

from random import Random

from sample_cards import FINGERPRINT, sample_card, sample_proposal

from agent.core.run import Run
from agent.core.score import MAD_TASKS, ScoreCard, SeedScore, Speed, TaskScore
from agent.science.history import History

# Move -> its effect on every task, in the histories below.
TRUE = {"a": 0.1, "b": -0.05, "c": 0.0}


def history(*sets, seed=0, noise=0.005, objective="average"):
    """Scored runs of the template and of these sets of moves, whose effects on every task are the true ones."""
    chance = Random(seed)
    runs = []
    for number, moves in enumerate(((), *sets)):
        scores = {t.replace(" ", "_"): 0.5 + sum(TRUE[m] for m in moves) + chance.gauss(0, noise) for t in MAD_TASKS}
        name = "delta_net_4layer" if not moves else f"delta_net_4layer_{number}"
        proposal = sample_proposal(name, moves=tuple(moves))
        runs.append(Run(str(number), "analysed", proposal, "smoke", FINGERPRINT, card=sample_card(**scores)))
    return History(tuple(runs), {}, objective=objective)


def task_score(task="Memorize", **settings):
    """A task's score from the macro accuracies of each setting's seeds."""
    return TaskScore(
        task,
        tuple(
            SeedScore(task, setting, seed, macro, macro, macro, 1e-3, 0.0, "finished", 1, 1)
            for setting, scores in settings.items()
            for seed, macro in enumerate(scores)
        ),
    )


def card(*tasks, protocol="mad", fingerprint="0" * 12):
    speed = Speed(1.0, 1.0)
    return ScoreCard(protocol, fingerprint, {task.task: task for task in tasks}, 1, 1, speed, "cpu", {}, 0, 1.0)

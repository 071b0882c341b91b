"""English: how a variant came to its scores."""

SENTENCES = {
    "learning.scores": "{task} {scores}",
    "learning.solved": "solved at step {steps}",
    "learning.some solved": "{solved} seeds solved at step {steps}",
    "learning.curve": "{halfway} halfway, {end} at the end",
    "learning.rising": "{halfway} halfway, {end} at the end and still rising",
    "learning.micro": "seed {seed} {macro} by class but {micro} by token",
}

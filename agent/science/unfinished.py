"""What an evaluation had done when it was ended, in words: it makes no row, and is worth telling all the same."""

from collections.abc import Sequence
from statistics import fmean

from agent.core.failure import Unfinished, UnfinishedSeed
from agent.core.sentences import joined, listed
from agent.core.text import Text, say


def unfinished_lines(done: Unfinished | None) -> list[Text]:
    """How much was done, the scores of finished tasks, and how far the others had come; nothing of nothing."""
    if done is None:
        return []
    lines = [say("unfinished.share", share=done.share)]
    if done.tasks:
        scores = [f"{task} {score.mean:.3f}" for task, score in done.tasks.items()]
        lines.append(say("unfinished.tasks", list=listed(scores)))
    begun: dict[str, list[UnfinishedSeed]] = {}
    for seed in done.seeds:
        if seed.curve:
            begun.setdefault(seed.task, []).append(seed)
    if begun:
        reached = joined([_reached(task, seeds) for task, seeds in begun.items()], "list.comma")
        lines.append(say("unfinished.others", list=say("list.sentence", list=reached)))
    return lines


def _reached(task: str, seeds: Sequence[UnfinishedSeed]) -> Text:
    """The mean validation accuracy of the seeds of a task that had one, and how far they were."""
    return say(
        "unfinished.task",
        task=task,
        accuracy=fmean(seed.curve[-1].accuracy for seed in seeds),
        share=fmean(seed.curve[-1].step / seed.steps for seed in seeds),
    )

"""The two stages of an evaluation: training in a pool of workers, then the held-out test of what was trained."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from agent.core.failure import Failure, Unfinished
from agent.core.score import SeedScore, TaskScore
from agent.core.text_score import TextScore
from agent.evaluator.account import Described, read_described, read_trained
from agent.evaluator.failure import EvaluationFailed, doubting
from agent.evaluator.held_out import HeldOutTest, best_of_grid, read_scores
from agent.evaluator.held_out_text import text_score
from agent.evaluator.job import Job
from agent.evaluator.pace import Pace
from agent.evaluator.progress import Update
from agent.evaluator.protocol import Protocol, Replica
from agent.evaluator.reading import leave_text, reader_of
from agent.evaluator.remote.pairs import carry_out
from agent.evaluator.remote.replay import Replay, choose_replays
from agent.evaluator.text.windows import TextReader
from agent.evaluator.training.early_steps import EARLY_STEPS
from agent.evaluator.worker_pool import WorkerPool

DESCRIBE: dict[str, Any] = {"do": "describe"}
TESTING = 120.0  # seconds for the test of what was finished, after a training that took too long

Answer = Mapping[str, Any]


@dataclass(frozen=True)
class Stages:
    """One evaluation while it goes on.

    `variant` is a copy in `kept`, a folder that no worker sees; `job` is theirs. `groups` are the replicas that train
    together, and an answer of the training of each is known by its place among them.
    """

    variant: Path
    protocol: Protocol
    job: Job
    kept: Path
    workers: int
    groups: Sequence[list[Replica]]
    test_seed: int
    pace: Pace
    seconds: dict[int, float] = field(default_factory=dict)  # that the training of each group took

    @cached_property
    def text(self) -> TextReader | None:
        """What a protocol of text reads."""
        return reader_of(self.protocol)

    def train(self, watch: Callable[[Update], None]) -> tuple[Described, dict[int, Answer]]:
        """Train everything. EvaluationFailed tells, with its reason, what was done by then."""
        if self.text is not None:
            leave_text(self.text, self.protocol, self.job.folder, [each for group in self.groups for each in group])
        self.pace.begin()
        pool = WorkerPool(self.job.folder, self.workers, self.pace.deadline, self.job.device, self.pace)

        def answered(request: Answer, answer: Answer) -> None:
            if request == DESCRIBE:
                with doubting():
                    self.pace.describe(read_described(answer).speed)
                pool.deadline = self.pace.deadline

        requests = [DESCRIBE, *({"do": "train", "stack": stack} for stack in range(len(self.groups)))]
        try:
            description, *trained = pool.run(requests, watch, answered)
        except EvaluationFailed as error:
            done = {place - 1: answer for place, answer in pool.answers.items() if place}
            raise EvaluationFailed(replace(error.failure, unfinished=self._unfinished(error.failure, done))) from error
        self.seconds.update({place - 1: seconds for place, seconds in pool.seconds.items() if place})
        with doubting():
            return read_described(description), dict(enumerate(trained))

    def draw_tests(self, trained: Mapping[int, Answer], tasks: Sequence[str] = ()) -> list[HeldOutTest]:
        """The tests of trained groups; of some tasks alone where these are named."""
        tests = []
        for stack, answer in trained.items():
            chosen = best_of_grid(self.groups[stack], answer)
            chosen = [each for each in chosen if not tasks or each.replica.setting.task in tasks]
            if chosen:
                tests.append(HeldOutTest.draw(stack, chosen, self.protocol, self.test_seed, text=self.text))
        return tests

    def draw_varied(self, tests: Sequence[HeldOutTest]) -> list[HeldOutTest]:
        """The further tests of the same weights, on longer sequences or with other numbers of pairs."""
        return [varied for test in tests for varied in test.varied(self.protocol, self.test_seed, self.text)]

    def score(
        self,
        tests: Sequence[HeldOutTest],
        varied: Sequence[HeldOutTest],
        trained: Mapping[int, Answer],
        deadline: float,
    ) -> list[SeedScore]:
        """Have the tests predicted and some early steps taken again. Raises EvaluationFailed."""
        for test in (*tests, *varied):
            test.write_inputs(self.job)
        replays = choose_replays(self.groups, trained, self.job.device)
        answers = carry_out(
            [replay.request for replay in replays] + [test.request for test in (*tests, *varied)],
            self.job,
            self.variant,
            self.workers,
            deadline,
            into=self.kept,
            given=self._early_text(replays),
        )
        for replay, answer in zip(replays, answers, strict=False):
            replay.check(answer)
        return read_scores(tests, varied, replace(self.job, folder=self.kept))

    def bits(self, tests: Sequence[HeldOutTest], trained: Mapping[int, Answer]) -> TextScore | None:
        """Bits per byte by tests whose scores were read; None where the protocol reads no text."""
        if self.text is None:
            return None
        home = replace(self.job, folder=self.kept)
        return text_score(self.text.text, tests, home, self._tokens_a_second(trained))

    def _tokens_a_second(self, trained: Mapping[int, Answer]) -> float:
        """How many one worker trains on in a second, its validations included, by the clock of this program."""
        tokens = 0
        for stack, answer in trained.items():
            with doubting():
                for said, replica in zip(answer["trainees"], self.groups[stack], strict=True):
                    tokens += read_trained(said, replica).curve[-1].step * replica.batch * replica.setting.input_length
        return tokens / sum(self.seconds[stack] for stack in trained)

    def _early_text(self, replays: Sequence[Replay]) -> list[Path]:
        """What the early steps read that are taken again: from the files of the text, not from the workers' folder."""
        if self.text is None or not replays:
            return []
        folder = self.kept / "text"
        folder.mkdir()
        replicas = [replica for replay in replays for replica in self.groups[replay.stack]]
        return leave_text(self.text, self.protocol, folder, replicas, steps=EARLY_STEPS)

    def _unfinished(self, failure: Failure, trained: Mapping[int, Answer]) -> Unfinished | None:
        """What was done: after a timeout, finished tasks are tested; None where no validation came."""
        if self.pace.share <= 0:
            return None
        found = self.pace.unfinished()
        scores = self._finished(trained) if failure.kind == "timeout" else {}
        return replace(found, tasks=scores, seeds=tuple(each for each in found.seeds if each.task not in scores))

    def _finished(self, trained: Mapping[int, Answer]) -> dict[str, TaskScore]:
        """The scores of the tasks that were trained to their end; of none where they cannot be told."""
        left = {
            replica.setting.task for stack, group in enumerate(self.groups) if stack not in trained for replica in group
        }
        tasks = [task for task in (*self.protocol.tasks, *self.protocol.further) if task not in left]
        if not tasks:
            return {}
        try:
            scores = self.score(self.draw_tests(trained, tasks), (), trained, time.monotonic() + TESTING)
        except EvaluationFailed:  # the time is the failure that is told; what cannot be tested has no score
            return {}
        return {task: task_score(task, scores) for task in tasks}


def task_score(task: str, scores: Sequence[SeedScore]) -> TaskScore:
    """Those scores that are of a task."""
    mine = [score for score in scores if score.task == task]
    return TaskScore(task, tuple(sorted(mine, key=lambda score: (score.setting, score.seed))))

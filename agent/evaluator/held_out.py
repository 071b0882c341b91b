"""The held-out test of trained replicas: which are tested, on what, and what their predictions are worth.

Only the parent runs this. It alone draws the test and holds its labels.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor

from agent.core.failure import Failure
from agent.core.reason import Field, Reason
from agent.core.score import CurvePoint, LongerTest, PairsTest, SeedScore
from agent.evaluator.account import read_trained
from agent.evaluator.failure import EvaluationFailed, doubting
from agent.evaluator.jail.exchange import leave, take
from agent.evaluator.job import Job
from agent.evaluator.probes.controls import FEWEST, FEWEST_LONGER, ControlledTest, with_controls
from agent.evaluator.protocol import Protocol, Replica
from agent.evaluator.tasks.draw import draw
from agent.evaluator.tasks.task import AS_TRAINED, Examples, Reader, Setting, Variation
from agent.evaluator.training.metric import Accuracy, accuracy
from agent.evaluator.training.trainer import merit


@dataclass(frozen=True)
class Candidate:
    """A trained replica as its worker describes it; `row` is its place in the weights of its stack."""

    replica: Replica
    row: int
    ending: str
    curve: tuple[CurvePoint, ...]

    @property
    def best_point(self) -> CurvePoint:
        """Where its best weights stood: the lowest validation loss while all losses were finite."""
        return min((point for point in self.curve if point.finite), key=lambda point: point.loss)


@dataclass(frozen=True)
class HeldOutTest:
    """The candidates of one stack, each with a test of its own, on sequences as in training or with a variation."""

    stack: int
    candidates: list[Candidate]
    examples: list[Examples]
    controlled: list[ControlledTest]  # the same, with controls among the sequences
    variation: Variation = AS_TRAINED

    @classmethod
    def draw(
        cls,
        stack: int,
        candidates: list[Candidate],
        protocol: Protocol,
        test_seed: int,
        variation: Variation = AS_TRAINED,
        text: Reader | None = None,
    ) -> "HeldOutTest":
        """Draw the tests. Replicas of one seed share their world with training (Memorize's map), nothing else.

        Longer sequences are fewer, so that every test has the same number of tokens. Of a `text` all are given the same
        windows of its held-out files.
        """
        examples = [
            draw(
                variation.of(candidate.replica.setting),
                max(1, protocol.test_examples // variation.times),
                split="test",
                seed=test_seed + candidate.replica.seed,
                world=candidate.replica.seed,
                device="cpu",
                text=text,
            )
            for candidate in candidates
        ]
        controlled = [
            with_controls(
                drawn,
                test_seed + row,
                whole=candidate.replica.setting.autoencoder,
                fewest=FEWEST if variation.times == 1 else FEWEST_LONGER,
            )
            for row, (candidate, drawn) in enumerate(zip(candidates, examples, strict=True))
        ]
        return cls(stack, candidates, examples, controlled, variation)

    def varied(self, protocol: Protocol, test_seed: int, text: Reader | None = None) -> "list[HeldOutTest]":
        """The further tests of the same weights, on longer sequences or with other numbers of pairs.

        Each is of the candidates that have such tests.
        """
        every = sorted({each for candidate in self.candidates for each in candidate.replica.variations})
        return [
            HeldOutTest.draw(
                self.stack,
                [candidate for candidate in self.candidates if variation in candidate.replica.variations],
                protocol,
                test_seed,
                variation,
                text,
            )
            for variation in every
        ]

    @property
    def request(self) -> dict[str, Any]:
        """What is asked of the predicting worker."""
        return {"do": "predict", "stack": self.stack, **asdict(self.variation)}

    def write_inputs(self, job: Job) -> None:
        """Leave the inputs, and nothing but the inputs, where the predicting worker finds them.

        Of text the targets too: all but the last are the next inputs, and the process that reads them runs no line of
        the variant.
        """
        inputs = torch.stack([test.inputs for test in self.controlled]).int()
        rows = torch.tensor([candidate.row for candidate in self.candidates])
        given = {"chosen": rows, "inputs": inputs}
        if self.reads_text:
            arranged = [test.arranged(each.targets) for test, each in zip(self.controlled, self.examples, strict=True)]
            given["targets"] = torch.stack(arranged).int()
        leave(job.inputs(self.stack, **asdict(self.variation)), save(given))

    @property
    def reads_text(self) -> bool:
        """Whether it is a test of bits per byte, too."""
        return self.candidates[0].replica.setting.reads_text

    def score(self, job: Job) -> list[SeedScore]:
        """Read the predicted tokens and compare them with the labels.

        Raises EvaluationFailed if they are not tokens, or depend on what they must not.
        """
        best, last = self._accuracies(job, predictions=2)
        return [
            SeedScore(
                task=candidate.replica.setting.task,
                setting=candidate.replica.setting.label,
                seed=candidate.replica.seed,
                macro=float(best.macro[row]),
                micro=float(best.micro[row]),
                macro_last=float(last.macro[row]),
                learning_rate=candidate.replica.learning_rate,
                weight_decay=candidate.replica.weight_decay,
                ending=candidate.ending,
                best_step=candidate.best_point.step,
                steps=candidate.curve[-1].step,
                curve=candidate.curve,
                pairs=_own_pairs(candidate.replica, float(best.macro[row]), float(best.micro[row])),
            )
            for row, candidate in enumerate(self.candidates)
        ]

    def score_varied(self, job: Job) -> dict[Replica, LongerTest | PairsTest]:
        """The same of a further test, which the best weights alone are given."""
        (best,) = self._accuracies(job, predictions=1)
        test = self.variation
        return {
            candidate.replica: PairsTest(test.pairs, float(best.macro[row]), float(best.micro[row]))
            if test.pairs
            else LongerTest(test.times, float(best.macro[row]), float(best.micro[row]))
            for row, candidate in enumerate(self.candidates)
        }

    def _accuracies(self, job: Job, predictions: int) -> list[Accuracy]:
        """Of each of so many predictions, as the worker left them one after the other."""
        targets = torch.stack([examples.targets for examples in self.examples])
        shape = (predictions, len(self.controlled), *self.controlled[0].inputs.shape)
        tokens = math.prod(shape)
        with doubting():
            raw = bytearray(take(job.predictions(self.stack, **asdict(self.variation)), 4 * tokens))
        if len(raw) != 4 * tokens:
            reason = Reason("failure.count_of_tokens", {"found": len(raw) // 4, "wanted": tokens})
            raise EvaluationFailed(Failure("wrong shape", reason))
        answers = torch.frombuffer(raw, dtype=torch.int32).view(shape).long()
        classes = max(candidate.replica.setting.vocab for candidate in self.candidates)
        if bool(((answers < 0) | (answers >= classes)).any()):
            raise EvaluationFailed(Failure("crash", Reason("failure.unknown_tokens", {"largest": classes - 1})))
        self._check_honesty(answers, torch.device(job.device).type)
        scored = torch.stack([test.scored(answers[:, row]) for row, test in enumerate(self.controlled)], dim=1)
        return [accuracy(predicted, targets, classes) for predicted in scored]

    def _check_honesty(self, answers: Tensor, device_kind: str) -> None:
        """(P, R, N + C, T) predictions: of no model may they depend on later tokens or on other sequences."""
        for row, (candidate, test) in enumerate(zip(self.candidates, self.controlled, strict=True)):
            for predictions in answers[:, row]:
                if share := test.leaked_share(predictions, device_kind):
                    seen: dict[str, Field] = {"replica": candidate.replica.key, "share": share}
                    raise EvaluationFailed(Failure("refused", Reason("failure.trained_causality", seen)))


def read_scores(tests: Sequence[HeldOutTest], varied: Sequence[HeldOutTest], job: Job) -> list[SeedScore]:
    """The scores of all candidates, those of their further tests with them, the shortest and fewest pairs first.

    Raises EvaluationFailed as `HeldOutTest.score` does.
    """
    further: dict[tuple[str, int], list[LongerTest | PairsTest]] = {}
    for test in sorted(varied, key=lambda each: each.variation):
        for replica, reached in test.score_varied(job).items():
            further.setdefault((replica.setting.label, replica.seed), []).append(reached)
    return [
        _with_further(score, further.get((score.setting, score.seed), []))
        for test in tests
        for score in test.score(job)
    ]


def _with_further(score: SeedScore, reached: Sequence[LongerTest | PairsTest]) -> SeedScore:
    longer = tuple(test for test in reached if isinstance(test, LongerTest))
    pairs = [*score.pairs, *(test for test in reached if isinstance(test, PairsTest))]
    return replace(score, longer=longer, pairs=tuple(sorted(pairs, key=lambda test: test.pairs)))


def _own_pairs(replica: Replica, macro: float, micro: float) -> tuple[PairsTest, ...]:
    """The ordinary test among those with other numbers of pairs, where there are such."""
    asked = any(variation.pairs for variation in replica.variations)
    return (PairsTest(replica.setting.pairs, macro, micro),) if asked else ()


def best_of_grid(group: list[Replica], answer: Mapping[str, Any]) -> list[Candidate]:
    """Of each setting and seed of a stack, the rate and decay whose checkpoint has the best validation accuracy.

    Of text it is the one with the least validation loss. One that diverged counts by its best checkpoint before that,
    as in MAD. Raises EvaluationFailed where no point of a grid has a checkpoint with a finite loss: there is then no
    score for that seed.
    """
    grids: dict[tuple[Setting, int], list[Candidate]] = {}
    for candidate in _candidates(group, answer):
        grids.setdefault(candidate.replica.grid, []).append(candidate)
    chosen = []
    for grid in grids.values():
        sound = [candidate for candidate in grid if any(point.finite for point in candidate.curve)]
        if not sound:
            where: dict[str, Field] = {"replica": grid[0].replica.key, "step": grid[0].curve[-1].step}
            raise EvaluationFailed(Failure("diverged", Reason("failure.diverged", where)))
        chosen.append(max(sound, key=lambda candidate: merit(candidate.replica, candidate.best_point)))
    return chosen


def _candidates(group: list[Replica], answer: Mapping[str, Any]) -> list[Candidate]:
    """What a worker says of its stack: at least one validation of each replica."""
    with doubting():
        trained = [read_trained(said, replica) for replica, said in zip(group, list(answer["trainees"]), strict=True)]
    return [
        Candidate(replica, row, each.ending, each.curve)
        for row, (replica, each) in enumerate(zip(group, trained, strict=True))
    ]

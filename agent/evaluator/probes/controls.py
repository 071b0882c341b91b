"""The last probe: while a trained model is tested, it is tested for honesty too.

Among the sequences of a test are altered copies of some of them: the same up to a cut, then the tokens of another
sequence. All are shuffled. A model that is causal and reads each sequence by itself predicts the same before the cut,
whatever its neighbours are; one that is not gives itself away, and cannot know which sequences it had better be honest
about. What is compared is what scores are made of: predicted tokens.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from agent.evaluator.tasks.task import IGNORE, Examples

SHARE = 10  # one altered copy for so many sequences, at least FEWEST of them
FEWEST = 32
FEWEST_LONGER = 16  # of a test on longer sequences, which has fewer of them
NEAR = 8  # positions before the cut that are compared: a glance ahead shows there, however short it is
# Rounding may tip a prediction that hangs in the balance: of those compared, so large a share and one more. On a CPU
# none was seen to tip, in bfloat16 neither (docs/notebook.md); for a GPU the share is a guess, not measured yet.
TOLERATED = {"cpu": 0.0, "cuda": 0.02}


@dataclass(frozen=True)
class ControlledTest:
    """The inputs of a test with its controls among them, as a worker gets them.

    `inputs` is (N + C, T), shuffled; `places` says for each of the N sequences, then for each of the C altered copies,
    which row it is. Copy c is sequence `copied[c]` up to position `cuts[c]`.
    """

    inputs: Tensor
    places: Tensor
    copied: Tensor
    cuts: Tensor

    @property
    def tests(self) -> int:
        """How many sequences are really scored: N."""
        return len(self.places) - len(self.copied)

    def scored(self, predictions: Tensor) -> Tensor:
        """(..., N + C, T) predictions of the rows -> (..., N, T) of the sequences in their own order."""
        return predictions[..., self.places[: self.tests], :]

    def arranged(self, tokens: Tensor) -> Tensor:
        """(N, T) tokens of the sequences in their own order -> (N + C, T) of the rows, zero for the altered copies."""
        rows = torch.zeros(self.inputs.shape, dtype=tokens.dtype)
        rows[self.places[: self.tests]] = tokens
        return rows

    def leaked_share(self, predictions: Tensor, device_kind: str) -> float | None:
        """The share of predictions (N + C, T) before the cuts that depend on what they must not; None if none does."""
        changed, compared = self.changed(predictions)
        return changed / compared if changed > 1 + TOLERATED[device_kind] * compared else None

    def changed(self, predictions: Tensor) -> tuple[int, int]:
        """How many predictions (N + C, T) shortly before the cuts differ between sequence and copy, and of how many."""
        originals = predictions[self.places[self.copied]]
        copies = predictions[self.places[self.tests :]]
        positions = torch.arange(predictions.shape[1])
        near = (positions < self.cuts[:, None]) & (positions >= self.cuts[:, None] - NEAR)
        return int(((originals != copies) & near).sum()), int(near.sum())


def with_controls(test: Examples, seed: int, whole: bool, fewest: int = FEWEST) -> ControlledTest:
    """Hide altered copies among the N sequences of a test. `whole`: the model may read all of a sequence before it
    answers, as an auto-encoder does, so that copies are left as they are and only their neighbours differ."""
    inputs = test.inputs
    chance = torch.Generator().manual_seed(seed)
    tests, length = inputs.shape
    count = max(fewest, tests // SHARE)
    copied, others = torch.randint(0, tests, (2, count), generator=chance)
    if whole:
        cuts = torch.full((count,), length)
    else:
        # Half of the cuts are anywhere; half follow a scored position, where a glance ahead would pay.
        worth = (test.targets[copied, :-1] != IGNORE).double()
        worth[::2] = 0
        cuts = 1 + torch.multinomial(worth + 1e-9, 1, generator=chance).squeeze(1)
    early = torch.arange(length) < cuts[:, None]
    copies = torch.where(early, inputs[copied], inputs[others])
    places = torch.randperm(tests + count, generator=chance)
    shuffled = torch.empty(tests + count, length, dtype=inputs.dtype)
    shuffled[places] = torch.cat([inputs, copies])
    return ControlledTest(shuffled, places, copied, cuts)

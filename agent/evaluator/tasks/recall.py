"""What Context Recall and Noisy Recall have in common: say the value that a key had earlier in the same sequence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.evaluator.tasks.task import IGNORE, Examples, Request

if TYPE_CHECKING:
    from torch import Tensor

ONLY_TARGETS = 1  # the last value, which nothing may read


def recall(request: Request, noise: float = 0.0, noise_vocab: int = 0) -> Examples:
    """L / 2 pairs (key, value), the last of which asks for a key that was shown; the inputs are all but the last token.

    The first half of the tokens are keys and the second half values; a key's value is drawn for each sequence anew.
    The targets are the next tokens: all of them in training, in a test only the values of keys shown before.

    The uppermost `noise_vocab` tokens are noise, and a pair is two of them with the probability `noise`; such a pair
    shows no key.
    """
    import torch

    from agent.evaluator.tasks.repeats import shown_before

    setting = request.setting
    pairs, ordinary = setting.length // 2, setting.vocab - noise_vocab
    key_count = ordinary // 2

    noisy = noise_pairs(request, noise, pairs)
    keys = request.integers(key_count, pairs)
    keys[:, -1] = a_shown_key(request, keys[:, :-1].masked_fill(noisy[:, :-1], key_count), key_count)
    # Drawing a value for each key beforehand is the same as drawing it on the key's first use.
    values = (key_count + request.integers(ordinary - key_count, key_count)).gather(1, keys)

    sequence = torch.stack((keys, values), dim=2)  # (N, P, 2)
    if noise:
        junk = ordinary + request.integers(noise_vocab, 2 * pairs).view_as(sequence)
        sequence = torch.where(noisy.unsqueeze(2), junk, sequence)
    answers = sequence
    if request.scored:
        scored = shown_before(keys.masked_fill(noisy, -1)) & ~noisy
        answers = torch.full_like(sequence, IGNORE)
        answers[:, :, 1] = values.masked_fill(~scored, IGNORE)
    return Examples(inputs=sequence.flatten(1)[:, :-1], targets=answers.flatten(1)[:, 1:])


def noise_pairs(request: Request, noise: float, pairs: int) -> Tensor:
    """(N, P) bool: which pairs are noise. The last never is, nor is one random pair before it, so some key is shown."""
    noisy = request.coins(noise, pairs)
    noisy[:, -1] = False
    return noisy.scatter_(1, request.integers(pairs - 1, 1), False)


def a_shown_key(request: Request, keys: Tensor, key_count: int) -> Tensor:
    """(N, P) keys -> (N,): for each row one of its distinct keys, uniformly; key_count in `keys` stands for no key."""
    import torch

    shown = torch.zeros(request.count, key_count + 1, device=keys.device).scatter_(1, keys, 1.0)
    return torch.multinomial(shown[:, :key_count], 1, generator=request.chance).squeeze(1)

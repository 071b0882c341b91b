"""How much a device trains at once, by its memory."""

from collections.abc import Sequence

import torch

from agent.evaluator.protocol import Replica, ceil_div

# Bytes that a training step holds for each token: 25 thousand for the template, 40 for the Adam-style update, and 149
# for the hungriest of 14 known variants, counted at length 128 (python -m benchmarks.held).
HELD_A_TOKEN = 150_000
SHARE = 0.8  # of a GPU's memory, for that: the rest is weights, examples, logits and what lies between pieces in use
MOST_TOKENS = 1 << 18  # of a step on a GPU, however large: a guess of what keeps one busy, not measured yet
BYTES_A_LOGIT = 64  # of the memory, for each logit of a pass: copies in two types, and as much for all else


def replicas_at_once(replicas: Sequence[Replica], device: torch.device) -> int:
    """How many of the replicas of one shape train at once; at least one, whether or not there is room for it."""
    if device.type != "cuda":
        return len(replicas)
    tokens = min(MOST_TOKENS, _tokens(device))
    return max(1, min(len(replicas), tokens // (replicas[0].batch * replicas[0].setting.input_length)))


def parts_of_a_batch(replica: Replica, device: torch.device) -> int:
    """In how many parts the batch of a single replica is taken, so that each has room."""
    if device.type != "cuda":
        return 1
    rows = max(1, _tokens(device) // replica.setting.input_length)
    return ceil_div(replica.batch, min(replica.batch, rows))


def rows_at_once(replicas: Sequence[Replica], device: torch.device) -> int:
    """How many sequences of the replicas of one shape a step hands to the op at once."""
    batch = ceil_div(replicas[0].batch, parts_of_a_batch(replicas[0], device))
    return replicas_at_once(replicas, device) * batch


def _tokens(device: torch.device) -> int:
    """Of a step that a GPU has the memory for."""
    return int(SHARE * memory(device) / HELD_A_TOKEN)


def logits_at_once(most: int, device: torch.device) -> int:
    """How many logits one pass over examples may give: `most`, or what a GPU has the memory for."""
    return min(most, memory(device) // BYTES_A_LOGIT) if device.type == "cuda" else most


def memory(device: torch.device) -> int:
    """Bytes of a GPU."""
    return int(torch.cuda.get_device_properties(device).total_memory)

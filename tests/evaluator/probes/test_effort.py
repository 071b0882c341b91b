"""Operations are counted whatever a product is called."""

import pytest
import torch
import torch.nn.functional as F

from agent.evaluator.probes.effort import Effort

A, B, BATCH = torch.ones(3, 4), torch.ones(4, 5), torch.ones(2, 3, 4)
SEQUENCE = torch.ones(2, 3, 8, 4)
MASK = torch.zeros(8, 8)


@pytest.mark.parametrize(
    ("call", "operations"),
    [
        (lambda: A @ B, 2 * 3 * 4 * 5),
        (lambda: torch.addmm(torch.ones(5), A, B), 2 * 3 * 4 * 5),
        (lambda: BATCH @ BATCH.mT, 2 * 2 * 3 * 4 * 3),
        (lambda: torch.addbmm(torch.ones(3, 3), BATCH, BATCH.mT), 2 * 2 * 3 * 4 * 3),
        (lambda: A @ B[:, 0], 2 * 3 * 4),
        (lambda: torch.dot(B[:, 0], B[:, 1]), 2 * 4),
        (lambda: F.conv1d(torch.ones(1, 3, 10), torch.ones(6, 3, 4)), 2 * 6 * 7 * 3 * 4),
        (lambda: F.scaled_dot_product_attention(SEQUENCE, SEQUENCE, SEQUENCE), 2 * 2 * 3 * 8 * 8 * 8),
        (lambda: F.bilinear(A, A, torch.ones(5, 4, 4)), 3 * 3 * 5 * 4 * 4),
        (lambda: torch.linalg.solve(torch.eye(4), B), 2 * 4 * (4 * 5 + 4 * 4)),  # its factors are outputs too
    ],
)
def test_a_product_costs_what_it_multiplies(call, operations):
    with Effort(True) as effort:
        call()
    assert operations <= effort.numbers <= 1.3 * operations + 100


def test_attention_with_a_mask_is_no_less():
    counted = []
    for mask in (None, MASK):
        with Effort(True) as effort:
            F.scaled_dot_product_attention(SEQUENCE, SEQUENCE, SEQUENCE, attn_mask=mask)
        counted.append(effort.numbers)
    assert counted[1] >= counted[0]


def test_nothing_is_counted_unless_it_is_asked_for():
    with Effort(False) as effort:
        _ = A @ B
    assert effort.numbers == 0

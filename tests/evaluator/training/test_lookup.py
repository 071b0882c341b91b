"""The embeddings of tokens, and their gradient by a product as a GPU takes it."""

import torch

from agent.evaluator.training import lookup
from agent.evaluator.training.lookup import look_up


def test_the_gradient_by_a_product_is_that_of_an_ordinary_look_up(monkeypatch):
    chance = torch.Generator().manual_seed(0)
    embedding = torch.randn(3, 7, 4, generator=chance).double().requires_grad_()
    tokens = torch.randint(6, (3, 5, 9), generator=chance)  # one token is never read
    grad = torch.randn(3, 5, 9, 4, generator=chance).double()
    found = []
    for kinds in (set(), {"cpu"}):
        monkeypatch.setattr(lookup, "BY_PRODUCT", kinds)
        x = look_up(embedding, tokens)
        found.append((x, *torch.autograd.grad(x, embedding, grad)))
    (x, gradient), (same_x, same_gradient) = found
    assert torch.equal(x, same_x)
    assert torch.equal(x[2, 4, 8], embedding[2, tokens[2, 4, 8]])
    torch.testing.assert_close(same_gradient, gradient, rtol=1e-12, atol=1e-12)
    assert (gradient[:, 6] == 0).all()

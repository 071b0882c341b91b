"""A file that could hold something from call to call is run anew for each; one of functions and constants once."""

import inspect

import pytest
import torch
from sample_inputs import sample

from agent.core.baselines import BASELINES, control_paths, known_path, published_paths
from agent.evaluator.contract.fresh import holds_nothing
from agent.evaluator.contract.parsing import parse_variant
from agent.evaluator.contract.variant import load_variant

OP = """
def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32):
    {body}
    return beta.unsqueeze(-1) * v + {added}, v.new_zeros(len(v), 1)
"""


@pytest.mark.parametrize(
    ("head", "body", "added"),
    [
        ("SEEN = ''.split()", "SEEN.append(1)", "len(SEEN)"),
        ("import torch\nSEEN = torch.zeros(1)", "SEEN.add_(1)", "SEEN.to(v)"),
        ("class Seen:\n    count = 0", "Seen.count += 1", "Seen.count"),
        ("SEEN = max([], [], key=len)", "SEEN.append(1)", "len(SEEN)"),
        ("import itertools\nSEEN = itertools.count(1)", "pass", "next(SEEN)"),
        ("def counting(seen=[]):\n    seen.append(1)\n    return len(seen)", "pass", "counting()"),
        ("import functools\n@functools.lru_cache\ndef seen():\n    return []", "seen().append(1)", "len(seen())"),
    ],
)
def test_nothing_that_a_call_leaves_is_seen_by_the_next(tmp_path, head, body, added):
    path = tmp_path / "variant.py"
    path.write_text(head + "\n" + OP.format(body=body, added=added))
    variant = load_variant(path)
    arguments = sample(variant.declaration, length=5)
    first = variant.op(**arguments)[0]
    assert torch.equal(first, arguments["beta"].unsqueeze(-1) * arguments["v"] + 1)
    assert all(torch.equal(variant.op(**arguments)[0], first) for _ in range(3))
    assert list(inspect.signature(variant.op).parameters)[:4] == ["q", "k", "v", "beta"]


def test_known_mixers_of_functions_and_constants_are_run_once():
    once = [name for name in [*BASELINES, *control_paths()] if holds_nothing(parse_variant(known_path(name)).tree)]
    assert once == [*BASELINES, *control_paths()]
    assert all(holds_nothing(parse_variant(path).tree) for path in published_paths().values())


def test_memory_that_was_asked_for_holds_zeros(tmp_path):
    path = tmp_path / "variant.py"
    path.write_text("import torch\n" + OP.format(
        body="a, b, c = torch.empty(3), torch.empty_like(v), v.new_empty(2)", added="a.sum() + b.sum() + c.sum()"
    ))  # fmt: skip
    variant = load_variant(path)
    arguments = sample(variant.declaration, length=5)
    torch.full((64,), 7.0)  # what is freed here is what memory without a writer would hold
    assert torch.equal(variant.op(**arguments)[0], arguments["beta"].unsqueeze(-1) * arguments["v"])

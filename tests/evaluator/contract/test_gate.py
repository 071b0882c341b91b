"""The gate reads a file and refuses what no op needs: with the line, and with what to do."""

import re

import pytest

from agent.core.baselines import BASELINES, baseline_path
from agent.core.reason import fields_of
from agent.evaluator.contract.gate import check_code
from agent.evaluator.contract.variant import VariantRefused

FILE = """\
import math
import torch
import torch.nn.functional as F
from torch import nn
{line}

def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32):
    return v, v
"""


@pytest.fixture
def gate(tmp_path):
    """What the gate says of a line of a file, which is line 5; nothing if it lets it pass."""

    def gate(line):
        path = tmp_path / "variant.py"
        path.write_text(FILE.format(line=line))
        refusal = None
        try:
            check_code(path)
        except VariantRefused as error:
            refusal = error.reason
        if refusal is None:
            return ""
        assert refusal.fields.keys() == fields_of(refusal.key)
        return str(refusal).removeprefix(f"{path}, ")

    return gate


@pytest.mark.parametrize("name", BASELINES)
def test_every_baseline_passes(name):
    check_code(baseline_path(name))


@pytest.mark.parametrize(
    "line",
    [
        "SCALE = math.sqrt(2.0)",
        "EYE = torch.eye(4)",
        "solve = torch.linalg.solve_triangular",
        "from torch.nn.functional import softmax as s",
        "from agent.kernels import rms_norm",
        "from einops import rearrange",
        "class Own(torch.autograd.Function):\n    pass",
        "class Layer(nn.Module):\n    def __init__(self): self.x = 1",
        "part = getattr((1, 2), 'count')",
        "double = lambda x, times=2: times * x",
        "kind = torch.float32.itemsize",
        "def f(x: torch.Tensor, dims=(0, -1)) -> torch.Tensor: return x",
    ],
)
def test_what_an_op_may_need_passes(gate, line):
    assert gate(line) == ""


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("open('x')", "uses open"),
        ("run = exec", "uses exec"),
        ("import torch.utils.data", "imports torch.utils.data"),
        ("import torch.fx as fx", "imports torch.fx"),
        ("from torch import functional", "imports torch.functional"),
        ("from torch.nn import *", r"imports torch.nn.\*"),
        ("from torch import _C", "imports _C"),
        ("torch.os.getpid()", "reaches for .os"),
        ("torch.functional.itertools", "reaches for .torch.functional"),
        ("torch.warnings.warn", "reaches for .warnings"),
        ("F.torch.os", "reaches for .os"),
        ("t = torch", "hands the module torch around"),
        ("parts = [nn]", "hands the module torch.nn around"),
        ("nn.functional", "hands the module torch.nn.functional around"),
        ("match 1:\n    case object(os=system): pass", "reaches for .os"),
        ("g = getattr", "getattr with a computed name"),
        ("getattr(*[1, 'os'])", "getattr with a computed name"),
        ("getattr(1, 'o' + 's')", "getattr with a computed name"),
        ("getattr(1, 'os')", "getattr with a computed name"),
        ("(1).__class__", "reaches for .__class__"),
        ("__builtins__", "uses __builtins__"),
        ("class Later:\n    def __del__(self): pass", "defines __del__"),
        ("class Own(metaclass=type): pass", "a class with a metaclass"),
        ("def f(x, cache={}): return cache", "has a default that could be changed"),
        ("f = lambda x, cache=[]: cache", "has a default that could be changed"),
        ("CACHE = {}\ndef f(x): CACHE[x] = 1", "writes into CACHE"),
        ("def f():\n    global g\n    g = 1", "declares a name as global"),
        ("F.silu = None", "sets the attribute silu"),
        ("async def f(): pass", "is asynchronous"),
    ],
)
def test_what_no_op_needs_is_refused_with_its_line(gate, line, reason):
    said = gate(line)
    assert re.search(reason, said), said
    assert re.match(r"line [5-9]: ", said)
    assert "\n" not in said

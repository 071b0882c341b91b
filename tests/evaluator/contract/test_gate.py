"""The gate reads a file and refuses what is not on its list: with the line, and with what to do."""

import builtins
import importlib
import re
import types

import pytest
import torch

import agent.kernels
from agent.core.baselines import BASELINES, baseline_path
from agent.core.reason import fields_of
from agent.core.resources import KNOWN_VARIANTS
from agent.evaluator.contract.allowed import ATTRIBUTES, BUILTINS, INSTEAD, MODULES
from agent.evaluator.contract.gate import check_code
from agent.evaluator.contract.reserved import reserved_attributes
from agent.evaluator.contract.variant import VariantRefused

FILE = """\
import math
import torch
import torch.nn.functional as F
from torch import nn
{line}

def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32):
    {inner}
    return v, v
"""


@pytest.fixture
def gate(tmp_path):
    """What the gate says of a line of a file, line 5, or of one in its op, line 8; nothing if it lets it pass."""

    def gate(line="", inner="pass"):
        path = tmp_path / "variant.py"
        path.write_text(FILE.format(line=line, inner=inner.replace("\n", "\n    ")))
        try:
            check_code(path)
        except VariantRefused as refusal:
            reason = refusal.reason
        else:
            return ""
        assert reason.fields.keys() == fields_of(reason.key)
        return str(reason).removeprefix(f"{path}, ")

    return gate


@pytest.mark.parametrize("name", BASELINES)
def test_every_baseline_passes(name):
    check_code(baseline_path(name))


@pytest.mark.parametrize("path", sorted(KNOWN_VARIANTS.glob("p*/*.py")), ids=lambda path: path.stem)
def test_every_published_mixer_passes(path):
    check_code(path)


@pytest.mark.parametrize(
    "line",
    [
        "SCALE = math.sqrt(2.0)",
        "EYE = torch.eye(4)\ndef f(x): return EYE.to(x) @ x + EYE[0]",
        "solve = torch.linalg.solve_triangular",
        "from torch.nn.functional import softmax as s",
        "from agent.kernels import rms_norm",
        "from einops import rearrange",
        "class Own(torch.autograd.Function):\n    pass",
        "class Layer(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.x = 1",
        "double = lambda x, times=2: times * x",
        "kind = torch.float32.itemsize",
        "def f(x: torch.Tensor, dims=(0, -1)) -> torch.Tensor: return x",
        "WEIGHTS = [0.5, 0.25]\ndef f(x): return sum(w * x for w in WEIGHTS) + torch.tensor(WEIGHTS) + WEIGHTS[0]",
        "SIZES = {'a': 1}\ndef f(x): return SIZES['a'] + SIZES.get(x, 0) + len(SIZES)",
        "POWERS = tuple(2**i for i in range(4))",
        "EPS = torch.finfo(torch.float32).eps\nLIMIT = float('inf')\nHALF: float = 1 / 2",
        "import functools\nact = functools.partial(F.gelu, approximate='tanh')",
        "from functools import partial, reduce",
        "from itertools import accumulate\nfrom collections.abc import Callable\nfrom typing import Optional",
        "from dataclasses import dataclass, field\n@dataclass(frozen=True)\nclass Parts:\n    left: int\n"
        "    right: list = field(default_factory=list)\n    def both(self): return self.left + self.right[0]",
        "from typing import NamedTuple\nclass Parts(NamedTuple):\n    left: torch.Tensor\n    scale: float = 1.0\n"
        "def f(x): return Parts(x).left * Parts(x).scale",
        "class Ring:\n    size = 3\n    def __init__(self, x):\n        self.parts = [x]\n    def push(self, x):\n"
        "        self.parts.append(x)\n    def __call__(self):\n        return self.parts[0]",
        "class Own(torch.autograd.Function):\n    @staticmethod\n    def forward(ctx, x, scale):\n"
        "        ctx.save_for_backward(x)\n        ctx.factor = scale\n        return x\n    @staticmethod\n"
        "    def backward(ctx, gradient):\n        (x,) = ctx.saved_tensors\n        return gradient * ctx.factor\n"
        "def f(x): return Own.apply(x, 2)",
        "import warnings\nwarnings.filterwarnings('ignore')\ndef f():\n    with warnings.catch_warnings():\n"
        "        warnings.simplefilter('ignore')\n    warnings.warn('slow')",
        "@torch.no_grad()\ndef f(x): return x",
        "def pieces(x, n):\n    for start in range(0, x.shape[2], n):\n        yield x[:, :, start : start + n]",
        "def mix(x, taps=[0.5, 0.25], *, names={'a': 1}): return taps",
    ],
)
def test_what_an_op_may_need_passes(gate, line):
    assert gate(line) == ""


@pytest.mark.parametrize(
    "inner",
    [
        "n = 0\ndef inner():\n    nonlocal n\n    n += 1",
        "with torch.amp.autocast('cpu', enabled=False):\n    x = q.float()",
        "g = torch.func.grad(lambda w: w.sum())(q)\nh = torch.func.vmap(torch.sin)(q)",
        "match q.shape:\n    case (b, h, length, d): pass",
        "assert chunk_size > 0, f'{chunk_size!r:>10} {q.shape}'",
        "try:\n    x = 1\nexcept (ValueError, RuntimeError) as error:\n    raise RuntimeError('no') from error",
        "y = [z for x in (q, k) if (z := x.sum()) is not None]\nu = z",
        "input, id, dir = q, 1, 2\nx = input * id + dir",
        "if type(chunk_size) is not int or getattr(q, 'ndim') != 4: raise ValueError('x')",
        "T = torch.linalg.inv(q)\ny = torch.fft.irfft(torch.fft.rfft(v, 2), 2)\nz = q.new_zeros(3).add_(1)",
        "import math as m\nx = m.pi",
    ],
)
def test_what_an_op_may_write_passes(gate, inner):
    assert gate(inner=inner) == ""


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("open('x')", "uses open; an op needs no files"),
        ("run = exec", "uses exec, by which Python runs other code"),
        ("import torch.utils.data", "imports torch.utils.data"),
        ("import torch.fx as fx", "reaches for torch.fx"),
        ("from torch import functional", "reaches for torch.functional"),
        ("from torch.nn import *", r"reaches for torch.nn.\*"),
        ("from torch import _C", "reaches for torch._C"),
        ("import torch.nn as t\nimport torch as t", "t is the module torch.nn here and something else"),
        ("def F(x): return x", "F is the module torch.nn.functional here and something else"),
        ("torch.os.getpid()", "uses os; an op needs no files"),
        ("torch.functional.itertools", "reaches for torch.functional"),
        ("F.torch.os", "reaches for torch.nn.functional.torch"),
        ("t = torch", "hands the module torch around"),
        ("parts = [nn]", "hands the module torch.nn around"),
        ("nn.functional", "hands the module torch.nn.functional around"),
        ("def f():\n    match 1:\n        case object(os=system): pass", "uses os"),
        ("g = getattr", "getattr with a computed name"),
        ("getattr(*[1, 'os'])", "getattr with a computed name"),
        ("getattr(1, 'o' + 's')", "getattr with a computed name"),
        ("getattr(1, 'os')", "uses os"),
        ("X = getattr(1, '__class__')", "reaches for .__class__"),
        ("X = (1).__class__", "reaches for .__class__"),
        ("__builtins__", "uses __builtins__"),
        ("__builtins__ = {}", "defines __builtins__"),
        ("open = open", "open is a name of Python's own"),
        ("X = [(open, (open := 1)) for y in (1,)]", "open is a name of Python's own"),
        ("class Later:\n    def __del__(self): pass", "defines __del__"),
        (
            "class A:\n    def __len__(self): return 1",
            "__init__ and __call__ alone: give it an ordinary name",
        ),
        ("from torch.utils.checkpoint import checkpoint", "imports torch.utils.checkpoint.* call the function itself"),
        ("from torch.utils import checkpoint", "imports torch.utils.checkpoint; .* call the function itself"),
        ("class Own(metaclass=abs): pass", "a class with a metaclass"),
        ("class Own(torch.Tensor): pass", "a class that comes from torch.Tensor"),
        ("class Own(torch.autograd.Function, nn.Module): pass", "a class with several bases"),
        ("def f(x, cache={}): return cache", "has a default that could be changed"),
        ("def f(x, cache=list()): return cache", "has a default that could be changed"),
        ("f = lambda x, cache=[]: cache", "has a default that could be changed"),
        ("CACHE = {}\ndef f(x): CACHE[x] = 1", "hands the list or dict CACHE on"),
        ("SEEN = [1]\ndef f(x): SEEN.append(x)", "hands the list or dict SEEN on"),
        ("SEEN = [1]\ndef f(x):\n    seen = SEEN", "hands the list or dict SEEN on"),
        ("SEEN = [1]\ndef f(x): f(SEEN)", "hands the list or dict SEEN on"),
        ("SEEN = [[1]]", "SEEN is computed when the file is read"),
        ("EYE = torch.eye(2)\ndef f(x): EYE.T[0].add_(1)", "hands the tensor EYE on"),
        ("EYE = torch.eye(2)\ndef f(x): torch.add(x, 1, out=EYE)", "hands the tensor EYE on"),
        ("EYE = torch.eye(2)\ndef f(x): F.relu_(EYE)", "hands the tensor EYE on"),
        ("EYE = 2 * torch.eye(2)\ndef f(x):\n    eye = EYE\n    eye += 1", "hands the tensor EYE on"),
        ("def make(): pass\nf = make()", "f is computed when the file is read"),
        ("import itertools\nN = itertools.count()", "N is computed when the file is read"),
        ("class Box:\n    seen = []", "seen of a class is no plain constant"),
        ("class Box:\n    print(1)", "a class may hold methods and constants alone"),
        ("from functools import lru_cache", "uses lru_cache, which keeps results"),
        ("from functools import wraps", "uses wraps; leave it out"),
        ("from operator import attrgetter", "imports operator.attrgetter; .* write the expression"),
        ("from string import Formatter", "imports string"),
        ("from typing import get_type_hints", "uses get_type_hints"),
        ("from dataclasses import make_dataclass", "reaches for dataclasses.make_dataclass"),
        ("def keep(f): return f\n@keep\ndef g(x): return x", "the decorator keep; leave it out"),
        ("def f():\n    global g\n    g = 1", "declares a name as global"),
        ("def f(): F.silu = None", "sets the attribute silu"),
        ("async def f(): pass", "is asynchronous"),
        ("for x in (1, 2): pass", "only imports, constants, functions and classes may stand at the top"),
        ("def f(x):\n    with torch.no_grad():\n        yield x", "a generator stops within a with statement"),
    ],
)
def test_what_no_op_needs_is_refused_with_its_line(gate, line, reason):
    said = gate(line)
    assert re.search(reason, said), said
    assert re.match(r"line [5-9]: ", said)
    assert "\n" not in said


@pytest.mark.parametrize(
    ("inner", "reason"),
    [
        ("'{0.gi_frame}'.format(q)", "uses format, by which a text reaches attributes; write an f-string"),
        ("f = str.format_map", "uses format_map"),
        ("M = type('M', (object,), {})", "type may stand in a comparison alone"),
        ("t = type", "type may stand in a comparison alone"),
        ("x = (t := type(q)) == torch.Tensor", "type may stand in a comparison alone, .* without keeping it"),
        ("with torch.inference_mode():\n    pass", "uses inference_mode, which cuts the outputs off .*; leave it out"),
        ("M = type(type(1))", "type may stand in a comparison alone"),
        ("match q:\n    case torch.Tensor(x): pass", "a pattern with positions"),
        ("match q:\n    case object(grad_fn=x): pass", "asks for grad_fn"),
        ("q.is_contiguous()", "asks for is_contiguous, on which the result must not depend"),
        ("q.stride()", "asks for stride"),
        ("q.data.zero_()", "uses .data; write .detach()"),
        ("(i for i in q).gi_frame", "reaches for .gi_frame"),
        ("setattr(q, 'x', 1)", "uses setattr"),
        ("q.x = 1", "sets the attribute x of something that is not its own"),
        ("del q.shape", "sets the attribute shape"),
        ("torch.randn(3)", "uses randn, which draws random numbers"),
        ("torch.nn.init.normal_(q)", "uses init; declare what is learned"),
        ("q.reshap(1)", r"reaches for .reshap, .*; did you mean .reshape\?"),
        ("torch.softmaxx(q)", r"reaches for torch.softmaxx, .*; did you mean softmax\?"),
        ("lenn(q)", r"uses lenn, .*; did you mean len\?"),
        ("x = undefined", "uses undefined, which the file does not define"),
        ("x = [open('x') for y in (1,)]", "uses open"),
        ("import os", "imports os|uses os"),
        ("raise SystemExit", "uses SystemExit"),
        ("try:\n    x = 1\nexcept:\n    pass", "an except without a type"),
        ("class Box:\n    pass", "a class within a function"),
        ("q.forward(1)", "uses .forward; call the object itself"),
    ],
)
def test_what_no_op_writes_is_refused_with_what_to_write_instead(gate, inner, reason):
    said = gate(inner=inner)
    assert re.search(reason, said), said
    assert re.match(r"line (8|9|10): ", said)


METHOD = "class A:\n    def __init__(self):\n        {0}\n        self.longer = 1"
FORWARD = "class A(torch.autograd.Function):\n    @staticmethod\n    def forward(ctx, x):\n        ctx.longer = x\n"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("def change(self):\n    self.long = 1", "sets the attribute long"),
        ("class A:\n    def change(self):\n        self.longer = 1", "sets the attribute longer"),
        (METHOD.format("self = torch.Tensor"), "gives the name self to something else"),
        (METHOD.format("[0 for self in [torch.Tensor]]"), "gives the name self to something else"),
        (METHOD.format("(lambda self: 1)(torch.Tensor)"), "gives the name self to something else"),
        (METHOD.format("def f(self): self.longer = 1"), "gives the name self to something else|sets the attribute"),
        (f"{METHOD.format('pass')}\n    change = __init__", "is no plain constant"),
        (f"def keep(f): return f\n{METHOD.format('pass').replace('    def', '    @keep⏎    def')}", "decorator keep"),
        (f"{METHOD.format('pass')}\ndef f(): A.__init__(torch.Tensor)", "reaches for .__init__"),
        (METHOD.format("pass").replace("longer", "f_back"), "an attribute called f_back means something else"),
        (METHOD.format("pass").replace("longer", "_hidden"), "an attribute called _hidden"),
        (METHOD.format("pass").replace("longer", "grad_fn"), "an attribute called grad_fn"),
        (f"{FORWARD}def f(): A.forward(torch.Tensor, 1)", "uses .forward"),
        (f"{FORWARD}    @staticmethod\n    def setup_context(ctx, inputs, output): pass", "sets the attribute longer"),
        (FORWARD.replace("ctx, x", "ctx, self").replace("ctx.longer = x", "self.longer = 1"), "sets the attribute"),
        (f"from torch.autograd import Function\nFunction = nn.Module\n{FORWARD.replace('torch.autograd.', '')}",
         "a class that comes from Function"),
        ("class A:\n    def forward(self, x):\n        self.longer = 1", "sets the attribute longer"),
        ("class A:\n    @property\n    def x(self): return 1\n    @x.setter\n    def x(self, v): pass", "uses x"),
        ("class A:\n    __match_args__ = ('gi_frame',)", "an attribute called __match_args__|defines __match_args__"),
    ],
)  # fmt: skip
def test_attributes_are_set_on_objects_of_the_file_alone(gate, line, reason):
    said = gate(line.replace("⏎", "\n"))
    assert re.search(reason, said), said


def test_what_is_left_out_is_told(tmp_path):
    path = tmp_path / "variant.py"
    path.write_text(FILE.format(line="@torch.compile(dynamic=True)\ndef f(x): return x", inner="pass"))
    (remark,) = check_code(path)
    assert str(remark) == ("line 5: the decorator torch.compile is left out: the trainer decides what is compiled")


def test_everything_on_the_list_exists():
    for module, names in MODULES.items():
        found = importlib.import_module(module)
        assert not [name for name in names if not hasattr(found, name)], module
    assert MODULES["agent.kernels"] == set(agent.kernels.__all__)
    assert all(hasattr(builtins, name) for name in BUILTINS)


def test_no_module_can_be_reached_but_those_on_the_list():
    for module, names in MODULES.items():
        found = importlib.import_module(module)
        inner = {name for name in names if isinstance(getattr(found, name), types.ModuleType)}
        assert all(f"{module}.{name}" in MODULES for name in inner), module


def test_nothing_on_the_list_is_a_name_to_be_replaced():
    assert not INSTEAD.keys() & (ATTRIBUTES | BUILTINS)
    kept = {"grad", "Generator"}  # torch.func.grad, and collections.abc.Generator
    assert not [name for names in MODULES.values() for name in names & (INSTEAD.keys() - kept)]


def test_no_attribute_of_pythons_machinery_may_be_an_own_one():
    reserved = reserved_attributes()
    frames = {"f_back", "f_globals", "f_locals", "gi_frame", "gi_code", "tb_frame", "tb_next", "cr_frame", "co_code"}
    tensors = {"data_ptr", "grad_fn", "set_", "untyped_storage", "register_hook", "numpy", "share_memory_"}
    assert frames | tensors | {"with_traceback", "mro", "throw", "send"} <= reserved
    assert not reserved & ATTRIBUTES
    assert {name for name in dir(torch.Tensor) if not name.startswith("_")} <= reserved | ATTRIBUTES

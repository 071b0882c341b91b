"""What a file imports for its annotations alone goes with them; every other import stays for the gate."""

import pytest

from agent.evaluator.contract.gate import check_code
from agent.evaluator.contract.variant import VariantRefused, load_variant

FILE = """\
import torch
{imported}
{more}
def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32):
    return v, v
"""


@pytest.fixture
def loaded(tmp_path):
    """The op of a file with an import and what uses it, once the gate has passed both."""

    def loaded(imported, more):
        path = tmp_path / "variant.py"
        path.write_text(FILE.format(imported=imported, more=more))
        check_code(path)
        return load_variant(path).op

    return loaded


@pytest.mark.parametrize(
    ("imported", "more"),
    [
        ("from torch.autograd.function import FunctionCtx, once_differentiable", "def f(ctx: FunctionCtx): pass"),
        ("from jaxtyping import Float", "def f(x: Float[torch.Tensor, 'b h l d']) -> Float[torch.Tensor, 'b']: pass"),
        (
            "from typing_extensions import Self, TypeAlias as T",
            "class A:\n    def f(self) -> Self: pass\nX: T = int",
        ),
        ("from numbers import Number", "def f(x: 'Number | None', *, y: \"list[Number]\" = None): pass"),
        ("import jaxtyping as jt", "from typing import NamedTuple\nclass P(NamedTuple):\n    x: jt.Float"),
        ("import numpy as np, math", "def f():\n    x: np.ndarray = math.pi"),
        ("import numpy.typing", "def f(x: numpy.typing.NDArray): pass"),
    ],
)
def test_an_import_for_annotations_alone_is_left_out(loaded, imported, more):
    assert loaded(imported, more)(1, 2, 3, 4) == (3, 3)


@pytest.mark.parametrize(
    ("imported", "more"),
    [
        ("import numpy", ""),
        ("import numpy as np", "def f(x: np.ndarray): return np.sum(x)"),
        ("from numbers import Number", "def f(x: Number): return isinstance(x, Number)"),
        ("import numpy as np", "def f(x: 'np, in words alone: b h'): pass"),
        ("from numbers import Number, Real", "def f(x: Number): pass"),
        ("import numpy as np", "def f(x: np.ndarray = np.ones(3)): pass"),
        ("def f(x: Number): pass", "def g():\n    from numbers import Number\n    return Number"),
    ],
)
def test_an_import_that_code_reads_or_nothing_reads_is_refused(loaded, imported, more):
    with pytest.raises(VariantRefused, match=r"line [2-5]: (imports|uses) (numpy|numbers)"):
        loaded(imported, more)


def test_an_import_beside_one_for_annotations_stays(loaded):
    assert loaded("from typing import Optional as O, cast", "def f(x: O[int]): return cast(int, x)")(1, 2, 3, 4)

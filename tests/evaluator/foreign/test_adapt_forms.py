"""`adapt` takes a function in the forms that the field writes: how its state begins, its names, its file."""

import pytest
import torch

from agent.evaluator.check import examine
from agent.evaluator.contract.variant import load_variant
from agent.evaluator.foreign.reading import NotAdaptable, chosen, read_tree
from agent.evaluator.foreign.trial import adapt
from agent.evaluator.protocols import SMOKE

MIXER = """
import torch
{head}

def mixer({arguments}):
    B, H, L, D = {q}.shape
    {begin}
    outputs = []
    {loop}
        S = S + {beta} * {k}[:, :, t, :, None] * {v}[:, :, t, None, :]
        outputs.append(({q}[:, :, t, :, None] * S).sum(-2))
        {step}
    return {returned}
"""
PARTS = {
    "head": "", "arguments": "q, k, v", "q": "q", "k": "k", "v": "v", "beta": "0.5", "step": "pass",
    "begin": "S = torch.zeros(B, H, D, v.shape[-1])", "loop": "for t in range(L):",
    "returned": "torch.stack(outputs, 2)",
}  # fmt: skip
FORMS = {
    "while": {"begin": PARTS["begin"] + "\n    t = 0", "loop": "while t < L:", "step": "t += 1"},
    "zero": {"begin": "S = 0"},
    "two at once": {"begin": "S, z = torch.zeros(B, H, D, v.shape[-1]), 0"},
    "an argument that may be None": {
        "arguments": "q, k, v, state=None",
        "begin": "S = torch.zeros(B, H, D, v.shape[-1]) if state is None else state",
        "step": "state = S if state is None else state + S - state",
        "returned": "torch.stack(outputs, 2), S",
    },
    "an argument that must be given": {
        "arguments": "q, k, v, S", "begin": "pass", "returned": "torch.stack(outputs, 2), S"
    },
    "longer names": {
        "arguments": "query, key, value", "q": "query", "k": "key", "v": "value",
        "begin": "S = torch.zeros(B, H, D, value.shape[-1])",
    },
    "a function within": {"begin": PARTS["begin"] + "\n    def same(x):\n        return x", "beta": "same(0.5)"},
    "constants": {"head": "HALF: float = 0.5\nONE, TWO = 1.0, 2.0", "beta": "(HALF * ONE * TWO / 2)"},
    "an import that is tried": {
        "head": "try:\n    from einops import rearrange\nexcept ImportError:\n    rearrange = None",
        "returned": "rearrange(torch.stack(outputs), 'l b h d -> b h l d')",
    },
}  # fmt: skip


def source(**parts):
    return MIXER.format(**(PARTS | parts))


@pytest.fixture
def made(tmp_path):
    """What `adapt` makes of a file, written and passed by every probe."""

    def made(text, encoding="utf-8"):
        path, adapted = tmp_path / "theirs.py", tmp_path / "adapted.py"
        path.write_text(text, encoding=encoding)
        found = adapt(path)
        adapted.write_text(found.source)
        examine(adapted, SMOKE)
        return found, load_variant(adapted)

    return made


@pytest.mark.parametrize("form", FORMS)
def test_a_form_of_the_field_becomes_the_same_mixer(made, form):
    found, variant = made(source(**FORMS[form]), "utf-8-sig" if form == "while" else "utf-8")  # with a mark, or without
    generator = torch.Generator().manual_seed(0)
    q, k, v = (torch.randn(2, 3, 9, size, generator=generator) for size in (5, 5, 7))
    o, _ = variant.op(q, k, v, torch.ones(2, 3, 9))
    within = torch.einsum("bhtk,bhsk->bhts", q, k).tril()
    assert torch.allclose(o, 0.5 * within @ v, atol=1e-4)
    assert found.plan.layout == "BHTD"


def test_a_helper_that_is_called_pad_stays_its_own(made):
    helper = "def pad(x):\n    return x"
    found, _ = made(source(head=helper, arguments="q, k, v, chunk_size=8", beta="pad(0.5)"))
    assert "def pad_(x, chunk_size)" in found.source


def test_shapes_are_read_in_any_brackets_and_types_are_no_shapes(tmp_path):
    says = "\n    q (torch.Tensor): queries (B, H, L, K)\n    a (Tensor, optional): rates (H,)\n    g: [B, H, L]\n    "
    text = f'def mixer(q, k, v, a, g, initial_state):\n    """{says}"""\n    return q\n'
    (tmp_path / "theirs.py").write_text(text)
    arguments = {each.name: each.shape for each in chosen(read_tree(tmp_path / "theirs.py"), tmp_path, None).arguments}
    assert (arguments["q"], arguments["a"], arguments["g"]) == (("B", "H", "L", "K"), ("H",), ("B", "H", "L"))


def test_what_is_normalised_only_if_asked_for_is_normalised_by_the_op(made):
    unit = "if unit:\n        q, k = F.normalize(q, dim=-1), F.normalize(k, dim=-1)"
    begin = PARTS["begin"] + f"\n    {unit}"
    asked = source(head="import torch.nn.functional as F", arguments="q, k, v, beta, unit=False", begin=begin)
    found, _ = made(asked.replace("0.5 *", "beta[:, :, t, None, None] *"))
    assert found.plan.normalise


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (source(begin="S = start(q)", head="def start(q):\n    return q"), "carries S from token to token, and where"),
        (source(arguments="q, k, v, number"), "number reaches no output.*give it a default value"),
        (source(begin="S = q.nothing"), r"carries S from token to token"),
        ("class Mixer:\n    def forward(self, q, k, v):\n        return q\n", "defines no function at its top"),
        (source(begin="S = torch.zeros(B, H, D, 2)"), r"in the attempt's `S = S \+ .*q and k as \(B, T, H, K\)"),
    ],
)  # fmt: skip
def test_why_a_function_is_not_taken_is_said_where_it_is(made, text, told):
    with pytest.raises(NotAdaptable, match=told):
        made(text)


def test_a_contract_file_is_left_as_it_is(made):
    op = "def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32):\n    return v, v[:, :, -1]\n"
    with pytest.raises(NotAdaptable, match=r"has the form of a contract file already: .* check "):
        made(op)

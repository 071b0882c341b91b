"""`adapt` makes contract files of functions as the field writes them, by trying which axis is which."""

import pytest

from agent.cli.adapt import adapt as verb
from agent.cli.variant_file import read_variant
from agent.core.errors import UsageError
from agent.evaluator.check import examine
from agent.evaluator.foreign.reading import NotAdaptable, chosen, read_tree
from agent.evaluator.foreign.trial import adapt
from agent.evaluator.protocols import SMOKE

RECURRENT = '''
import torch

UNUSED = 1


def scaled(x, scale):
    return x * scale


def naive_recurrent_mixer(q, k, v, beta, g, scale=None, initial_state=None, output_final_state=False):
    """
    Args:
        q: [B, T, H, K]
        g: [B, T, H]
        beta: [B, T, H]
    """
    q, k, v, beta, g = map(lambda x: x.transpose(1, 2).float(), (q, k, v, beta, g))
    B, H, T, K, V = *k.shape, v.shape[-1]
    o = torch.zeros_like(v)
    S = torch.zeros(B, H, K, V)
    if initial_state is not None:
        S = S + initial_state
    q = scaled(q, K ** -0.5 if scale is None else scale)
    for t in range(T):
        S = S * g[:, :, t].exp()[..., None, None]
        error = (v[:, :, t] - (S * k[:, :, t][..., None]).sum(-2)) * beta[:, :, t][..., None]
        S = S + k[:, :, t].unsqueeze(-1) * error.unsqueeze(-2)
        o[:, :, t] = (q[:, :, t][..., None] * S).sum(-2)
    return o.transpose(1, 2), S if output_final_state else None


def naive_chunk_mixer(q, k, v, beta, g, chunk_size=64):
    return naive_recurrent_mixer(q, k, 2 * v, beta, g)
'''
OWN_NAME = """
import torch


def delta_rule_chunkwise(q, k, v, beta, chunk_size=32):
    assert q.shape[2] % chunk_size == 0
    S = k.new_zeros(*k.shape[:2], k.shape[-1], v.shape[-1])
    o = torch.zeros_like(v)
    for t in range(q.shape[2]):
        error = (v[:, :, t] - (S * k[:, :, t][..., None]).sum(-2)) * beta[:, :, t][..., None]
        S = S + k[:, :, t].unsqueeze(-1) * error.unsqueeze(-2)
        o[:, :, t] = (q[:, :, t][..., None] * S).sum(-2)
    return o, S
"""
BY_HEAD = OWN_NAME.replace("def delta_rule_chunkwise(q, k, v, beta, chunk_size=32)", "def mixer(q, k, v, beta, lamb)")
BY_HEAD = BY_HEAD.replace("    assert q.shape[2] % chunk_size == 0\n", "").replace(
    "S = S + k[", "S = S * lamb.sigmoid()[None, :, :, None] + k["
)
ATTENTION = "def attend(q, k, v):\n    return (q @ k.transpose(-1, -2)).tril().softmax(-1) @ v\n"


@pytest.fixture
def written(tmp_path):
    def written(source):
        path = tmp_path / "naive.py"
        path.write_text(source)
        return path

    return written


def passes(source, tmp_path):
    path = tmp_path / "made.py"
    path.write_text(source)
    return examine(path, SMOKE)


def test_a_recurrent_function_becomes_a_mixer_and_its_forms_are_compared(written, tmp_path):
    made = adapt(written(RECURRENT))
    assert (made.plan.function.name, made.plan.layout, made.plan.normalise) == ("naive_recurrent_mixer", "BTHD", True)
    assert "LEARNED_INPUTS = {'g': 'head'}" in made.source
    assert "def scaled" in made.source
    assert "S = torch.zeros(B, H, K, V, device=q.device)" in made.source
    assert "UNUSED" not in made.source
    assert [remark.partition(" is ")[0] for remark in made.remarks] == ["the file's forms disagree: naive_chunk_mixer"]
    assert passes(made.source, tmp_path).state_size > 0


def test_forms_that_take_their_arguments_in_another_order_agree(written):
    both = RECURRENT.replace("g, scale=None", "g, w, scale=None").replace(
        "        g: [B", "        w: [B, T, H]\n        g: [B"
    )
    both = both.replace("def naive_chunk_mixer(q, k, v, beta, g, chunk_size=64)", "def chunk(q, k, v, w, beta, g)")
    both = both.replace("(q, k, 2 * v, beta, g)", "(q, k, v, beta, g, w)").replace(
        "S * g[", "S * w.sigmoid().transpose(1, 2)[:, :, t][..., None, None] * g["
    )
    made = adapt(written(both), "naive_recurrent_mixer")
    assert made.remarks == ("chunk of the same file computes the same",)


def test_the_axes_are_found_by_trying_where_nothing_tells_them(written):
    silent = RECURRENT.replace(
        '"""\n    Args:\n        q: [B, T, H, K]\n        g: [B, T, H]\n        beta: [B, T, H]\n', '"""\n'
    )
    swapped = silent.replace("lambda x: x.transpose(1, 2).float()", "lambda x: x.float()")
    swapped = swapped.replace("o.transpose(1, 2), S", "o, S")
    assert adapt(written(silent), "naive_recurrent_mixer").plan.layout == "BTHD"
    assert adapt(written(swapped), "naive_recurrent_mixer").plan.layout == "BHTD"


def test_the_state_is_patched_in_and_the_length_filled_up(written, tmp_path):
    made = adapt(written(OWN_NAME))
    assert made.plan.patched
    assert made.plan.starts == ("S",)
    assert "def given_delta_rule_chunkwise" in made.source
    assert "pad(x, chunk_size)" in made.source
    assert passes(made.source, tmp_path).state_size > 0


def test_numbers_a_head_are_learned_parameters_and_each_sequence_has_its_own(written, tmp_path):
    made = adapt(written(BY_HEAD))
    assert "LEARNED_PARAMETERS = {'lamb': (('head', 'key'), (0.0, 1.0))}" in made.source
    assert passes(made.source, tmp_path).unused == ()


def test_what_is_no_mixer_is_told_in_words(written):
    with pytest.raises(NotAdaptable, match="carries no state from token to token"):
        adapt(written(ATTENTION))
    with pytest.raises(NotAdaptable, match="is no op of q, k and v: it defines scan"):
        adapt(written("def scan(x, g):\n    return x\n"))
    with pytest.raises(NotAdaptable, match="no function other of q, k and v"):
        adapt(written(OWN_NAME), "other")


def test_code_that_no_op_needs_is_not_run(written):
    with pytest.raises(NotAdaptable, match="open"):
        adapt(written(OWN_NAME.replace("    o = torch", "    open('x', 'w')\n    o = torch")))


def test_a_flag_replaces_a_guess(written):
    made = adapt(written(RECURRENT), normalise=False, layout="BTHD")
    assert not made.plan.normalise
    with pytest.raises(NotAdaptable, match="the layout is another one"):
        adapt(written(RECURRENT), "naive_recurrent_mixer", layout="BHTD")


def test_the_verb_prints_each_guess_and_what_passing_does_not_mean(written, tmp_path, capsys):
    target = tmp_path / "mine.py"
    verb(written(OWN_NAME), out=target)
    said = capsys.readouterr().out
    assert "layout: BHTD" in said
    assert "state: S, patched in where it starts at zero" in said
    assert "does not make it the mixer of its paper" in said
    with pytest.raises(UsageError, match="is there already"):
        verb(written(OWN_NAME), out=target)
    with pytest.raises(UsageError, match="--kind g=token"):
        verb(written(OWN_NAME), kind=["g=token"])


def test_a_refused_file_of_the_field_names_the_way(written):
    with pytest.raises(UsageError, match=r"it has naive_recurrent_mixer, naive_chunk_mixer: .* adapt "):
        read_variant(written(RECURRENT))
    assert chosen(read_tree(written(RECURRENT)), written(RECURRENT), None).name == "naive_recurrent_mixer"

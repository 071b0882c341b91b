"""Mechanisms are recognised in code: nothing that is not there, in known variants and in ones written otherwise."""

import random
import re
import time
from pathlib import Path

import pytest

from agent.core.baselines import baseline_path, known_path, published_paths
from agent.core.languages import LANGUAGES
from agent.core.resources import MOVES, TEMPLATE_FILE
from agent.proposer.moves import compose, load_moves
from agent.science.mechanisms.table import RECOGNISERS, mechanism_text, recognised

TEMPLATE = TEMPLATE_FILE.read_text(encoding="utf-8")
HISTORY = baseline_path("delta_net_4layer_tanh_on_error_before_state_update").parent

# What each file holds, as a reader of it would say.
OF_HISTORY = {
    "adam_style_adaptive_state_update_after_output": {"momentum", "adaptive step"},
    "adaptive_exponential_decay_on_state_before_and_after_prediction_per_chunk": {"decay"},
    "add_affine_free_layernorm_on_qk_before_l2norm": {"centred keys"},
    "add_momentum_to_state_update_after_output": {"momentum"},
    "add_rope_to_keys_and_queries_before_l2norm": {"rotation"},
    "rope_softmax_intra_chunk_tanh_error": {"rotation", "softmax within the chunk", "bounded error"},
    "sigmoid_gate_on_state_update_per_chunk_using_mean_beta": {"write gate"},
    "softmax_intra_chunk_and_tanh_error_bounding": {"softmax within the chunk", "bounded error"},
    "softmax_normalised_intra_chunk_causal_attention": {"softmax within the chunk"},
    "tanh_on_error_before_state_update": {"bounded error"},
}
LINEAR, CHANNELWISE = {"decay", "no correction"}, {"decay", "channel decay"}
OF_PUBLISHED = {
    "comba": {"decay", "query correction"},
    "cyfa": {*LINEAR, "rotation", "slots"},
    "delta_net_negative_eigenvalues": {"negative eigenvalues"},
    "gated_delta_net_2": {*CHANNELWISE, "erase gate", "write gate"},
    "gated_delta_product": {"decay", "convolution", "negative eigenvalues", "several steps a token"},
    "gated_slot_attention": {*LINEAR, "slots"},
    "gla": {*LINEAR, "channel decay"},
    "hgrn2": {*LINEAR, "channel decay"},
    "kda": CHANNELWISE,
    "log_linear_attention": {"decay"},
    "longhorn": {"implicit step"},
    "mamba1": {*LINEAR, "channel decay", "output gate", "value skip"},
    "mamba2": {*LINEAR, "output gate", "value skip", "write gate"},
    "mamba3": {*LINEAR, "output gate", "value skip", "write gate", "rotation"},
    "mesa_net": {"decay", "least squares"},
    "mixture_of_memories": {"second memory"},
    "mlstm": {*LINEAR, "output gate"},
    "momentum_delta_net": {"decay", "momentum", "query correction"},
    "path_gate_fusion": {"convolution", "value skip"},
    "preconditioned_gated_delta_net": {"decay", "preconditioned keys"},
    "preconditioned_kda": {*CHANNELWISE, "preconditioned keys"},
    "raven": {*LINEAR, "slots"},
    "ret_net": {*LINEAR, "rotation"},
    "rwkv7": {*CHANNELWISE, "current token bonus", "erase gate"},
    "titans_linear": {"decay", "momentum"},
    "ttt_linear": {"learned start"},
    "window_and_delta_rule": {"window attention"},
}
OF_MOVES = {
    **OF_HISTORY,
    "channel_erase_gate": {"erase gate"},
    "channel_write_gate": {"write gate"},
    "current_token_bonus": {"current token bonus"},
    "data_dependent_decay": {"decay"},
    "error_normalisation": {"normalised error"},
    "implicit_step_size": {"implicit step"},
    "learned_decay_per_head": {"decay"},
    "learned_initial_memory": {"learned start"},
    "local_intra_chunk_bias": set(),
    "momentum_delta_rule": {"decay"},  # its momentum is the lower half of S, and no state of its own
    "negative_eigenvalues": {"negative eigenvalues"},
    "output_correction": {"query correction"},
    "positive_feature_map": {"feature map"},
    "preconditioned_keys": {"preconditioned keys"},
    "rotating_state": {"rotation"},
    "slots_beside": {"second memory", "slots"},
    "softmax_features": {"feature map"},
    "swish_output_gate": {"output gate"},
    "two_householder_steps": {"several steps a token"},
    "value_filters": {"convolution"},
    "value_skip": {"value skip"},
}


def test_the_template_holds_none_of_them():
    assert recognised(TEMPLATE) == frozenset()
    assert recognised(baseline_path("gated_delta_net_4layer").read_text()) == {"decay"}


@pytest.mark.parametrize("name", OF_HISTORY)
def test_of_the_known_changes_exactly_what_each_makes(name):
    assert recognised((HISTORY / f"{name}.py").read_text()) == OF_HISTORY[name]


@pytest.mark.parametrize("name", sorted(published_paths()))
def test_of_the_published_mixers_nothing_that_they_lack(name):
    """A mixer that joins the published ones needs a line above: what is found in it is to be read once by a person."""
    assert recognised(known_path(name).read_text()) == OF_PUBLISHED[name]


@pytest.mark.parametrize("name", load_moves(MOVES))
def test_of_each_move_of_the_catalogue_what_it_makes(name):
    assert recognised(compose(TEMPLATE, [load_moves(MOVES)[name]])) == OF_MOVES[name]


def test_two_moves_together_hold_what_both_hold():
    moves = load_moves(MOVES)
    source = compose(TEMPLATE, [moves["data_dependent_decay"], moves["value_skip"], moves["error_normalisation"]])
    assert recognised(source) == {"decay", "value skip", "normalised error"}


def changed(*edits):
    source = TEMPLATE
    for old, new in edits:
        assert source.count(old) == 1
        source = source.replace(old, new)
    return recognised(source)


START = "S = q.new_zeros(batch, heads, key_dim, v.shape[-1]) if initial_state is None else initial_state"
TWO = """if initial_state is None:
        initial_state = q.new_zeros(batch, heads, key_dim, v.shape[-1]), q.new_zeros(batch, heads, v.shape[-1])
    S, other = initial_state"""
WRITE = "S = S + k_i.transpose(-1, -2) @ error"
READ = "outputs.append(q_i @ S + within_i @ error)"


@pytest.mark.parametrize(
    ("edits", "holds"),
    [
        ([(WRITE, "S = 0.99 * S + k_i.transpose(-1, -2) @ error")], {"decay"}),
        ([(WRITE, "S *= 0.99\n        S += k_i.mT @ error")], {"decay"}),
        ([(WRITE, "S = S + k_i.transpose(-1, -2) @ torch.clamp(error, -1, 1)")], {"bounded error"}),
        ([(WRITE, "S = S + k_i.transpose(-1, -2) @ F.normalize(error, dim=-1)")], {"normalised error"}),
        ([("error = u_i - w_i @ S", "error = torch.tanh(u_i - w_i @ S)")], {"bounded error"}),
        ([("return o, S", "return o + v.flatten(2, 3)[:, :, :length], S")], {"value skip"}),
        ([(WRITE, "write = k_i.transpose(-1, -2) @ error\n        S = S + write")], set()),
        ([(WRITE, f"{WRITE} / 2")], set()),
        ([(READ, "outputs.append(2.0 * (q_i @ S) + within_i @ error)")], set()),
        # A running mean of the values beside the memory, which is no second memory: it has no keys.
        (
            [(START, TWO), (WRITE, f"{WRITE}\n        other = 0.9 * other + 0.1 * v[:, :, 0, -1]"),
             ("return o, S", "return o, (S, other)")],
            {"value trace"},
        ),
        # The last query that was seen, handed on and never faded.
        (
            [(START, TWO), (WRITE, f"{WRITE}\n        other = q_i[:, :, -1]"), ("return o, S", "return o, (S, other)")],
            set(),
        ),
    ],
)  # fmt: skip
def test_code_that_is_written_otherwise_is_read_for_what_it_does(edits, holds):
    assert changed(*edits) == holds


@pytest.mark.parametrize("source", ["", "x = (", "def delta_rule_chunkwise(q): return q", "import torch\nx = 1\n"])
def test_a_file_that_is_no_variant_holds_nothing(source):
    assert recognised(source) == frozenset()


@pytest.mark.parametrize("name", ["gated_delta_product", "mixture_of_memories", "mesa_net"])
def test_whatever_is_left_of_a_file_is_read_without_an_error(name):
    """A model may write anything: lines are left out and calls lose their arguments."""
    lines = known_path(name).read_text().splitlines()
    chance = random.Random(name)
    for _ in range(60):
        left = [line for line in lines if chance.random() > 0.06]
        left = [line if chance.random() > 0.1 else re.sub(r"\([^()]*\)", "()", line) for line in left]
        assert recognised("\n".join(left)) <= RECOGNISERS.keys()


@pytest.mark.parametrize(
    "line",
    ["LEARNED_PARAMETERS = {1: 2, 'a': (), 'b': ('head', 3), 'c': [['key']]}", "LEARNED_INPUTS = {1: ['key'], None: 2}",
     "LEARNED_INPUTS = dict(a='key')", "LEARNED_PARAMETERS = 7",
     "x = " + "(" * 500 + ")" * 500, "x = " + "-" * 50_000 + "1"],
)  # fmt: skip
def test_declarations_that_cannot_be_read_are_passed_over(line):
    assert recognised(f"{line}\n{TEMPLATE}") == frozenset()


def test_a_tangle_of_names_is_given_up_and_not_followed_for_ever():
    names = [f"x{number}" for number in range(25)]
    lines = [f"    {name} = {' + '.join(names)}" for name in names for _ in range(12)]
    tangled = TEMPLATE.replace("    S = q.new_zeros", "\n".join(lines) + "\n    S = x0 + q.new_zeros")
    started = time.monotonic()
    assert recognised(tangled) == frozenset()
    assert time.monotonic() - started < 30


def test_every_mechanism_has_words_in_every_language():
    for name in RECOGNISERS:
        assert all(mechanism_text(name)[language] for language in LANGUAGES)


def test_each_mechanism_is_found_in_some_known_file():
    found = {name for source in Path(HISTORY).parent.rglob("*.py") for name in recognised(source.read_text())}
    found |= {name for move in load_moves(MOVES).values() for name in recognised(compose(TEMPLATE, [move]))}
    assert RECOGNISERS.keys() - found == {"value trace"}  # of a variant that a model wrote: tested above

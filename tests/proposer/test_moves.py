"""The catalogue: every move keeps the contract, and the known ten compute what their files in baselines/ compute."""

import itertools

import pytest
import torch
from sample_inputs import assert_same, load_baseline, sample, state_tensors, tokens

from agent.core.baselines import BASELINES, GATED, TEMPLATE, known_path, published_paths
from agent.core.errors import UsageError
from agent.core.resources import MOVES as MOVE_FILES
from agent.core.resources import TEMPLATE_FILE
from agent.core.score import MAD_TASKS
from agent.evaluator.contract.variant import load_variant
from agent.proposer.fitting import fit_moves
from agent.proposer.moves import MovesConflict, compose, load_moves

MOVES = load_moves(MOVE_FILES)
SOURCE = TEMPLATE_FILE.read_text()
KNOWN = [name.removeprefix(f"{TEMPLATE}_") for name in BASELINES if name not in (TEMPLATE, GATED)]
PAIRS = list(itertools.combinations(sorted(MOVES), 2))
EACH = 8  # of the pairs in the quick tests, one in so many


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The variant that some moves of the template make, loaded."""
    folder = tmp_path_factory.mktemp("moves")

    def made(*names):
        path = folder / f"variant{len(list(folder.iterdir()))}.py"
        path.write_text(compose(SOURCE, [MOVES[name] for name in names]))
        return load_variant(path)

    return made


def call(variant, arguments, chunk_size=8):
    return variant.op(**arguments, chunk_size=chunk_size)


def check_contract(variant):
    """Causal, one batch entry at a time, the same when the state is carried over a chunk's border, differentiable."""
    declared = variant.declaration
    whole = sample(declared, length=29)
    o, state = call(variant, whole)
    assert o.shape == whole["v"].shape
    assert o.isfinite().all()

    changed = {name: x.clone() for name, x in whole.items()}
    other = sample(declared, length=29, seed=1)
    for name in whole.keys() - declared.parameters.keys():
        changed[name][:, :, 11:] = other[name][:, :, 11:]
    assert_same(call(variant, changed)[0][:, :, :11], o[:, :, :11], 1e-12)

    alone = {name: x[1:] for name, x in whole.items()}
    assert_same(call(variant, alone)[0], o[1:], 1e-12)

    first, carried = call(variant, tokens(whole, declared, 0, 16))
    second, last = call(variant, tokens(whole, declared, 16, 29) | {"initial_state": carried})
    assert_same(torch.cat([first, second], dim=2), o, 1e-10)
    for one, other_state in zip(state_tensors(last), state_tensors(state), strict=True):
        assert_same(one, other_state, 1e-10)

    asked = {name: x.requires_grad_() for name, x in whole.items()}
    gradients = torch.autograd.grad(call(variant, asked)[0].square().sum(), list(asked.values()))
    assert all(gradient.isfinite().all() for gradient in gradients)
    assert all(gradient.abs().max() > 0 for gradient in gradients)


def test_there_are_enough_and_the_known_ten_are_among_them():
    assert len(MOVES) >= 16
    assert set(KNOWN) <= MOVES.keys()
    assert len({move.short for move in MOVES.values()}) == len(MOVES)
    assert all(
        move.title["zh"] and move.reason["zh"] and set(move.expected) == set(MAD_TASKS) for move in MOVES.values()
    )


@pytest.mark.parametrize("name", sorted(MOVES))
def test_a_move_keeps_the_contract(made, name):
    check_contract(made(name))


@pytest.mark.parametrize("name", KNOWN)
def test_a_known_move_computes_what_its_file_computes(made, name):
    variant, known = made(name), load_baseline(f"{TEMPLATE}_{name}")
    arguments = sample(variant.declaration, length=45)
    assert_same(call(variant, arguments)[0], call(known, arguments)[0], 1e-10)


def test_the_decay_is_that_of_gated_delta_net(made):
    variant, known = made("data_dependent_decay"), load_baseline(GATED)
    arguments = sample(known.declaration, length=45)
    assert_same(call(variant, arguments)[0], call(known, arguments)[0], 1e-10)


def test_the_momentum_is_that_of_momentum_delta_net_without_its_gate(made):
    """Its decay gate is shut, by a rate of zero; its output correction is a move of its own."""
    known = load_variant(known_path("momentum_delta_net"))
    arguments = sample(known.declaration, length=45)
    gone = {"gate", "A_log", "dt_bias"}
    shut = arguments | {"A_log": torch.full_like(arguments["A_log"], -torch.inf)}
    o, (memory, velocity) = call(known, shut)
    variant = made("momentum_delta_rule", "output_correction")
    assert_same(call(variant, {name: x for name, x in arguments.items() if name not in gone}),
                (o, torch.cat((memory, velocity), dim=-2)), 1e-10)  # fmt: skip


@pytest.mark.parametrize(
    "pair",
    [pair if not place % EACH else pytest.param(pair, marks=pytest.mark.slow) for place, pair in enumerate(PAIRS)],
    ids="+".join,
)
def test_two_moves_go_together_or_say_why_not(made, pair):
    one, other = (MOVES[name] for name in pair)
    declared = other.name in one.conflicts or one.name in other.conflicts
    try:
        variant = made(*pair)
    except MovesConflict as conflict:
        variant, why = None, str(conflict)
    if variant is None:
        assert declared or "does not fit this file" in why
    else:
        assert not declared
        check_contract(variant)


@pytest.mark.slow
def test_most_pairs_go_together(made):
    fitting = 0
    for pair in PAIRS:
        try:
            compose(SOURCE, [MOVES[name] for name in pair])
            fitting += 1
        except MovesConflict:
            pass
    assert fitting > len(PAIRS) / 2


def test_the_order_of_the_moves_says_nothing():
    names = ["swish_output_gate", "data_dependent_decay", "channel_write_gate", "negative_eigenvalues"]
    sources = {compose(SOURCE, [MOVES[name] for name in order]) for order in itertools.permutations(names)}
    (source,) = sources
    assert 'LEARNED_INPUTS = {"write": "value", "out_gate": "value", "gate": "head"}' in source
    assert "*, write, out_gate, gate, A_log, dt_bias):" in source


def test_a_move_is_made_once():
    once = compose(SOURCE, [MOVES["swish_output_gate"]])
    with pytest.raises(MovesConflict, match="wants out_gate, which the file declares already"):
        compose(once, [MOVES["swish_output_gate"]])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('name = "value_skip"', 'name = "skip"', r"value_skip.toml: name: is 'skip', and the file's name says"),
        ("rank = 1", 'rank = "first"', r"value_skip.toml: rank: Input should be a valid integer"),
        ("short = ", "brief = ", r"value_skip.toml: short: "),
        ("patch = '''", "patch = ", r"value_skip.toml: cannot be read"),
        ('conflicts = ["two_householder_steps"]', 'conflicts = ["x"]', r"conflicts: there is no move 'x'"),
    ],
)
def test_a_broken_move_is_named_with_its_field(tmp_path, old, new, message):
    text = (MOVE_FILES / "value_skip.toml").read_text()
    assert old in text
    (tmp_path / "value_skip.toml").write_text(text.replace(old, new))
    with pytest.raises(UsageError, match=message):
        load_moves(tmp_path)


@pytest.mark.parametrize("parent", [GATED, *published_paths()])
def test_every_move_that_fits_a_mixer_of_the_field_leaves_an_op_that_runs_and_goes_on(parent, tmp_path):
    source, path = known_path(parent).read_text(), tmp_path / "variant.py"
    for name in fit_moves(source, MOVES).fit:
        path.write_text(compose(source, [MOVES[name]]))
        variant = load_variant(path)
        declared = variant.declaration
        whole = sample(declared, length=29, key_dim=16, value_dim=8)
        first, carried = call(variant, tokens(whole, declared, 0, 16))
        second, _ = call(variant, tokens(whole, declared, 16, 29) | {"initial_state": carried})
        assert_same(torch.cat([first, second], dim=2), call(variant, whole)[0], 1e-9)


def test_moves_fit_what_other_search_loops_found():
    assert {"output_correction", "data_dependent_decay", "value_skip"} <= {
        *fit_moves(published_paths()["path_gate_fusion"].read_text(), MOVES).fit
    }


def test_a_move_does_not_fit_where_its_names_or_what_it_needs_are_missing():
    reasons = fit_moves(published_paths()["mixture_of_memories"].read_text(), MOVES).skipped
    assert (
        "channel_erase_gate" in reasons["as it uses erase, which is not defined where its lines come to stand"]
    )  # its line stands in a helper, which is not handed the gate
    reasons = fit_moves(known_path(GATED).read_text(), MOVES).skipped
    (needs,) = [reason for reason, names in reasons.items() if "two_householder_steps" in names]
    assert needs.startswith("as it needs `T = unit_lower_inverse(")

"""The look before the training: signatures tell what computes the same, and what does not."""

import itertools

import pytest
from sample_inputs import load_baseline
from small_evaluations import write_variant

from agent.core.baselines import BASELINES, TEMPLATE, baseline_path
from agent.core.errors import USAGE
from agent.core.resources import KNOWN_VARIANTS, MOVES, TEMPLATE_FILE
from agent.evaluator.check import check
from agent.evaluator.contract.signature import signature
from agent.evaluator.contract.variant import VariantRefused, load_variant
from agent.evaluator.failure import EvaluationFailed
from agent.evaluator.protocols import QUICK, SMOKE
from agent.proposer.moves import compose, load_moves
from agent.search.inspection import TOLERANCE, distance, find_duplicate

ALL = load_moves(MOVES)
SOURCE = TEMPLATE_FILE.read_text()


@pytest.fixture(scope="module")
def known():
    return {name: signature(load_baseline(name)) for name in BASELINES}


@pytest.fixture
def written(tmp_path):
    """The signature of a changed template; the change must change something."""

    def written(*changes):
        source = SOURCE
        for old, new in changes:
            assert old in source
            source = source.replace(old, new)
        path = tmp_path / "variant.py"
        path.write_text(source)
        return signature(load_variant(path))

    return written


@pytest.mark.parametrize("name", BASELINES)
def test_every_known_variant_passes_every_probe(name):
    assert check(baseline_path(name), QUICK)


@pytest.mark.parametrize("move", ALL.values(), ids=ALL)
def test_what_any_move_makes_of_the_template_passes_every_probe(move, tmp_path):
    path = tmp_path / "moved.py"
    path.write_text(compose(SOURCE, [move]))
    assert check(path, SMOKE)


def test_no_two_of_the_known_variants_are_one(known):
    closest = min(distance(known[a], known[b]) for a, b in itertools.combinations(BASELINES, 2))
    assert closest > 50 * TOLERANCE


def test_the_template_is_the_first_baseline(known, written):
    assert find_duplicate(written(), known) == TEMPLATE


def test_the_same_written_otherwise_is_the_same(known, written):
    solve = (
        "T = unit_lower_inverse((k_beta @ k.transpose(-1, -2)).tril(-1))",
        "lower = (k_beta @ k.transpose(-1, -2)).tril(-1)\n"
        "    one = torch.eye(chunk_size, dtype=k.dtype).expand_as(lower)\n"
        "    T = torch.linalg.solve_triangular(lower + one, one, upper=False, unitriangular=True)",
    )
    other_scale = ("F.normalize(q, dim=-1) * key_dim**-0.5", "q / q.norm(dim=-1, keepdim=True) / key_dim**0.5")
    found = written(solve, other_scale, ("error", "correction"))
    assert find_duplicate(found, known) == TEMPLATE


def test_a_small_change_is_a_change(known, written):
    assert find_duplicate(written(("key_dim**-0.5", "key_dim**-0.499")), known) is None
    assert find_duplicate(written(("S = S + k_i", "S = 0.999 * S + k_i")), known) is None


def test_the_order_of_a_declaration_says_nothing(tmp_path):
    text = (KNOWN_VARIANTS / "gated_delta_net.py").read_text()
    first, second = '    "A_log": (("head",), (0.0, 2.77)),\n', '    "dt_bias": (("head",), (-6.91, -2.25)),\n'
    assert first + second in text
    (tmp_path / "v.py").write_text(text.replace(first + second, second + first))
    assert signature(load_variant(tmp_path / "v.py")) == signature(load_baseline("gated_delta_net_4layer"))


def test_signatures_that_are_none_are_no_duplicates():
    assert find_duplicate((float("nan"),), {"x": (float("nan"),)}) is None
    assert find_duplicate((1.0, 2.0), {"x": (1.0,)}) is None
    assert find_duplicate((1.0,), {}) is None


def test_a_check_in_a_worker_says_the_same_under_every_protocol(known):
    path = TEMPLATE_FILE
    for protocol in (SMOKE, QUICK):
        assert distance(check(path, protocol), known[TEMPLATE]) < TOLERANCE / 10


def test_a_check_refuses_what_an_evaluation_refuses(tmp_path):
    with pytest.raises(VariantRefused, match="imports os"):
        check(write_variant(tmp_path, at_import="import os"), SMOKE)
    with pytest.raises(EvaluationFailed, match=r"wrong shape: delta_rule_chunkwise returned o of shape") as caught:
        check(write_variant(tmp_path, in_op="o = o[:, :, 1:]"), SMOKE)
    assert caught.value.exit_code == USAGE
    with pytest.raises(EvaluationFailed, match=r"ZeroDivisionError.* \(line 6 of the variant\)"):
        check(write_variant(tmp_path, in_op="1 / 0"), SMOKE)

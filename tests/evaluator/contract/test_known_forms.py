"""An op is of a known form if its end is that form's to the letter, and reads the same names for the same things."""

import pytest

from agent.core.baselines import BASELINES, GATED, TEMPLATE, baseline_path, published_paths
from agent.core.resources import MOVES, TEMPLATE_FILE
from agent.evaluator.contract.known_forms import recognised
from agent.proposer.moves import compose, load_moves

NORMALISES = "    q = F.normalize(q, dim=-1) * key_dim**-0.5\n"
CHUNKS = "    q, k, v, beta = (split_into_chunks(x, chunk_size)"


@pytest.fixture
def found(tmp_path):
    def found(source):
        path = tmp_path / "variant.py"
        path.write_text(source)
        return recognised(path)

    return found


def changed(old, new, name=TEMPLATE):
    source = baseline_path(name).read_text()
    assert source.count(old) >= 1
    return source.replace(old, new)


@pytest.mark.parametrize("name", [TEMPLATE, GATED])
def test_both_forms_are_recognised_as_a_whole_whatever_their_comments_say(name, found):
    form = found(changed("# Padding", "# Filling up", name))
    assert form.form.name == name
    assert form.is_whole


def test_what_stands_before_a_form_is_kept_and_counts(found):
    before = found(changed(NORMALISES, "    q = q + 0.1 * v\n" + NORMALISES))
    assert (before.begins, before.form.call.endswith("True")) == (2, True)
    between = found(changed(CHUNKS, "    k = k * beta.unsqueeze(-1)\n" + CHUNKS))
    assert (between.begins, between.form.call.endswith("False")) == (4, True)
    assert not before.is_whole
    assert not between.is_whole


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (".tril(-1))", ".tril(0))"),  # a number
        ("u_i - w_i @ S", "u_i + w_i @ S"),  # an operator
        ("    S = S + k_i", "    S = 0.9 * S + k_i"),  # a term
        ("    return o, S", "    o = o.tanh()\n    return o, S"),  # something behind it
        ("import unit_lower_inverse", "import rms_norm as unit_lower_inverse"),  # another thing of the same name
        ("import torch.nn.functional as F", "import torch.nn as F"),
        ("padding = -x.shape[2] % chunk_size", "padding = -x.shape[2] % 32"),  # in what it calls
        ("import torch\n", "import torch\n\ndef zip(*x, strict): return x\n"),  # a builtin
        (NORMALISES, "    chunk_size = 7\n" + NORMALISES),  # what it was called with
        (NORMALISES, "    for length in (1,): pass\n" + NORMALISES),  # the sizes of q
        (NORMALISES, "    (key_dim := 3)\n" + NORMALISES),
        (NORMALISES, "    F = None\n" + NORMALISES),
        (NORMALISES, "    def unit_lower_inverse(x): return x\n" + NORMALISES),
        ("batch, heads, length, key_dim = q.shape", "batch, heads, length, key_dim = k.shape"),
        ("chunk_size=32):", "chunk_size=32, *, torch):"),
        ("def split_into", "def other():\n    global F\n    F = None\n\n\ndef split_into"),
        ("def split_into", "F.normalize.__call__ = None\nF = F\n\n\ndef split_into"),
    ],
)
def test_one_other_thing_and_it_is_no_known_form(old, new, found):
    assert found(changed(old, new)) is None


def test_of_the_known_mixers_two_are_of_a_form_and_no_op_that_reads_its_memory_otherwise(tmp_path):
    known = {path.stem: path for path in (*map(baseline_path, BASELINES), *published_paths().values())}
    whole = {name for name, path in known.items() if (form := recognised(path)) and form.is_whole}
    assert whole == {"delta_net", "gated_delta_net"}
    template, moved = TEMPLATE_FILE.read_text(), {}
    names = (
        "negative_eigenvalues",
        "positive_feature_map",
        "data_dependent_decay",
        "learned_initial_memory",
        "value_skip",
    )
    for name in names:
        path = tmp_path / f"{name}.py"
        path.write_text(compose(template, [load_moves(MOVES)[name]]))
        moved[name] = recognised(path) is not None
    assert list(moved.values()) == [True, True, False, False, False]

"""R stacked replicas are R ordinary models: the same logits, losses, gradients and steps of AdamW."""

from dataclasses import replace
from itertools import pairwise
from math import cos, sin

import pytest
import torch
import torch.nn.functional as F
from sample_inputs import assert_same, load_baseline
from small_replicas import CPU, NARROW, compress, memorize, recall, replica, rough_stack

from agent.core.baselines import GATED, TEMPLATE
from agent.evaluator.contract.variant import Declaration, LearnedParameter, Variant
from agent.evaluator.tasks.task import IGNORE, Setting
from agent.evaluator.training.batches import Batches
from agent.evaluator.training.metric import token_losses
from agent.evaluator.training.network import Architecture, Network, sinusoids
from agent.evaluator.training.optimiser import StackedAdamW
from agent.evaluator.training.stack import LOGITS_AT_ONCE, Stack, architecture
from benchmarks.ordinary_model import Model, load_row, parameter_groups

delta_net, gated_delta_net = load_baseline(TEMPLATE), load_baseline(GATED)
TOLERANCE = 1e-10


def _keep_all_apart(q, k, v, beta, initial_state=None, chunk_size=32, *, late, erase, gate, bank, span):
    o = v * erase.sigmoid() + (q * late).cumsum(2) * gate[..., None].tanh() * bank[:, :, None]
    return (o + k * beta[..., None]) * span.sum(-1)[:, None, None, None], None


# Every kind of learned input and of dimension. Nothing here commutes, so that a mistaken order would show.
keep_all_apart = Variant(
    _keep_all_apart,
    Declaration(
        inputs={"late": "key", "gate": "head", "erase": "value"},
        parameters={
            "bank": LearnedParameter(("head", "value"), 0.5, 1.5),
            "span": LearnedParameter((3,), 0.2, 0.4),
        },
    ),
)


def ordinary_models(stack, variant, rows=None):
    """A model for each replica, of its own vocabulary, with its row of the stack or of something of that shape."""
    models = []
    for member, row in zip(stack.replicas, stack.rows if rows is None else rows, strict=True):
        model = Model(replace(stack.network.architecture, vocab=member.setting.vocab), variant).double()
        load_row(model, stack.network.layout, row)
        models.append(model)
    return models


def stacked_losses(stack, batch):
    """The losses, and the gradient of each row."""
    rows = stack.rows.clone().requires_grad_()
    losses = token_losses(stack.logits(stack.network.layout.views(rows), batch.inputs), batch.targets)
    return losses, torch.autograd.grad(losses.sum(), rows)[0]


def ordinary_loss(model, batch, row):
    """The loss of the examples that a replica has in this batch."""
    own = (batch.targets[row] != IGNORE).any(-1)
    return F.cross_entropy(model(batch.inputs[row, own]).flatten(0, 1), batch.targets[row, own].flatten())


def one_batch(replicas):
    """The second batch, which of fewer than 32 examples is a partial one."""
    return Batches(replicas, CPU).take(1)


STACKS = {
    "next token": [replica(recall(), seed) for seed in range(3)],
    "autoencoder": [replica(compress(), seed) for seed in range(2)],
    "mixed vocabularies": [replica(memorize(16)), replica(memorize(40)), replica(memorize(16), seed=1)],
    "mixed vocabularies, autoencoder": [replica(compress(8)), replica(compress(12))],
    "a partial batch beside a whole one": [replica(recall(examples=27)), replica(recall(examples=40))],
    "of two tasks": [replica(memorize()), replica(Setting("Selective Copy", 12, 12, 40, copies=3))],
}


@pytest.mark.parametrize("variant", [delta_net, gated_delta_net, keep_all_apart], ids=["delta", "gated", "declares"])
@pytest.mark.parametrize("heads", [1, 2])
@pytest.mark.parametrize("replicas", STACKS.values(), ids=STACKS)
def test_losses_and_gradients_are_those_of_separate_models(replicas, heads, variant):
    stack = rough_stack(replicas, variant, replace(NARROW, heads=heads))
    batch = one_batch(replicas)
    losses, gradients = stacked_losses(stack, batch)
    expected = ordinary_models(stack, variant, gradients)
    for row, model in enumerate(ordinary_models(stack, variant)):
        loss = ordinary_loss(model, batch, row)
        assert_same(losses[row], loss, TOLERANCE)
        loss.backward()
        for (name, weight), gradient in zip(model.named_parameters(), expected[row].parameters(), strict=True):
            assert weight.grad.abs().max() > 0, name
            torch.testing.assert_close(
                gradient.detach(), weight.grad, atol=TOLERANCE, rtol=TOLERANCE, msg=lambda m, n=name: f"{n}: {m}"
            )


def test_adamw_moves_each_row_as_it_would_alone():
    replicas = [
        replica(memorize(16), steps=9, rate=1e-2, decay=0.1),
        replica(memorize(40), steps=6, rate=1e-3, decay=0.0),
        replica(memorize(16), seed=1, steps=7, rate=3e-2, decay=0.5),
    ]
    stack = rough_stack(replicas, gated_delta_net, NARROW)
    models = ordinary_models(stack, gated_delta_net)
    stacked = StackedAdamW.start(
        stack.rows,
        rates=[each.learning_rate for each in replicas],
        decays=[each.weight_decay for each in replicas],
        decaying=stack.network.layout.decaying,
    )
    ordinary = [
        torch.optim.AdamW(parameter_groups(model, each.weight_decay), lr=each.learning_rate)
        for model, each in zip(models, replicas, strict=True)
    ]
    batches = Batches(replicas, CPU)
    for step in range(6):
        batch = batches.take(step)
        stacked.step(stack.rows, stacked_losses(stack, batch)[1])
        for row, (model, optimiser) in enumerate(zip(models, ordinary, strict=True)):
            optimiser.zero_grad()
            ordinary_loss(model, batch, row).backward()
            optimiser.step()
    for model, expected in zip(ordinary_models(stack, gated_delta_net), models, strict=True):
        assert_same(dict(model.named_parameters()), dict(expected.named_parameters()), 1e-9)


def test_an_optimiser_goes_on_with_the_rows_that_are_kept():
    def optimiser(rows, first):
        return StackedAdamW.start(rows, [0.1, 0.2, 0.3][first:], [0.0, 0.1, 0.2][first:], torch.ones(4))

    generator = torch.Generator().manual_seed(0)
    rows, gradients = (torch.randn(n, 3, 4, generator=generator).double() for n in (1, 4))
    rows = rows[0]
    alone = rows[1:].clone()
    of_two, of_three = optimiser(alone, 1), optimiser(rows, 0)
    kept = torch.tensor([1, 2])
    for step, gradient in enumerate(gradients):
        of_two.step(alone, gradient[1:].clone())
        if step == 2:
            of_three.keep(kept)
            rows = rows[kept]
        of_three.step(rows, gradient.clone() if step < 2 else gradient[kept])
    assert torch.equal(rows, alone)


def test_padding_is_never_predicted_never_moves_and_changes_no_loss():
    replicas = [replica(memorize(16)), replica(memorize(40))]
    stack = rough_stack(replicas, delta_net, NARROW)
    batch = one_batch(replicas)
    weights = stack.network.layout.views(stack.rows)
    logits = stack.logits(weights, batch.inputs)
    assert (logits[0, ..., 16:] == -torch.inf).all()
    assert logits[0, ..., :16].isfinite().all()
    assert logits[1].isfinite().all()
    gradients = stack.network.layout.views(stacked_losses(stack, batch)[1])
    for name in ("embedding", "output"):
        assert (gradients[name][0, 16:] == 0).all()
        assert (gradients[name][:, :16] != 0).any()


def test_some_rows_read_as_all_rows_do(monkeypatch):
    monkeypatch.setitem(LOGITS_AT_ONCE, "cpu", 2 * 12 * 128 * 3)  # three examples of two replicas
    replicas = [replica(memorize(16)), replica(memorize(40)), replica(memorize(24))]
    stack = rough_stack(replicas, gated_delta_net, NARROW)
    inputs = one_batch(replicas).inputs
    whole = stack.logits(stack.network.layout.views(stack.rows), inputs)
    chosen = torch.tensor([2, 1])
    parts = list(stack.read(inputs[chosen], chosen))
    assert [part.indices(16) for part, _ in parts] == [(start, min(start + 3, 16), 1) for start in range(0, 16, 3)]
    assert_same(torch.cat([logits for _, logits in parts], dim=1), whole[chosen], TOLERANCE)
    asked = slice(1, 12, 2)
    parts = list(stack.read(inputs[chosen], chosen, asked))
    assert_same(torch.cat([logits for _, logits in parts], dim=1), whole[chosen][:, :, asked], TOLERANCE)
    stack.keep(chosen.tolist(), chosen)
    assert_same(stack.logits(stack.network.layout.views(stack.rows), inputs[chosen]), whole[chosen], TOLERANCE)
    assert [member.setting.vocab for member in stack.replicas] == [24, 40]


@pytest.mark.parametrize("at_once", [1, 3, 5, 16, 40])
def test_every_pass_over_examples_is_of_one_shape_and_each_example_is_read_once(monkeypatch, at_once):
    monkeypatch.setitem(LOGITS_AT_ONCE, "cpu", 12 * 128 * at_once)
    replicas = [replica(memorize(16))]
    stack = rough_stack(replicas, gated_delta_net, NARROW)
    inputs, shapes, logits = one_batch(replicas).inputs, [], stack.logits

    def watched(weights, tokens, *options):
        shapes.append(tokens.shape)
        return logits(weights, tokens, *options)

    monkeypatch.setattr(stack, "logits", watched)
    parts = list(stack.read(inputs, torch.tensor([0])))
    assert len(set(shapes)) == 1
    assert shapes[0][1] <= at_once
    assert [place for part, _ in parts for place in range(*part.indices(16))] == list(range(16))
    whole = logits(stack.network.layout.views(stack.rows), inputs)
    assert_same(torch.cat([logits for _, logits in parts], dim=1), whole, TOLERANCE)


def test_a_replica_begins_alike_whatever_it_is_stacked_with():
    replicas = [replica(memorize(16)), replica(memorize(40)), replica(memorize(16), seed=1), replica(memorize(16))]
    stack = Stack(replicas, gated_delta_net, NARROW, CPU)
    for member, model in zip(replicas, ordinary_models(stack, gated_delta_net), strict=True):
        alone = Stack([member], gated_delta_net, NARROW, CPU)
        (expected,) = ordinary_models(alone, gated_delta_net)
        assert_same(model.state_dict(), expected.state_dict(), 0.0)
    assert torch.equal(stack.rows[0], stack.rows[3])
    assert not torch.equal(stack.rows[0], stack.rows[2])


def initial_weights(stack):
    """Of each replica, name -> weight in use; the rows of what the mixers read are apart, by what they make."""
    declared = stack.network.variant.declaration
    sizes = stack.network.architecture
    rows = dict.fromkeys("qkv", sizes.width) | {"beta": sizes.heads}
    rows |= {name: sizes.heads * sizes.sizes(kind) ** (kind != "head") for name, kind in declared.inputs.items()}
    for row, member in enumerate(stack.replicas):
        found = {}
        for name, view in stack.network.layout.views(stack.rows).items():
            weight = view[row]
            if name in ("embedding", "output"):
                weight = weight[: member.setting.vocab]
            if name.startswith("mixer") and name.endswith(".in"):
                found |= {f"{name}.{part}": w for part, w in zip(rows, weight.split([*rows.values()]), strict=True)}
            else:
                found[name] = weight
        yield found


DECAY = Declaration({"decay": "head"}, {"rate": LearnedParameter(("head",), 0.0, 1.0)})
KEYED = Declaration({"write": "key", "decay": "head", "gate": "value"}, {"rate": LearnedParameter(("head",), 0.0, 1.0)})


@pytest.mark.parametrize("heads", [1, 2])
@pytest.mark.parametrize("settings", [(recall(8), recall(24)), (memorize(16), memorize(40)), (compress(8),)])
def test_variants_begin_alike_in_all_that_both_have(settings, heads):
    """Their scores of one seed can then be compared as a pair, whatever either of them declares."""
    protocol = replace(NARROW, heads=heads)
    replicas = [replica(setting, seed=seed) for setting in settings for seed in (0, 3)]
    variants = [delta_net, gated_delta_net, *(Variant(delta_net.op, declared) for declared in (DECAY, KEYED))]
    begun = [list(initial_weights(Stack(replicas, variant, protocol, CPU))) for variant in variants]
    shared = [set(one[0]) & set(other[0]) for one, other in pairwise(begun)]
    assert all({"embedding", "mixer1.in.q", "mixer1.in.beta", "mixer1.out", "output"} <= names for names in shared)
    assert {"mixer0.rate", "mixer0.in.decay"} <= shared[-1]
    for (one, other), names in zip(pairwise(begun), shared, strict=True):
        for mine, theirs in zip(one, other, strict=True):
            assert all(torch.equal(mine[name], theirs[name]) for name in names)


def test_no_two_weights_of_a_replica_and_no_two_replicas_begin_alike():
    stack = Stack([replica(recall(8), seed=seed) for seed in (0, 1)], keep_all_apart, NARROW, CPU)
    drawn = [w.flatten()[:4] for each in initial_weights(stack) for w in each.values() if w.std() > 0]
    assert len({tuple(weight.tolist()) for weight in drawn}) == len(drawn)


@pytest.mark.parametrize(("task", "init"), [(recall, "torch"), (recall, "normal"), (compress, "torch")])
def test_weights_begin_as_in_mad(task, init):
    """Embeddings from N(0, 0.02); matrices by PyTorch's default, or from N(0, 0.02) where there is an autoencoder."""
    stack = Stack([replica(task(64))], gated_delta_net, replace(NARROW, width=64, inner=96, init=init), CPU)
    weights = {name: view[0] for name, view in stack.network.layout.views(stack.rows).items()}
    assert weights["embedding"].std() == pytest.approx(0.02, rel=0.05)
    for name, weight in weights.items():
        if name.endswith(".gain"):
            assert (weight == 1).all()
        elif name.endswith(".bias"):
            assert (weight == 0).all()
        elif name.endswith("filters"):
            assert weight.abs().max() == pytest.approx(0.5, rel=0.02)
            assert weight.std() == pytest.approx(3**-0.5 / 2, rel=0.05)
        elif weight.dim() == 2 and name != "embedding":
            if task is compress or init == "normal":
                assert weight.std() == pytest.approx(0.02, rel=0.05)
                assert weight.abs().max() > 0.05
            else:
                bound = weight.shape[1] ** -0.5
                assert weight.abs().max() <= bound
                assert weight.std() == pytest.approx(bound * 3**-0.5, rel=0.05)
    for name, parameter in gated_delta_net.declaration.parameters.items():
        assert parameter.low <= weights[f"mixer0.{name}"] <= parameter.high


def test_the_mad_network_has_about_410_thousand_parameters():
    layout = Network(Architecture(vocab=16, autoencoder=False), delta_net).layout
    sizes = {parameter.name: parameter.size for parameter in layout.parameters}
    gains = sum(size for name, size in sizes.items() if name.endswith("in.gain")) + sizes["output.gain"]
    assert sum(size for name, size in sizes.items() if name.startswith("swiglu0.")) == 135_168 + 128
    assert sum(size for name, size in sizes.items() if name.startswith("mixer0.")) == 67_328 + 128
    assert layout.size == 2 * (67_328 + 135_168) + 2 * 16 * 128 + gains == 409_728


def test_views_show_and_write_the_row():
    layout = Network(Architecture(8, True, width=8, inner=8), gated_delta_net).layout
    rows = torch.arange(2.0 * layout.size).view(2, -1)
    views = layout.views(rows)
    assert torch.equal(torch.cat([view.flatten(1) for view in views.values()], dim=1), rows)
    views["mixer1.out"][1] = 0.0
    assert (rows == 0).sum() == 64 + 1  # and the first of all


def test_a_stack_takes_its_sizes_from_the_protocol_and_its_largest_vocabulary():
    protocol = replace(NARROW, heads=4, width=32)
    assert architecture([replica(memorize(16)), replica(memorize(40))], protocol) == Architecture(
        vocab=40, autoencoder=False, width=32, heads=4, inner=24, pairs=2, chunk_size=4
    )
    assert architecture([replica(compress())], protocol).autoencoder


def test_the_op_of_each_mixer_is_told_the_chunk_size():
    told = []

    def op(q, k, v, beta, initial_state=None, chunk_size=32):
        told.append(chunk_size)
        return v, None

    stack = rough_stack([replica(recall())], Variant(op, delta_net.declaration), NARROW)
    stack.logits(stack.network.layout.views(stack.rows), one_batch(stack.replicas).inputs)
    assert told == [NARROW.chunk_size] * 2


def test_sinusoids_are_those_of_mads_decoder():
    angles = [[t / 10_000 ** (j / 2) for j in range(3)] for t in range(9)]
    expected = torch.tensor([[*map(sin, row), *map(cos, row)] for row in angles])
    assert_same(sinusoids(9, 6, torch.device("cpu")), expected, 1e-6)


def test_rows_of_another_stack_are_refused():
    """A row that is too long would be read without a complaint, every weight at a wrong place."""
    small, large = replica(memorize(16)), replica(memorize(40))
    rows = Stack([small, large], delta_net, NARROW, CPU).rows
    with pytest.raises(ValueError, match="are not of these 1 replicas"):
        Stack([small], delta_net, NARROW, CPU, rows[:1])


def test_whatever_reaches_an_op_is_in_full_precision():
    """Also under autocast, as on a GPU, and also what the variant has declared."""
    seen = {}

    def op(q, k, v, beta, initial_state=None, chunk_size=32, **learned):
        seen.update({"q": q, "k": k, "v": v, "beta": beta, **learned})
        return _keep_all_apart(q, k, v, beta, **learned)

    replicas = [replica(memorize(16))]
    stack = Stack(replicas, Variant(op, keep_all_apart.declaration), NARROW, CPU)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = stack.network.logits(stack.network.layout.views(stack.rows), one_batch(replicas).inputs)
    assert logits.dtype == torch.bfloat16
    declared = keep_all_apart.declaration
    assert set(seen) == {"q", "k", "v", "beta", *declared.inputs, *declared.parameters}
    assert {part.dtype for part in seen.values()} == {torch.float32}


def test_a_parameter_may_have_the_name_of_a_weight_of_its_layer():
    seen = {}

    def op(q, k, v, beta, initial_state=None, chunk_size=32, **own):
        seen.update(own)
        return v, v.sum(2, keepdim=True)

    declared = Declaration({}, {name: LearnedParameter(("head", "key"), 2.0, 3.0) for name in ("filters", "out")})
    stack = Stack([replica(recall())], Variant(op, declared), NARROW, CPU)
    stack.network.logits(stack.network.layout.views(stack.rows), one_batch([replica(recall())]).inputs)
    assert [*seen] == ["filters", "out"]
    for value in seen.values():
        assert value.min() >= 2.0, "the layer's own weights lie around zero"
        assert value.shape[1:] == (1, NARROW.width)


def test_weight_decay_pulls_on_matrices_alone():
    layout = Network(architecture([replica(compress())], NARROW), keep_all_apart).layout
    decaying = {name for name, view in layout.views(layout.decaying[None]).items() if view.all()}
    spared = {name for name, view in layout.views(layout.decaying[None]).items() if not view.any()}
    assert decaying | spared == {parameter.name for parameter in layout.parameters}
    assert {name.split(".")[-1] for name in spared} == {"gain", "bias", "bank", "span"}

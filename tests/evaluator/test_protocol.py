"""Protocols are data: what they plan, what their fingerprint depends on, and that they survive being written down."""

from collections import Counter
from dataclasses import fields, replace

import pytest

from agent.core.errors import UsageError
from agent.core.score import MAD_TASKS
from agent.evaluator.protocol import EDITION, Cut, Leg, Plan, Protocol, TemplateCurve
from agent.evaluator.protocols import (
    FRESH_SEED,
    MAD,
    MAD_GRID,
    PROTOCOLS,
    QUICK,
    SMOKE,
    choose_protocol,
    on_fresh_seeds,
    varied,
)
from agent.evaluator.tasks import TASKS
from agent.evaluator.tasks.task import Setting
from agent.evaluator.text.source import TextSource

NOISY = Setting("Noisy Recall", 32, 128, 6400, noise=0.2, noise_vocab=16)
PLAN = Plan((NOISY,), 2, 32, 4, learning_rates=(1e-3,), weight_decays=(0.0,), validations=2)
PROTOCOL = Protocol("given", "tests", plans=(PLAN,), cut=Cut(after=0.5, margin=0.2))

# One change of every field; the options that Noisy Recall does not take are in `changed`.
OTHER = {
    Protocol: {
        "plans": (PLAN, PLAN),
        "width": 64,
        "heads": 2,
        "inner": 64,
        "chunk_size": 16,
        "init": "normal",
        "validation_examples": 1,
        "test_examples": 1,
        "solved_at": 0.9,
        "cut": None,
        "schedule": "cosine",
        "text": TextSource("here", "0123456789ab"),
    },
    Plan: {
        "settings": (NOISY, replace(NOISY, vocab=48)),
        "seeds": 3,
        "batch": 64,
        "epochs": 5,
        "learning_rates": (1e-3, 5e-4),
        "weight_decays": (0.1,),
        "validations": 4,
        "first_seed": 1,
        "longer": (2,),
        "pairs": (2,),
    },
    Setting: {
        "vocab": 48,
        "length": 64,
        "train_examples": 3200,
        "noise": 0.4,
        "noise_vocab": 8,
    },
    Cut: {"after": 0.25, "margin": 0.1},
}
CHANGES_NO_SCORE = {
    "name": "other",
    "purpose": "other",
    "time_limit_hours": 1.0,
    "slowest": 3.0,
    "legs": (Leg(()),),
    "template_curves": (TemplateCurve("any", 0, ((1, 0.5),)),),
}


def with_setting(setting):
    return replace(PROTOCOL, plans=(replace(PLAN, settings=(setting,)),))


def changed():
    """(field, the protocol with that field changed)."""
    for name, value in OTHER[Protocol].items():
        yield name, replace(PROTOCOL, **{name: value})
    for name, value in OTHER[Plan].items():
        yield name, replace(PROTOCOL, plans=(replace(PLAN, **{name: value}),))
    for name, value in OTHER[Setting].items():
        yield name, with_setting(replace(NOISY, **{name: value}))
    for name, value in OTHER[Cut].items():
        yield name, replace(PROTOCOL, cut=replace(PROTOCOL.cut, **{name: value}))
    yield "task", with_setting(Setting("Context Recall", 32, 128, 6400))
    yield "copies", with_setting(Setting("Selective Copy", 32, 128, 6400, copies=4))
    yield "pairs", with_setting(Setting("Multi-Query Recall", 32, 128, 6400, pairs=4))
    yield "pairs", with_setting(Setting("Multi-Query Recall", 32, 128, 6400, pairs=5))
    yield "copies", with_setting(Setting("Selective Copy", 32, 128, 6400, copies=5))
    yield "motif", with_setting(Setting("Fuzzy Recall", 32, 128, 6400, motif=2))
    yield "motif", with_setting(Setting("Fuzzy Recall", 32, 128, 6400, motif=3))


def test_the_fingerprint_changes_with_whatever_may_change_a_score():
    options = {option.name for task in TASKS for option in task.options}
    every_field = {field.name for kind in OTHER for field in fields(kind)} - {"own"} | options
    assert {name for name, _ in changed()} | set(CHANGES_NO_SCORE) == every_field
    fingerprints = [PROTOCOL.fingerprint, *(protocol.fingerprint for _, protocol in changed())]
    assert len(set(fingerprints)) == len(fingerprints)
    assert all(len(fingerprint) == 12 and int(fingerprint, 16) >= 0 for fingerprint in fingerprints)


def test_the_fingerprint_changes_with_the_edition_of_the_code(monkeypatch):
    before = PROTOCOL.fingerprint
    monkeypatch.setattr("agent.evaluator.protocol.EDITION", EDITION + 1)
    assert PROTOCOL.fingerprint != before


@pytest.mark.parametrize("name", CHANGES_NO_SCORE)
def test_the_fingerprint_does_not_change_with_what_changes_no_score(name):
    assert replace(PROTOCOL, **{name: CHANGES_NO_SCORE[name]}).fingerprint == PROTOCOL.fingerprint


@pytest.mark.parametrize("protocol", [*PROTOCOLS.values(), PROTOCOL], ids=[*PROTOCOLS, "given"])
def test_a_protocol_survives_being_written_down(protocol):
    again = Protocol.from_json(protocol.to_json())
    assert again == protocol
    assert hash(again) == hash(protocol)
    assert again.fingerprint == protocol.fingerprint
    assert list(again.replicas()) == list(protocol.replicas())


def test_mad_has_66_settings_each_once_and_one_change_from_its_baseline():
    settings = [setting for plan in MAD.plans for setting in plan.settings]
    counts = {task: sum(setting.task == task for setting in settings) for task in MAD_TASKS}
    assert list(counts.values()) == [11, 11, 11, 6, 14, 13]
    assert len(set(settings)) == len({setting.label for setting in settings}) == 66
    for task in MAD_TASKS:
        baseline, *others = [setting for setting in settings if setting.task == task]
        for other in others:
            assert sum(getattr(other, f.name) != getattr(baseline, f.name) for f in fields(Setting)) == 1
    assert MAD.tasks == MAD_GRID.tasks == MAD_TASKS
    noisy = ("Fuzzy Recall", "Memorize")
    assert MAD.lone_settings == {setting.label for setting in settings if setting.task not in noisy}
    assert not MAD_GRID.lone_settings


# What the paper's six tasks vary, and over what.
MAD_RANGES = {
    "Compress": {"vocab": {16, 32, 64, 128}, "length": {32, 64, 128, 256}},
    "Context Recall": {"vocab": {16, 32, 64, 128}, "length": {128, 256, 512, 1024}},
    "Fuzzy Recall": {"vocab": {16, 32, 64, 128}, "length": {128, 256, 512, 1024}, "motif": {3}},
    "Memorize": {"vocab": {256, 512, 1024, 2048, 4096, 8192}, "length": {32}, "train_examples": {256}},
    "Noisy Recall": {
        "vocab": {32, 48, 80, 144},
        "length": {128, 256, 512, 1024},
        "noise": {0.2, 0.4, 0.6, 0.8},
        "noise_vocab": {16},
    },
    "Selective Copy": {"vocab": {16, 32, 64, 128}, "length": {256, 512, 1024}, "copies": {16, 32, 64, 96}},
}


@pytest.mark.parametrize("task", MAD_TASKS)
def test_mad_varies_what_the_paper_varies(task):
    settings = [setting for plan in MAD.only((task,)).plans for setting in plan.settings]
    for name, values in ({"train_examples": {12800, 6400, 3200, 1600, 800}} | MAD_RANGES[task]).items():
        assert {setting.facts[name] for setting in settings} == values, name


@pytest.mark.parametrize("protocol", [MAD, MAD_GRID])
def test_mad_trains_200_epochs_of_batches_of_128(protocol):
    steps = {(each.setting.train_examples, each.steps, each.validate_every, each.batch) for each in protocol.replicas()}
    assert steps == {
        (12800, 20000, 100, 128),
        (6400, 10000, 50, 128),
        (3200, 5000, 25, 128),
        (1600, 2600, 13, 128),
        (800, 1400, 7, 128),
        (256, 400, 2, 128),
    }
    assert (protocol.width, protocol.heads, protocol.inner) == (128, 1, 352)
    assert (protocol.test_examples, protocol.validation_examples, protocol.solved_at) == (1280, 1280, 0.999)


def test_mad_grid_is_mad_over_rates_and_decays():
    assert [plan.settings for plan in MAD_GRID.plans] == [plan.settings for plan in MAD.plans]
    for plan in MAD_GRID.plans:
        assert (plan.learning_rates, plan.weight_decays) == ((1e-4, 5e-4, 1e-3), (0.0, 0.1))
        assert plan.seeds >= 3
    numbers = [{seed for plan in protocol.plans for seed in plan.seed_numbers} for protocol in (MAD, MAD_GRID)]
    assert numbers[0].isdisjoint(numbers[1])  # a winner is confirmed on seeds that did not choose it
    assert {(plan.learning_rates, plan.weight_decays) for plan in MAD.plans} == {((1e-3,), (0.0,))}
    assert MAD.cut is None  # without a grid nobody has a rival


def test_replicas_are_every_seed_rate_and_decay_of_every_setting():
    plan = replace(PLAN, settings=(NOISY, replace(NOISY, vocab=48)), learning_rates=(1e-3, 5e-4), weight_decays=(0, 1))
    replicas = list(replace(PROTOCOL, plans=(plan,)).replicas())
    points = Counter((each.setting.vocab, each.seed, each.learning_rate, each.weight_decay) for each in replicas)
    assert points == Counter((v, s, r, d) for v in (32, 48) for s in (0, 1) for r in (1e-3, 5e-4) for d in (0, 1))
    assert len({each.key for each in replicas}) == len(replicas) == 16


@pytest.mark.parametrize(
    ("examples", "batch", "epochs", "validations", "steps", "validate_every"),
    [(64, 32, 3, 3, 6, 2), (65, 32, 3, 3, 9, 3), (20, 32, 5, 2, 5, 3), (6400, 128, 4, 1, 200, 200)],
)
def test_steps_follow_from_epochs(examples, batch, epochs, validations, steps, validate_every):
    plan = replace(
        PLAN, settings=(replace(NOISY, train_examples=examples),), batch=batch, epochs=epochs, validations=validations
    )
    for each in replace(PROTOCOL, plans=(plan,)).replicas():
        assert (each.batch, each.steps, each.validate_every) == (batch, steps, validate_every)


@pytest.mark.parametrize("protocol", [SMOKE, QUICK], ids=["smoke", "quick"])
def test_the_small_protocols_have_all_six_tasks_and_one_beside_the_table(protocol):
    assert protocol.tasks == MAD_TASKS
    assert protocol.further == ("Multi-Query Recall",)
    alone = protocol.only(protocol.further)
    assert (alone.tasks, alone.further) == ((), protocol.further)


@pytest.mark.parametrize("protocol", [MAD, MAD_GRID], ids=["mad", "mad-grid"])
def test_tested_on_longer_sequences_is_the_baseline_of_each_task_that_has_a_length(protocol):
    longer = {replica.setting for replica in protocol.replicas() if replica.longer}
    baselines = {plan.settings[0].task: plan.settings[0] for plan in reversed(protocol.plans)}
    assert longer == {setting for setting in baselines.values() if setting.lengthens}
    assert {setting.task for setting in longer} == {"Context Recall", "Fuzzy Recall", "Noisy Recall", "Selective Copy"}


def test_a_part_of_a_protocol_keeps_its_longer_tests():
    for whole in (MAD, SMOKE):
        for replica in whole.replicas():
            assert list(whole.part({replica.grid}).replicas()) == [replica]


def test_only_keeps_whole_tasks_under_a_fingerprint_of_their_own():
    some = MAD.only(("Selective Copy", "Memorize"))
    assert some.tasks == ("Memorize", "Selective Copy")
    assert list(some.replicas()) == [
        each for each in MAD.replicas() if each.setting.task in ("Memorize", "Selective Copy")
    ]
    mixed = SMOKE.only(("Fuzzy Recall",))
    assert [setting.task for plan in mixed.plans for setting in plan.settings] == ["Fuzzy Recall"]
    assert len({MAD.fingerprint, some.fingerprint, MAD.only(("Memorize",)).fingerprint}) == 3
    assert MAD.only(MAD_TASKS) == MAD


def test_only_refuses_a_task_that_the_protocol_lacks():
    with pytest.raises(UsageError, match=r"'Copying'.*Memorize"):
        MAD.only(("Memorize", "Copying"))
    with pytest.raises(UsageError, match="'Compress': choose from Memorize"):
        MAD.only(("Memorize",)).only(("Compress",))


def test_a_part_trains_some_seeds_of_some_settings_as_the_whole_does():
    grids = {(each.setting, each.seed) for each in SMOKE.replicas() if each.setting.task == "Memorize"}
    grids |= {(SMOKE.plans[0].settings[0], 1)}
    part = SMOKE.part(grids)
    assert list(part.replicas()) == [each for each in SMOKE.replicas() if each.grid in grids]
    assert len(list(part.replicas())) == 3
    assert Protocol.from_json(part.to_json()) == part


def test_the_device_chooses_the_protocol_unless_it_is_named():
    assert choose_protocol(None, "cpu") is QUICK
    assert choose_protocol(None, "cuda") is MAD
    assert choose_protocol("smoke", "cuda") is SMOKE
    with pytest.raises(UsageError, match=r"'fast'.*smoke, quick, mad, mad-grid"):
        choose_protocol("fast", "cpu")


def test_heads_and_init_vary_a_protocol_under_a_fingerprint_of_its_own():
    several, normal = varied(SMOKE, heads=4), varied(SMOKE, init="normal")
    assert (several.heads, several.width, several.init) == (4, SMOKE.width, "torch")
    assert (normal.heads, normal.init) == (1, "normal")
    assert varied(SMOKE) == SMOKE
    assert len({each.fingerprint for each in (SMOKE, several, normal)}) == 3
    with pytest.raises(UsageError, match="3 heads do not divide the width of protocol smoke, 32"):
        varied(SMOKE, heads=3)


def test_fresh_seeds_are_none_that_a_protocol_trains():
    for protocol in PROTOCOLS.values():
        fresh = on_fresh_seeds(protocol, 2)
        seeds, own = ({(r.setting, r.seed) for r in each.replicas()} for each in (fresh, protocol))
        assert not seeds & own
        assert len(seeds) == 2 * len(own)
        assert min(seed for _, seed in seeds) >= FRESH_SEED
        assert fresh.fingerprint != protocol.fingerprint

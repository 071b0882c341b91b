"""Whether anything is left on the CPU when all is to be done elsewhere: on a device that computes as the CPU does."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from pretended_card import pretended_card
from safetensors.torch import save_file

from agent.core.baselines import BASELINES, TEMPLATE, baseline_path
from agent.core.resources import MOVES, TEMPLATE_FILE
from agent.evaluator.contract import calls as contract
from agent.evaluator.contract.calls import check_contract, state_size
from agent.evaluator.contract.pretended_device import PRETENDED, OnDevice
from agent.evaluator.contract.variant import load_variant
from agent.evaluator.job import Job
from agent.evaluator.protocols import MAD_GRID, SMOKE
from agent.evaluator.remote.predictor import Predictor
from agent.evaluator.speed import measure_speed
from agent.evaluator.training.stack import Stack
from agent.evaluator.training.trainer import train
from agent.evaluator.worker import Worker
from agent.proposer.moves import compose, load_moves

ALL = load_moves(MOVES)
TEMPLATE_SOURCE = TEMPLATE_FILE.read_text()
CPU = torch.device("cpu")
SETTINGS = {setting.task: setting for plan in SMOKE.plans for setting in plan.settings}


def protocol_of(task):
    """Two steps of four replicas of two rates, of which one is cut and one gets nowhere."""
    plan = replace(SMOKE.plans[0], settings=(SETTINGS[task],), epochs=1, learning_rates=(2e-3, 1e-9))
    return replace(SMOKE, plans=(plan,), cut=replace(MAD_GRID.cut, margin=0.0))


def losses(trainees):
    return [point.loss for trainee in trainees for point in trainee.curve]


@pytest.mark.slow
@pytest.mark.parametrize("task", SETTINGS)
def test_a_training_stays_on_its_device_and_computes_the_same(task):
    protocol, variant = protocol_of(task), load_variant(baseline_path(TEMPLATE))
    here = train(list(protocol.replicas()), variant, protocol, CPU)
    with pretended_card() as card:
        there = train(list(protocol.replicas()), variant, protocol, card)
        assert all(isinstance(trainee.best, OnDevice) and trainee.best.device == card for trainee in there)
    # On a CPU alone some layers go ways of their own (agent/kernels), which round otherwise.
    assert losses(there) == pytest.approx(losses(here), rel=1e-4)
    assert [trainee.ending for trainee in there] == [trainee.ending for trainee in here]


@pytest.fixture(params=[*BASELINES, *ALL])
def path(request, tmp_path):
    """A file of a known variant, or of what a move makes of the template."""
    if request.param in BASELINES:
        return baseline_path(request.param)
    path = tmp_path / "moved.py"
    path.write_text(compose(TEMPLATE_SOURCE, [ALL[request.param]]))
    return path


@pytest.mark.slow
def test_every_known_op_and_move_stays_on_the_device_of_its_arguments(path, monkeypatch):
    monkeypatch.setattr(contract, "Tensor", OnDevice)  # the one subclass that is welcome
    variant = load_variant(path)
    protocol = protocol_of("Context Recall")
    with pretended_card() as card:
        check_contract(variant, protocol, card)
        assert state_size(variant, protocol, card) > 0
        (trainee, *_) = train(list(protocol.replicas()), variant, protocol, card)
    assert trainee.ending != "diverged"


def test_a_worker_trains_and_predicts_on_its_device_what_it_would_on_the_cpu(tmp_path, monkeypatch):
    # An audit wants tensors of torch's own type, which those of a pretended card are not.
    for caller in ("agent.evaluator.worker", "agent.evaluator.remote.predictor"):
        monkeypatch.setattr(f"{caller}.SecretAudits", lambda *given: lambda op, called: None)
    protocol = replace(protocol_of("Noisy Recall"), cut=None)
    chosen, told = torch.tensor([0, 3]), {}
    inputs = torch.randint(8, (2, 5, SETTINGS["Noisy Recall"].input_length), dtype=torch.int32)
    for device in (CPU, PRETENDED):
        folder = tmp_path / device.type
        folder.mkdir()
        job = Job(folder, protocol.to_json(), device.type)
        job.write(baseline_path(TEMPLATE))
        save_file({"chosen": chosen, "inputs": inputs}, job.inputs(0))
        with pretended_card():
            worker = Worker(job, load_variant(job.variant))
            answer = worker.train(0, lambda message: None)
            Predictor(job, worker.variant.op).predict(0, times=1)
        loss = [trainee["curve"][-1]["loss"] for trainee in answer["trainees"]]
        told[device.type] = loss, np.frombuffer(job.predictions(0).read_bytes(), np.int32)
    (here, by_cpu), (there, by_card) = told.values()
    assert there == pytest.approx(here, rel=1e-4)
    assert (by_cpu != by_card).mean() <= 0.01  # where rounding tips a prediction of a network that has learned nothing


def test_the_last_weights_are_read_at_their_places_also_where_only_a_small_vocabulary_moved_on(tmp_path):
    """They are laid out for the largest vocabulary of their stack, whichever replicas kept weights of their own."""
    protocol = SMOKE.only(("Memorize", "Fuzzy Recall"))
    job = Job(tmp_path, protocol.to_json(), "cpu")
    job.write(baseline_path(TEMPLATE))
    worker = Worker(job, load_variant(job.variant))
    (group,) = worker.stacks
    best = Stack(group, worker.variant, protocol, CPU).rows
    small = torch.tensor([replica.setting.task == "Fuzzy Recall" for replica in group])
    last = torch.where(small[:, None], best * (1 + 1e-6), best)
    inputs = torch.randint(8, (len(group), 20, group[0].setting.input_length), dtype=torch.int32)
    save_file({"best": best, "last": last}, job.weights(0))
    save_file({"chosen": torch.arange(len(group)), "inputs": inputs}, job.inputs(0))
    Predictor(job, worker.variant.op).predict(0, times=1)
    by_best, by_last = np.frombuffer(job.predictions(0).read_bytes(), np.int32).reshape(2, *inputs.shape)
    assert (by_best != by_last).mean() <= 0.01


@pytest.mark.slow
def test_the_speed_of_an_op_is_measured_on_its_device():
    template = load_variant(baseline_path(TEMPLATE))
    with pretended_card() as card:
        assert measure_speed(template, SMOKE, card).op > 0


def test_the_card_refuses_what_lies_elsewhere():
    with pretended_card() as card:
        here, there = torch.ones(3), torch.ones(3, device=card)
        with pytest.raises(RuntimeError, match="same device"):
            here + there
        with pytest.raises(RuntimeError, match="a generator on cpu draws for meta"):
            torch.rand(3, device=card, generator=torch.Generator("cpu"))
        assert (there + 1.0).sum().item() == 6.0
        assert (there.cpu() + here).tolist() == [2.0, 2.0, 2.0]

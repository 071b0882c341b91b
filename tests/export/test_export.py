"""What is exported, read back: by this file for what needs no other program, and by the other program's own reader."""

import json
import math
import struct
import sys
from datetime import datetime

import pytest
from sample_histories import write_history

from agent.core.errors import Unavailable, UsageError
from agent.core.failure import Failure
from agent.core.reason import Reason
from agent.export import optuna as optuna_export
from agent.export import tensorboard, wandb
from agent.export.measured import AVERAGE, curves_of, scored_runs, scores_of, time_of
from agent.store.files import WorkspaceError
from agent.store.workspace import Workspace


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    root = tmp_path_factory.mktemp("home")
    write_history(root, 5)
    workspace = Workspace(root)
    assert any(curves_of(run) for run in scored_runs(workspace))
    return workspace


@pytest.mark.parametrize(
    ("data", "checksum"),
    [(bytes(32), 0x8A9136AA), (b"\xff" * 32, 0x62A8AB43), (bytes(range(32)), 0x46DD794E), (b"123456789", 0xE3069283)],
)
def test_the_checksum_is_that_of_rfc_3720(data, checksum):
    assert tensorboard.crc32c(data) == checksum


@pytest.mark.parametrize(("number", "written"), [(0, b"\x00"), (127, b"\x7f"), (128, b"\x80\x01"), (300, b"\xac\x02")])
def test_a_varint_has_seven_bits_a_byte(number, written):
    assert tensorboard._varint(number) == written


def test_a_record_is_framed(home, tmp_path):
    data = b"some data"
    framed = tensorboard.record(data)
    length, checked = struct.unpack("<QI", framed[:12])
    assert (length, framed[12:-4]) == (len(data), data)
    assert checked == tensorboard.masked(framed[:8])
    assert struct.unpack("<I", framed[-4:])[0] == tensorboard.masked(data)


def test_an_export_replaces_an_earlier_one(home, tmp_path):
    count = tensorboard.export(home, tmp_path / "out")
    files = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*.deltasearch")}
    assert len(files) == count + 1 == len(home.history().scored) + 1
    tensorboard.export(home, tmp_path / "out")
    assert {path: path.read_bytes() for path in (tmp_path / "out").rglob("*.deltasearch")} == files


def test_a_place_that_cannot_be_written_is_named(home, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkspaceError, match="cannot be written"):
        tensorboard.export(home, tmp_path / "file")


def test_a_curve_leaves_out_what_is_no_number(home):
    assert all(math.isfinite(point.value) for run in scored_runs(home) for point in curves_of(run))


@pytest.mark.parametrize(("module", "name"), [(optuna_export, "optuna"), (wandb, "wandb")])
def test_what_is_missing_is_named_with_how_to_get_it(home, tmp_path, monkeypatch, module, name):
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(Unavailable, match=rf"pip install 'deltasearch\[{name}\]'"):
        module.export(home, tmp_path / "out")


def test_tensorboard_reads_it(home, tmp_path):
    reading = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator", reason="pip install -c constraints.txt tensorboard"
    )
    tensorboard.export(home, tmp_path)
    runs = list(scored_runs(home))
    for run in runs:
        found = reading.EventAccumulator(str(tmp_path / run.name), size_guidance={"scalars": 0})
        found.Reload()
        told = {tag: [(event.step, event.value) for event in found.Scalars(tag)] for tag in found.Tags()["scalars"]}
        wanted = {f"score/{task}": [(0, pytest.approx(score))] for task, score in scores_of(run).items()}
        for point in curves_of(run):
            wanted.setdefault(point.name, []).append((point.step, pytest.approx(point.value)))
        assert told == wanted
        assert found.Scalars(f"score/{AVERAGE}")[0].wall_time == time_of(run)
    search = reading.EventAccumulator(str(tmp_path / "search"))
    search.Reload()
    averages = [(event.step, event.value) for event in search.Scalars(f"score/{AVERAGE}")]
    assert averages == [(step, pytest.approx(run.card.average)) for step, run in enumerate(runs)]


def test_optuna_reads_it(home, tmp_path):
    optuna = pytest.importorskip("optuna", reason="pip install -c constraints.txt optuna")
    journal = pytest.importorskip("optuna.storages.journal")
    workspace = Workspace(home.root)
    lost = workspace.history().runs[-1]
    failed = workspace.create(
        lost.proposal.__class__(**vars(lost.proposal) | {"name": "delta_net_4layer_lost"}), lost.protocol,
        lost.fingerprint, "failed", failure=Failure("crash", Reason.said("why")),
    )  # fmt: skip
    out = tmp_path / "journal.log"
    count = optuna_export.export(workspace, out)
    storage = optuna.storages.JournalStorage(journal.JournalFileBackend(str(out)))
    study = optuna.load_study(study_name="deltasearch", storage=storage)
    runs = {run.id: run for run in workspace.history().runs}
    assert len(study.trials) == count
    for trial in study.trials:
        run = runs[trial.user_attrs["run"]]
        assert trial.state.name == ("COMPLETE" if run.scored else "FAIL")
        assert {move for move, held in trial.params.items() if held} == set(run.proposal.moves)
        assert trial.datetime_complete == datetime.fromtimestamp(time_of(run))
        if run.scored:
            assert trial.value == pytest.approx(run.card.average)
            assert {task: trial.user_attrs[task] for task in run.card.tasks} == pytest.approx(run.card.scores)
    assert study.best_trial.user_attrs["name"] == workspace.history().best.name
    assert "crash" in next(t for t in study.trials if t.user_attrs["run"] == failed.id).user_attrs["failure"]
    with pytest.raises(UsageError, match="name a new file"):
        optuna_export.export(workspace, out)


def records(path, form):
    """The records of a file of an offline run: chunks as LevelDB's log has them, behind a header of seven bytes."""
    data, place, whole = path.read_bytes(), 7, b""
    while place + 7 <= len(data):
        room = 32768 - place % 32768
        if room < 7:
            place += room
            continue
        _, length, kind = struct.unpack("<IHB", data[place : place + 7])
        if kind == 0:
            place += room
            continue
        whole += data[place + 7 : place + 7 + length]
        place += 7 + length
        if kind in (1, 4):  # a whole record, or the last part of one
            found = form()
            found.ParseFromString(whole)
            yield found
            whole = b""


@pytest.mark.slow
def test_wandb_reads_it(home, tmp_path):
    """By its own definition of a record: the package has no reader in Python, only a program that syncs."""
    pytest.importorskip("wandb", reason="pip install -c constraints.txt wandb")
    pb = pytest.importorskip("wandb.proto.wandb_internal_pb2")
    count = wandb.export(home, tmp_path)
    files = sorted(tmp_path.glob("wandb/offline-run-*/*.wandb"))
    runs = {run.id: run for run in scored_runs(home)}
    assert len(files) == count == len(runs)
    for path in files:
        found = list(records(path, pb.Record))
        (begun,) = (record.run for record in found if record.WhichOneof("record_type") == "run")
        run = runs[begun.run_id]
        assert begun.display_name == run.name
        history = [
            {(item.key or "/".join(item.nested_key)): json.loads(item.value_json) for item in record.history.item}
            for record in found
            if record.WhichOneof("record_type") == "history"
        ]
        told = [(name, row["_step"], value) for row in history for name, value in row.items() if name[0] != "_"]
        assert sorted(told) == sorted((p.name, p.step, pytest.approx(p.value)) for p in curves_of(run))
        summary = {}
        for record in found:
            if record.WhichOneof("record_type") == "summary":
                summary |= {
                    (item.key or "/".join(item.nested_key)): json.loads(item.value_json)
                    for item in record.summary.update
                }
        assert {task: summary[f"score/{task}"] for task in scores_of(run)} == pytest.approx(scores_of(run))

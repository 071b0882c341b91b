"""`python -m agent` as a person meets it: what it says, where, and how it ends."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas
import pytest
from sample_cards import sample_card, sample_proposal
from small_evaluations import living, write_variant

from agent.cli.main import main
from agent.core.baselines import GATED, TEMPLATE, baseline_path
from agent.core.errors import UNAVAILABLE, USAGE, UsageError
from agent.core.invocation import command
from agent.core.score import MAD_TASKS
from agent.evaluator.protocols import MAD_GRID, SMOKE
from agent.store.workspace import TABLE, Workspace

DELTA_NET, GATED_DELTA_NET = baseline_path(TEMPLATE), baseline_path(GATED)
LOOPING = "print('looping')\nwhile True: pass"


@pytest.fixture
def start(tmp_path):
    """Begin a command as a shell begins it: in a process group of its own, and with scratch space of its own."""
    begun = []
    scratch = tmp_path / "scratch"
    scratch.mkdir()

    def start(*arguments, stderr=subprocess.PIPE, **environment):
        process = subprocess.Popen(
            [sys.executable, "-m", "agent", *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            start_new_session=True,
            env=os.environ | {"TMPDIR": str(scratch), "COLUMNS": "120"} | environment,
        )
        begun.append(process)
        return process

    yield start
    for process in begun:
        process.kill()
        process.wait()


@pytest.fixture
def run(start):
    """Run a command to its end: its exit code, and what it said on standard output and standard error."""

    def run(*arguments, **environment):
        process = start(*arguments, **environment)
        output, errors = process.communicate(timeout=120)
        return process.returncode, output, errors

    return run


@pytest.fixture
def refusal(run, tmp_path):
    """The one line with which a command is refused, before torch is imported: here that would end it otherwise."""
    (tmp_path / "poison").mkdir()
    (tmp_path / "poison" / "torch.py").write_text("raise SystemExit('torch was imported')")

    def refusal(*arguments):
        code, output, errors = run(*arguments, PYTHONPATH=str(tmp_path / "poison"))
        assert (code, output, errors.count("\n")) == (USAGE, "", 1)
        assert errors.startswith("deltasearch: ")
        return errors.removeprefix("deltasearch: ").rstrip()

    return refusal


@pytest.fixture
def workspace(tmp_path):
    """A workspace with one row, of a protocol to be named."""

    def workspace(protocol):
        root = tmp_path / "workspace"
        card = sample_card(protocol.fingerprint, spread=0)
        Workspace(root).create(
            sample_proposal("delta_net"), protocol.name, protocol.fingerprint, "evaluated", card=card
        )
        return root

    return workspace


def test_files_that_are_no_variants_are_refused(refusal, tmp_path):
    assert refusal("evaluate", "nowhere.py").startswith("nowhere.py: cannot be read (No such file or directory);")
    assert "cannot be read (Is a directory)" in refusal("evaluate", tmp_path)
    assert "line 2: imports os" in refusal("evaluate", write_variant(tmp_path, at_import="import os"))
    (tmp_path / "empty.py").touch()
    assert "has no function delta_rule_chunkwise" in refusal("evaluate", tmp_path / "empty.py", "--name", "x")


def test_other_mistakes_are_refused(refusal, tmp_path):
    evaluate = ("evaluate", DELTA_NET, "--protocol", "smoke")
    assert refusal("evaluate", DELTA_NET, "--protocol", "fast").startswith("there is no protocol 'fast': choose one of")
    assert refusal(*evaluate, "--task", "Copy").startswith("protocol smoke has no task 'Copy': choose from Compress,")
    assert refusal(*evaluate, "--name", "Delta-Net").startswith("'Delta-Net' is no variant name")
    assert refusal(*evaluate, "--name", "").startswith("'' is no variant name")
    assert refusal(*evaluate, "--name", "x", "--task", "Compress").startswith(
        "a row of results.csv needs all tasks of its protocol"
    )
    assert "cannot be written" in refusal(*evaluate, "--name", "x", "--workspace", DELTA_NET)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("report", "--serve", "--port", 65536), "'--port': Input should be less than or equal to 65535"),
        (("evaluate", DELTA_NET, "--test-seed", 1 << 48), "'--test-seed': Input should be less than or equal to"),
    ],
)
def test_numbers_that_nothing_can_come_of_are_refused(run, arguments, told):
    code, output, errors = run(*arguments)
    assert (code, output) == (USAGE, "")
    assert told in " ".join(errors.split())


@pytest.mark.parametrize(
    "program", [f'"{sys.executable}" -m agent', f'"{Path(sys.executable).with_name("deltasearch")}"']
)
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-"])
def test_a_stream_that_is_closed_is_as_good_as_none(closed, program, workspace):
    command = f'{program} review --workspace "{workspace(SMOKE)}" {closed}'
    process = subprocess.run(["sh", "-c", command], capture_output=True, text=True)
    assert process.returncode == USAGE
    assert "Traceback" not in process.stderr
    assert process.stderr.startswith("deltasearch: there is no terminal here") is (closed != "2>&-")


@pytest.mark.slow
@pytest.mark.skipif(not Path("/usr/share/i18n/charmaps").exists(), reason="needs locales: apt-get install locales")
@pytest.mark.parametrize(("language", "letters"), [("en_US", "ISO-8859-1"), ("zh_CN", "GBK")])
def test_a_locale_without_the_letters_does_not_matter(run, workspace, tmp_path, language, letters, monkeypatch):
    monkeypatch.delenv("PYTHONUTF8", raising=False)  # these tests may be run with it
    place = tmp_path / f"{language}.{letters}"
    subprocess.run(["localedef", "-i", language, "-f", letters, place], check=True, capture_output=True)
    foreign = {"LOCPATH": str(tmp_path), "LC_ALL": place.name}
    show = ("show", "delta_net", "--lang", "zh", "--workspace", workspace(SMOKE))
    told = run(*show, **foreign)
    assert told == run(*show)
    assert told[0] == 0


def test_a_second_row_of_one_name_is_refused(refusal, workspace):
    root = workspace(SMOKE)
    before = (root / TABLE).read_bytes()
    evaluate = ("evaluate", DELTA_NET, "--protocol", "smoke", "--workspace", root)
    assert "already has a variant delta_net" in refusal(*evaluate, "--name", "delta_net")
    assert (root / TABLE).read_bytes() == before


def test_a_row_of_another_protocol_is_refused(refusal, workspace):
    root = workspace(MAD_GRID)
    evaluate = ("evaluate", DELTA_NET, "--name", "other", "--workspace", root)
    assert "holds scores of protocol mad-grid" in refusal(*evaluate, "--protocol", "smoke")
    # Never to give up a replica is another protocol, which no search could go on with.
    assert "leave out --no-cut or --name" in refusal(*evaluate, "--protocol", "mad-grid", "--no-cut")
    assert "leave out --equal-parameters or --name" in refusal(*evaluate, "--equal-parameters")
    assert "leave out --heads or --name" in refusal(*evaluate, "--heads", "4")
    assert "leave out --init or --name" in refusal(*evaluate, "--init", "normal")


def test_an_unknown_option_or_verb_is_a_mistake(run):
    for arguments in (("evaluate", "--bogus", DELTA_NET), ("evaluate",), ("sing",), ()):
        code, output, errors = run(*arguments)
        assert code == USAGE
        assert "Usage: python -m agent" in output + errors
        assert "Traceback" not in errors


def test_help_has_an_example(run):
    code, output, errors = run("evaluate", "--help", COLUMNS="200")
    assert (code, errors) == (0, "")
    example = command("evaluate gated_delta_net_4layer --protocol quick")
    assert f"Example: {example}" in " ".join(output.split())


@pytest.mark.slow
def test_a_device_that_is_not_here_is_unavailable(run):
    code, output, errors = run("evaluate", DELTA_NET, "--device", "cuda", CUDA_VISIBLE_DEVICES="")
    assert (code, output) == (UNAVAILABLE, "")
    assert errors == "deltasearch: torch finds no CUDA device here; leave --device out to use the CPU\n"
    code, _, errors = run("evaluate", DELTA_NET, "--device", "tpu")
    assert (code, errors) == (USAGE, "deltasearch: there is no device 'tpu': cpu or cuda\n")


@pytest.mark.slow
def test_a_name_adds_the_row_that_the_card_shows(run, workspace):
    root = workspace(SMOKE)
    code, output, errors = run(
        "evaluate", GATED_DELTA_NET, "--protocol", "smoke", "--device", "cpu", "--test-seed", 7,
        "--name", "gated_delta_net", "--workspace", root, "--json",
    )  # fmt: skip
    assert code == 0
    card = json.loads(output)
    table = pandas.read_csv(root / TABLE, index_col=0)
    assert list(table.index) == ["delta_net", "gated_delta_net"]
    assert list(table.columns) == list(card["scores"]) == list(MAD_TASKS)
    assert list(table.loc["delta_net"]) == [0.5] * 6
    assert dict(table.loc["gated_delta_net"]) == pytest.approx(card["scores"], abs=5e-7)
    run_of = Workspace(root).find("gated_delta_net")
    assert len(run_of.signature) > 1
    assert run_of.isolation.line.startswith("isolation: ")
    assert card["average"] == pytest.approx(sum(card["scores"].values()) / 6)
    assert (card["protocol"], card["fingerprint"], card["test_seed"]) == ("smoke", SMOKE.fingerprint, 7)
    # Without a terminal, progress is plain lines.
    assert errors
    for line in errors.splitlines():
        assert re.fullmatch(
            r" *\d+%  [\w -]+ V\d+ L\d+, step \d+/8, loss \d\.\d{3}, accuracy \d\.\d{3}, \d+:\d\d left", line
        )


@pytest.mark.slow
def test_on_a_terminal_a_bar_moves_and_the_scores_of_a_task_follow(start, tmp_path):
    terminal, stderr = pty.openpty()
    process = start(
        "evaluate", write_variant(tmp_path), "--protocol", "smoke", "--task", "Memorize", "--device", "cpu",
        stderr=stderr, TERM="xterm",
    )  # fmt: skip
    os.close(stderr)
    shown = "".join(iter(lambda: read_terminal(terminal), ""))
    os.close(terminal)
    output, _ = process.communicate()
    assert process.returncode == 0
    assert "━" in shown
    assert re.search(r"100%.* Memorize V16 L16, step 8/8, loss ", shown)
    assert re.match(r"task +score +± 95% +settings +seeds +plain *\nMemorize +[01]\.\d{4} +0\.\d{4} +1 +2 ", output)
    assert not re.search("Compress|Recall|Copy", output)
    assert "a state of 1 numbers" in output


def read_terminal(terminal):
    try:
        return os.read(terminal, 1 << 16).decode(errors="replace")
    except OSError:  # the other end is closed
        return ""


@pytest.mark.slow
def test_a_failure_ends_with_its_log_and_its_reason(run, tmp_path):
    broken = write_variant(tmp_path, in_op="raise KeyError('gate')")
    code, output, errors = run("evaluate", broken, "--protocol", "smoke", "--device", "cpu")
    assert (code, output) == (1, "")
    assert "Traceback" in errors
    assert errors.splitlines()[-1] == "deltasearch: crash: KeyError: 'gate' (line 6 of the variant)"


@pytest.mark.slow
def test_a_wrong_shape_is_a_mistake_told_in_one_line(run, tmp_path):
    code, output, errors = run("evaluate", write_variant(tmp_path, in_op="o = o[:1]"), "--protocol", "smoke")
    assert (code, output) == (USAGE, "")
    assert re.fullmatch(r"deltasearch: wrong shape: delta_rule_chunkwise returned o of shape .*\n", errors)


@pytest.fixture
def looping(start, tmp_path):
    """A command of which a worker is known to be inside the variant, never to return by itself."""
    process = start("evaluate", write_variant(tmp_path, in_op=LOOPING), "--protocol", "smoke", "--device", "cpu")
    while not any("looping" in log.read_text() for log in tmp_path.glob("scratch/*/*/log-*")):
        assert process.poll() is None
        time.sleep(0.05)
    assert living(tmp_path / "scratch")
    return process


@pytest.mark.slow
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_evaluation_leaves_nothing_behind(looping, tmp_path, stop):
    os.killpg(looping.pid, stop)
    output, errors = looping.communicate(timeout=60)
    assert looping.returncode == 130
    assert (output, errors) == ("", "deltasearch: interrupted; no worker is left\n")
    assert living(tmp_path / "scratch") == []
    assert list(tmp_path.glob("scratch/*")) == []


@pytest.mark.slow
def test_no_worker_outlives_an_evaluation_that_is_killed(looping, tmp_path):
    looping.kill()
    looping.wait()
    gone = time.monotonic() + 30
    while living(tmp_path / "scratch"):
        assert time.monotonic() < gone
        time.sleep(0.05)


def test_an_error_steers_no_terminal(monkeypatch, capsys):
    def refuse():
        raise UsageError("it has \x1b]0;owned\x07\x1b[31mb")

    monkeypatch.setattr("agent.cli.main.app", refuse)
    with pytest.raises(SystemExit):
        main()
    assert capsys.readouterr().err == "deltasearch: it has ]0;owned[31mb\n"

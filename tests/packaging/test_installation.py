"""The package as pip installs it: from a wheel, outside of the checkout, with nothing of the checkout in reach."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from zipfile import ZipFile

import pandas
import pytest
from house import ROOT

from agent import __version__
from agent.core.baselines import TEMPLATE

pytestmark = pytest.mark.slow  # every test here starts the whole program

BUILT_FROM = ("agent", "templates", "baselines", "pyproject.toml", "setup.py", "README.md")
WITHOUT_A_NETWORK = ("--quiet", "--no-build-isolation", "--no-deps", "--no-index", "--disable-pip-version-check")


def pip(*arguments):
    subprocess.run([sys.executable, "-m", "pip", *map(str, arguments)], check=True, capture_output=True, text=True)


@pytest.fixture(scope="module")
def place():
    """A folder that every user can read, as workers that run as a user of their own must."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


@pytest.fixture(scope="module")
def wheel(place):
    """Built from a copy: setuptools leaves its build folders beside the sources."""
    copy = place / "copy"
    copy.mkdir()
    for name in BUILT_FROM:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "*.lock"))
        else:
            shutil.copy(ROOT / name, copy)
    pip("wheel", *WITHOUT_A_NETWORK, "--wheel-dir", place, copy)
    (built,) = place.glob("*.whl")
    shutil.rmtree(copy)
    return built


@pytest.fixture(scope="module")
def installed(place, wheel):
    """The folder that the wheel is installed in; what it depends on is this interpreter's own."""
    pip("install", *WITHOUT_A_NETWORK, "--target", place / "site", wheel)
    return place / "site"


@pytest.fixture(scope="module")
def run(installed, place):
    """Run a module of the installed package in an empty folder."""
    (place / "empty").mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DELTASEARCH_", "OPENAI_"))}

    def run(module, *arguments):
        return subprocess.run(
            [sys.executable, "-m", module, *arguments],
            capture_output=True,
            text=True,
            cwd=place / "empty",
            env=kept | {"PYTHONPATH": str(installed)},
        )

    run.folder = place / "empty"
    return run


def shipped(folder: Path) -> set[str]:
    """The files below a folder of the checkout that an installation needs."""
    files = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
    return {str(file) for file in files if "__pycache__" not in file.parts and file.suffix != ".lock"}


def test_the_wheel_holds_the_code_and_what_lies_at_the_top_and_nothing_else(wheel):
    names = {name for name in ZipFile(wheel).namelist() if ".dist-info/" not in name}
    wanted = {f"agent/{name}" for name in shipped(ROOT / "agent")}
    for folder in ("templates", "baselines"):
        wanted |= {f"agent/{folder}/{name}" for name in shipped(ROOT / folder)}
    assert names == wanted
    assert {"agent/templates/naive.py", "agent/proposer/propose.j2", "agent/report/pages/report.css"} <= names


def test_nothing_of_the_checkout_is_in_use(run, installed):
    found = run("agent", "--version")
    assert found.stdout == f"deltasearch {__version__}\n", found.stderr
    code = "import agent.core.resources as r; print(r.PACKAGE, r.TEMPLATE_FILE, r.CHECKOUT)"
    told = subprocess.check_output(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(installed)}, cwd=run.folder, text=True
    )
    assert told.split() == [str(installed / "agent"), str(installed / "agent" / "templates" / "naive.py"), "None"]


def test_a_search_its_report_and_the_doctor_work_in_an_empty_folder(run):
    searched = run(
        "agent", "search", "--protocol", "smoke", "--device", "cpu", "--proposer", "catalogue", "--runs", "1"
    )
    assert searched.returncode == 0, searched.stdout + searched.stderr
    assert "forbidden things tried, none worked" in searched.stdout + searched.stderr
    table = pandas.read_csv(run.folder / "results.csv", index_col=0)
    assert TEMPLATE in table.index
    assert len(table) >= 2
    reported = run("agent", "report")
    assert reported.returncode == 0, reported.stderr
    assert "report.css" in (run.folder / "runs" / "site" / "index.html").read_text(encoding="utf-8")
    doctor = run("agent", "doctor", "--json")
    assert "forbidden things tried, none worked" in json.loads(doctor.stdout)["isolation"], doctor.stderr
    version, _, template = json.loads(doctor.stdout)["version"].partition("; the template is ")
    assert version == __version__
    assert Path(template).read_text() == (ROOT / "templates" / "naive.py").read_text()


def test_what_the_project_measured_is_read_and_never_written(run, installed):
    agreement = run("agent.study", "agreement", "--protocol", "quick")
    assert f"| {TEMPLATE} |" in agreement.stdout, agreement.stderr
    refused = run("agent.study", "table", "--protocol", "quick")
    assert refused.returncode == 2
    assert "--folder" in refused.stderr
    assert shipped(installed / "agent" / "baselines") == shipped(ROOT / "baselines")

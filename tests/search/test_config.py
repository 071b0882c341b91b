"""search.toml, the environment, the flags."""

import ast
import inspect
import math
from itertools import pairwise

import pytest
from house import ROOT
from typer.main import get_command

from agent.cli.main import app
from agent.core.baselines import BASELINES, GATED, TEMPLATE
from agent.core.errors import UsageError
from agent.search import config as module
from agent.search.config import Config, read_config


@pytest.fixture
def config(tmp_path, monkeypatch):
    """The configuration that a search.toml, an environment and flags make."""

    def config(toml="", environment=(), **flags):
        (tmp_path / "search.toml").write_text(toml, encoding="utf-8")
        for name, value in dict(environment).items():
            monkeypatch.setenv(name, value)
        return read_config(tmp_path, flags)

    return config


def test_without_any_there_are_defaults(tmp_path):
    assert read_config(tmp_path, {"hours": None}) == Config()
    assert Config().baselines == (TEMPLATE, GATED)


def test_flags_win_over_the_environment_and_that_over_the_file(config):
    toml = "hours = 1\nruns = 2\nseed = 3"
    assert config(toml).hours == 1
    environment = {"DELTASEARCH_HOURS": "2.5", "DELTASEARCH_RUNS": "4"}
    found = config(toml, environment, runs=6)
    assert (found.hours, found.runs, found.seed) == (2.5, 6, 3)


def test_a_byte_order_mark_before_the_settings_is_none_of_them(config):
    assert config("\ufeffruns = 2").runs == 2


def test_a_list_in_the_environment_has_commas(config):
    assert config(environment={"DELTASEARCH_BASELINES": ",".join(BASELINES[:3])}).baselines == BASELINES[:3]


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("hour = 1", r"search.toml: there is no setting 'hour'; did you mean hours\?"),
        ("colour = 1", r"search.toml: there is no setting 'colour'; there are protocol, "),
        ("hours = -1", r"search.toml: hours = -1: .*greater than 0"),
        ("hours = 'long'", r"search.toml: hours = 'long': .*number"),
        ("proposer = 'oracle'", r"search.toml: proposer = 'oracle': .*'auto', 'catalogue' or 'model'"),
        ("hours = ", r"search.toml: cannot be read \("),
        (f"baselines = ['{GATED}']", "delta_net_4layer must be among them"),
        (f"baselines = ['{TEMPLATE}', 'rwkv']", "there is none named 'rwkv'; there are delta_net_4layer, "),
    ],
)
def test_a_mistake_is_named_with_its_place(config, toml, message):
    with pytest.raises(UsageError, match=message):
        config(toml)


def test_a_mistake_in_the_environment_is_named(config):
    with pytest.raises(UsageError, match=r"the environment: there is no setting 'run'; did you mean runs\?"):
        config(environment={"DELTASEARCH_RUN": "1"})


def described():
    """The rows that docs/configuration.md should have: each setting's name, flag, default and docstring."""
    (config,) = [node for node in ast.parse(inspect.getsource(module)).body if isinstance(node, ast.ClassDef)]
    words = {
        setting.target.id: inspect.cleandoc(text.value.value)
        for setting, text in pairwise(config.body)
        if isinstance(setting, ast.AnnAssign) and isinstance(text, ast.Expr)
    }
    flags = {parameter.name: parameter.opts[0] for parameter in get_command(app).commands["search"].params}
    for name, field in Config.model_fields.items():
        default = {None: "", "()": ""}.get(field.default, field.default)
        shown = ", ".join(default) if isinstance(default, tuple) else str(default)
        shown = shown.lower() if isinstance(default, bool) else shown  # as search.toml has it
        flag = f"`{flags[name]}`" if name in flags else ""
        yield f"| `{name}` | {flag} | {f'`{shown}`' if shown else ''} | {words[name]} |"


def test_every_setting_is_described_in_the_documentation_as_it_is_in_the_code():
    text = (ROOT / "docs" / "configuration.md").read_text()
    assert [line for line in text.splitlines() if line.startswith("| `")] == list(described())


def test_no_end_by_the_clock_is_a_setting(config):
    assert config("hours = inf").hours == math.inf
    with pytest.raises(UsageError, match="hours"):
        config("hours = nan")

"""The gate that a variant file passes before anything of it runs."""

import os
import sys

import pytest

from agent.core.baselines import BASELINES, baseline_path
from agent.core.errors import USAGE
from agent.core.reason import fields_of
from agent.evaluator.contract.variant import LearnedParameter, VariantRefused, load_variant, read_declaration

OP = "def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32): return v, v"
WITH_GATE = "def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32, *, gate): return v, v"
WITH_DECAY = WITH_GATE.replace("gate", "decay")


@pytest.fixture
def written(tmp_path):
    def written(source):
        path = tmp_path / "variant.py"
        path.write_bytes(source if isinstance(source, bytes) else source.encode())
        return path

    return written


@pytest.fixture
def refusal(written):
    """Why a file is refused; without its path, which begins every reason."""

    def refusal(source):
        path = written(source)
        with pytest.raises(VariantRefused) as caught:
            read_declaration(path)
        assert caught.value.exit_code == USAGE
        reason = str(caught.value)
        assert "\n" not in reason
        assert caught.value.reason.fields.keys() == fields_of(caught.value.reason.key)
        return reason.removeprefix(str(path)).removeprefix(": ").removeprefix(", ")

    return refusal


@pytest.mark.parametrize("name", BASELINES)
def test_every_baseline_passes(name):
    read_declaration(baseline_path(name))


@pytest.mark.parametrize(
    "source", [OP, f"import math\nimport torch.nn.functional as F\nfrom einops import rearrange\n{OP}"]
)
def test_a_plain_op_declares_nothing(written, source):
    declaration = read_declaration(written(source))
    assert (declaration.inputs, declaration.parameters) == ({}, {})


def test_what_is_declared_is_read_without_running_the_file(written):
    inputs = "LEARNED_INPUTS = {'gate': 'head'}"
    parameters = "LEARNED_PARAMETERS = {'decay': (('head', 4), (-1, 2))}"
    op = WITH_GATE.replace("gate", "gate, decay")
    declaration = read_declaration(written(f"raise SystemExit\n{inputs}\n{parameters}\n{op}"))
    assert declaration.inputs == {"gate": "head"}
    assert declaration.parameters == {"decay": LearnedParameter(("head", 4), -1.0, 2.0)}


def test_a_declaration_may_be_a_call_of_dict(written):
    declaration = read_declaration(written(f"LEARNED_INPUTS = dict(gate='head')\n{WITH_GATE}"))
    assert declaration.inputs == {"gate": "head"}


@pytest.mark.parametrize("size", ["'head'", "4"])
def test_one_dimension_needs_no_brackets(written, size):
    source = f"LEARNED_PARAMETERS = {{'decay': ({size}, (0, 1))}}\n{WITH_DECAY}"
    parameter = read_declaration(written(source)).parameters["decay"]
    assert parameter == LearnedParameter(("head",) if size == "'head'" else (4,), 0.0, 1.0)


@pytest.mark.parametrize("source", [OP.encode("utf-16"), f"# é\n{OP}".encode("latin-1"), f"{OP}\0".encode()])
def test_a_file_that_is_not_utf8_is_to_be_saved_as_such(refusal, source):
    assert refusal(source).endswith("write it as text, and save it as UTF-8")


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        ("import numpy as np", "compute with torch"),
        ("from os.path import join", "an op needs no files and nothing of the system"),
        ("from operator import mul", "write the expression, or a lambda"),
        ("import copy", "write x.clone() of a tensor, and list(x) or dict(x) of a container"),
        ("import logging", "leave it out"),
        ("from enum import Enum", "write the choices as numbers or texts at the top of the file"),
        ("from contextlib import nullcontext", "write an if or a try in its place"),
        ("import random", "an op draws no random numbers"),
    ],
)
def test_what_is_imported_in_vain_is_told_what_to_write_instead(refusal, line, instead):
    reason = refusal(f"{line}\n{OP}")
    assert "; a variant may import torch, math, einops, agent.kernels, " in reason
    assert reason.endswith(f"; {instead}")


def test_a_path_without_a_file(tmp_path):
    with pytest.raises(VariantRefused, match=r"nowhere\.py: cannot be read .*; give the path of a variant file"):
        read_declaration(tmp_path / "nowhere.py")
    with pytest.raises(VariantRefused, match="cannot be read"):
        read_declaration(tmp_path)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("", "has no function delta_rule_chunkwise(q, k, v, beta, initial_state, chunk_size)"),
        ("x = 1\nThis is a variant.", "line 2: not Python (invalid syntax)"),
        (b"\x7fELF\x02\x01\x00\x00" * 99, "not Python ("),
        (b"\xff\xfe\x80", "not Python ("),
        (OP.encode("utf-16"), "not Python ("),
        ("# é\n".encode("latin-1"), "not Python ("),
        (b"PK\x03\x04", "not Python ("),
        ("# -*- coding: gbk -*-\n# 你好\n".encode("gbk"), "its coding line says gbk: leave that line out, and save"),
        (b"# -*- coding: gbk -*-\nx = 1\n", "its coding line says gbk"),
        (b"# vim: set fileencoding=latin-1 :\nx = 1\n", "its coding line says iso-8859-1"),
        (b"#!/usr/bin/env python\n# coding=big5\nx = 1\n", "its coding line says big5"),
        (b"# coding: nonsense\nx = 1\n", "not Python (unknown encoding"),
        ("(" * 50_000, "not Python ("),
        ("-" * 90_000 + "1", "not Python ("),
        ("#" * 100_001, "100,001 bytes; a variant is one op, at most 100,000 bytes"),
        (f"if True:\n    {OP}", "has no function"),
        (f"async {OP}", "has no function"),
    ],
)
def test_what_is_no_variant(refusal, source, reason):
    assert refusal(source).startswith((reason, f"line 1: {reason}"))


@pytest.mark.parametrize(
    "arguments",
    ["", "q, k, v", "q, v, k, beta, initial_state=None, chunk_size=32", "q, k, v, beta, chunk_size=32"],
)
def test_another_signature(refusal, arguments):
    reason = refusal(f"def delta_rule_chunkwise({arguments}): return v, v")
    assert "must begin with (q, k, v, beta, initial_state, chunk_size)" in reason
    assert reason.startswith("line 1: ")


@pytest.mark.parametrize("optional", ["initial_state, chunk_size", "initial_state, chunk_size=32"])
def test_optional_arguments_need_defaults(refusal, optional):
    assert "need defaults" in refusal(f"def delta_rule_chunkwise(q, k, v, beta, {optional}): return v, v")


@pytest.mark.parametrize(
    "source", [WITH_GATE, f"LEARNED_INPUTS: dict\n{WITH_GATE}", f"LEARNED_INPUTS = {{'gate': 'head'}}\n{OP}"]
)
def test_arguments_and_declarations_that_differ(refusal, source):
    assert "gate: each further argument of delta_rule_chunkwise must be declared" in refusal(source)


@pytest.mark.parametrize(
    ("line", "imported"),
    [
        ("import os", "os"),
        ("import numpy as np", "numpy"),
        ("from subprocess import run", "subprocess"),
        ("import math, sys", "sys"),
        ("from . import kernels", "."),
        ("from .kernels import rms_norm", ".kernels"),
        ("import torchvision", "torchvision"),
        ("import agent.evaluator.held_out", "agent.evaluator.held_out"),
    ],
)
@pytest.mark.parametrize("inside", [False, True])
def test_imports_that_are_not_allowed(refusal, line, imported, inside):
    reason = refusal(f"{OP}\ndef more():\n    {line}" if inside else f"\n\n{line}\n{OP}")
    assert reason.startswith(f"line 3: imports {imported}; a variant may import torch, math, einops, agent.kernels, ")


@pytest.mark.parametrize(
    ("declared", "reason"),
    [
        ("dict(['gate'])", "line 1: LEARNED_INPUTS must be written out, not computed"),
        ("dict(**{'gate': 'head'})", "line 1: LEARNED_INPUTS must be written out, not computed"),
        ("{'gate': 'he' + 'ad'}", "line 1: LEARNED_INPUTS must be written out, not computed"),
        ("['gate']", "line 1: LEARNED_INPUTS must be a dict from argument names"),
        ("{'a gate': 'head'}", "line 1: LEARNED_INPUTS must be a dict from argument names"),
        ("{'gate': 'chunk'}", "LEARNED_INPUTS['gate'] is 'chunk'; it must be one of"),
    ],
)
def test_learned_inputs_that_cannot_be_supplied(refusal, declared, reason):
    assert refusal(f"LEARNED_INPUTS = {declared}\n{WITH_GATE}").startswith(reason)


@pytest.mark.parametrize(
    "declared",
    [
        "'head'",
        "('head',)",
        "(('head',), (0, 1), 2)",
        "(('chunk',), (0, 1))",
        "((0,), (0, 1))",
        "((65537,), (0, 1))",
        "((2.5,), (0, 1))",
        "((1, 1, 1, 1), (0, 1))",
        "(('head',), (1, 0))",
        "(('head',), (0, 1e999))",
        "(('head',), ('low', 'high'))",
    ],
)
def test_learned_parameters_that_cannot_be_supplied(refusal, declared):
    reason = refusal(f"LEARNED_PARAMETERS = {{'decay': {declared}}}\n{WITH_DECAY}")
    assert reason.startswith(
        "LEARNED_PARAMETERS['decay'] must be ((dimensions), (low, high)), at most three dimensions"
    )
    assert 'as in (("head", 4), (0.0, 1.0)); it is ' in reason


def test_a_refused_file_is_never_run(written, monkeypatch):
    monkeypatch.setattr(sys, "ran", False, raising=False)
    with pytest.raises(VariantRefused):
        load_variant(written(f"torch = __import__('sys')\ntorch.ran = True\nimport os\n{OP}"))
    assert not sys.ran


def test_a_function_that_is_replaced_as_the_file_runs(written):
    with pytest.raises(VariantRefused, match="after import, delta_rule_chunkwise is no longer the function"):
        load_variant(written(f"{OP}\ndelta_rule_chunkwise = None"))


def test_a_declaration_that_is_no_dict_at_all(refusal):
    assert "LEARNED_INPUTS must be written out" in refusal(f"LEARNED_INPUTS = {{[1]: 2}}\n{OP}")


def test_a_range_beyond_all_numbers(refusal):
    source = f"LEARNED_PARAMETERS = {{'decay': (('head',), (0, 1{'0' * 400}))}}\n{WITH_DECAY}"
    assert refusal(source).startswith("LEARNED_PARAMETERS['decay'] must be")


def test_a_name_that_is_declared_twice(refusal):
    source = "LEARNED_INPUTS = {'gate': 'head'}\nLEARNED_PARAMETERS = {'gate': (('head',), (0.0, 1.0))}\n" + WITH_GATE
    assert refusal(source).startswith("gate: declared as an input and as a parameter")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes exist on POSIX systems only")
def test_a_pipe_is_not_waited_for(tmp_path):
    pipe = tmp_path / "variant.py"
    os.mkfifo(pipe)
    with pytest.raises(VariantRefused, match="no ordinary file"):
        read_declaration(pipe)


def test_a_declaration_may_carry_an_annotation(written):
    declaration = read_declaration(written(f"LEARNED_INPUTS: dict[str, str] = {{'gate': 'head'}}\n{WITH_GATE}"))
    assert declaration.inputs == {"gate": "head"}


@pytest.mark.parametrize(
    "more",
    [
        "LEARNED_INPUTS = {'gate': 'key'}",
        "LEARNED_INPUTS['gate'] = 'key'",
        "LEARNED_INPUTS |= {'gate': 'key'}",
        "LEARNED_INPUTS.clear()",
        "for LEARNED_INPUTS in []: pass",
    ],
)
def test_a_declaration_that_is_written_twice_or_changed(refusal, more):
    reason = refusal(f"LEARNED_INPUTS = {{'gate': 'head'}}\n{more}\n{WITH_GATE}")
    assert (
        reason == "line 2: LEARNED_INPUTS must be written once, at the top of the module, and not be used anywhere else"
    )


def test_a_declaration_that_is_not_made_at_the_top(refusal):
    source = "if True:\n    LEARNED_INPUTS = {'gate': 'head'}"
    assert "LEARNED_INPUTS must be written once" in refusal(f"{source}\n{WITH_GATE}")


@pytest.mark.parametrize(
    ("arguments", "odd"),
    [
        ("q, k, v, beta, initial_state=None, chunk_size=32, *rest", "rest"),
        ("q, k, v, beta, initial_state=None, chunk_size=32, **others", "others"),
        ("q, k, v, beta, initial_state=None, chunk_size=32, *rest, gate, **others", "rest, others"),
        ("q, k, /, v, beta, initial_state=None, chunk_size=32", "q, k"),
    ],
)
def test_arguments_without_names(refusal, arguments, odd):
    reason = refusal(f"def delta_rule_chunkwise({arguments}): return v, v")
    assert reason.startswith(f"line 1: {odd}: each argument of delta_rule_chunkwise is given by its name")
    assert reason.endswith("without *args, **kwargs and /")


@pytest.mark.parametrize(
    "arguments",
    [
        "q, k, v, beta, chunk_size=32, initial_state=None",
        "q, k, v, beta, *, initial_state=None, chunk_size=32",
        "q, k, v, beta, initial_state=None, chunk_size=32, scale=None, output_final_state=True",
        "q, k, v, beta, scale=1.0, initial_state=None, *, eps=1e-6, chunk_size=32",
    ],
)
def test_options_in_any_order_and_further_ones_that_have_a_default(written, arguments):
    path = written(f"def delta_rule_chunkwise({arguments}): return v, v")
    assert read_declaration(path).inputs == {}


@pytest.mark.parametrize(
    "name",
    ["q", "beta", "initial_state", "chunk_size", "self", "cls", "cotangent", "_gate", "__gate__", "gäte", "x" * 65],
)
@pytest.mark.parametrize(
    "declaration", ["LEARNED_INPUTS = {{'{0}': 'head'}}", "LEARNED_PARAMETERS = {{'{0}': ((1,), (0, 1))}}"]
)
def test_names_that_the_layer_gives_to_something_else(refusal, name, declaration):
    reason = refusal(f"{declaration.format(name)}\n{OP.replace('=32', f'=32, *, {name}' if len(name) != 1 else '=32')}")
    assert reason.startswith(f"no declared input or parameter may be called {name[:64]}: the layer uses that name")


def test_all_declared_sizes_together_are_bounded(refusal, written):
    fit = "LEARNED_PARAMETERS = {'decay': ((1024, 'key'), (0, 1)), 'more': (('head', 1024, 'value'), (0, 1))}"
    op = WITH_DECAY.replace("decay", "decay, more")
    assert read_declaration(written(f"{fit}\n{op}")).parameters["more"].numbers == 1 << 17
    reason = refusal(f"{fit.replace('1024', '1025')}\n{op}")
    assert reason.startswith("its LEARNED_PARAMETERS hold 262,400 numbers together")
    many = {f"gate{number}": "head" for number in range(33)}
    op = WITH_GATE.replace("gate", ", ".join(many))
    assert refusal(f"LEARNED_INPUTS = {many}\n{op}").startswith("declares 33 inputs and parameters; at most 32")


@pytest.mark.parametrize(
    ("constant", "shape", "low"),
    [
        ("HIDDEN = 64", "('head', HIDDEN)", "-0.5"),
        ("HIDDEN: int = 4 * 16", "('head', HIDDEN)", "-1 / 2"),
        ("import math\nHIDDEN = 2**6\nLOW = -math.sqrt(0.25)", "['head', HIDDEN]", "LOW"),
        ("SHAPE = ('head', 64)", "SHAPE", "-(1 - 0.5)"),
    ],
)
def test_a_declaration_may_name_constants_of_the_file(written, constant, shape, low):
    source = f"{constant}\nLEARNED_PARAMETERS = {{'decay': ({shape}, ({low}, 1.0))}}\n{WITH_DECAY}"
    assert read_declaration(written(source)).parameters == {"decay": LearnedParameter(("head", 64), -0.5, 1.0)}


@pytest.mark.parametrize(
    "constant",
    [
        "SIZE = len('x')",
        "SIZE = 1\nSIZE = 2",
        "SIZE = 9**999999",
        "SIZE = 1 / 0",
        "SIZE = [1] * 9",
        "from math import pi as SIZE",
    ],
)
def test_a_declaration_may_not_name_what_its_text_does_not_give(refusal, constant):
    source = f"{constant}\nLEARNED_PARAMETERS = {{'decay': ((SIZE,), (0.0, 1.0))}}\n{WITH_DECAY}"
    assert "LEARNED_PARAMETERS must be written out, not computed" in refusal(source)


def test_a_file_that_is_nested_too_deeply_for_what_reads_it(refusal, written):
    reason = refusal(f"def helper(x={'-' * 900}1):\n    return x\n{OP}")
    assert reason.startswith("line 1: more than 120 expressions stand within each other; split it")
    read_declaration(written(f"x = {' + '.join('1' * 100)}\n{OP}"))


def test_what_an_evaluation_has_no_use_for_is_neither_checked_nor_run(written):
    source = f"""
from __future__ import annotations
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from jaxtyping import Float
__all__ = ["delta_rule_chunkwise"]
def helper(x: Float[Tensor, "b"], taps: list = [1, 2]) -> Nowhere:
    y: Never
    z: Never = taps
    z.append(3)
    return z
@torch.compile(dynamic=True)
{OP.replace("v, v", "helper(1), helper(2)")}
if __name__ == "__main__":
    raise SystemExit
"""
    variant = load_variant(written(source))
    assert variant.op(1, 2, 3, 4) == ([1, 2, 3], [1, 2, 3])  # made anew in each call

"""The patch engine: replies as models and people write them, applied whole or refused with a reason."""

import ast
import re

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from agent.core.errors import USAGE
from agent.core.resources import TEMPLATE_FILE
from agent.core.text import unified_diff
from agent.proposer.patch import PatchRejected, apply_patch, same_code

SOURCE = TEMPLATE_FILE.read_text()
LINES = SOURCE.splitlines()
UPDATE = "        S = S + k_i.transpose(-1, -2) @ error"
CHANGED = SOURCE.replace("@ error\n", "@ error.tanh()\n", 1)


def block(old, new):
    return f"<<<<<<< SEARCH\n{old}\n=======\n{new}\n>>>>>>> REPLACE\n"


def refused(reply, source=SOURCE):
    with pytest.raises(PatchRejected) as caught:
        apply_patch(source, reply)
    assert caught.value.exit_code == USAGE
    return str(caught.value)


NEW = UPDATE.replace("error", "error.tanh()")


@pytest.mark.parametrize(
    ("old", "new", "rung"),
    [
        (UPDATE, NEW, "exact"),
        (UPDATE + "   ", NEW, "trailing whitespace"),
        (UPDATE.strip(), NEW.strip(), "indent"),
        ("\t\t" + UPDATE.strip(), "\t\t" + NEW.strip(), "indent"),
        (
            "error = u_i - w_i @ S\n# another comment\n\noutputs.append(q_i @ S + within_i @ error)",
            "error = (u_i - w_i @ S).tanh()\noutputs.append(q_i @ S + within_i @ error)",
            "blank lines and comments",
        ),
    ],
)
def test_the_ladder(old, new, rung):
    patched = apply_patch(SOURCE, block(old, new))
    assert patched.rungs == (rung,)
    assert patched.kind == "blocks"
    assert ".tanh()" in patched.source
    ast.parse(patched.source)
    assert len(unified_diff(SOURCE, patched.source, "a", "b").splitlines()) <= 14


def test_replacements_keep_the_indent_of_the_place():
    patched = apply_patch(SOURCE, block(UPDATE.strip(), "if True:\n    S = S + k_i.transpose(-1, -2) @ error.tanh()"))
    assert "        if True:\n            S = S + k_i" in patched.source


@pytest.mark.parametrize(
    "reply",
    [
        f"Here is my idea.\n\n```python\n{CHANGED}```\nI hope it helps.",
        f"```\n{CHANGED}```",
        f"```javascript\n{CHANGED}```",
        f"~~~python\n{CHANGED}~~~",
        f"````py\n{CHANGED}````",
        f"```python\n{CHANGED}",
        CHANGED,
        CHANGED.replace("\n", "\r\n"),
        f"\ufeff{CHANGED}",
        f"```python\nprint('an example')\n```\nand the file:\n```python\n{CHANGED}```",
        f"First:\n```python\n{SOURCE}```\nNo, better:\n```python\n{CHANGED}```",
    ],
)
def test_a_whole_file_is_found_wherever_it_stands(reply):
    patched = apply_patch(SOURCE, reply)
    assert (patched.kind, patched.source) == ("whole file", CHANGED)


def test_a_whole_file_may_hold_a_fence_itself():
    written = f'"""As in\n\n```python\ndelta_rule_chunkwise(q, k, v, beta)\n```\n"""\n{CHANGED}'
    assert apply_patch(SOURCE, written).source == written


@pytest.mark.parametrize(
    "reply",
    [
        block(UPDATE, NEW),
        f"The change:\n```\n{block(UPDATE, NEW)}```\n",
        block(UPDATE, NEW).replace("\n", "\r\n"),
        block(f"\n{UPDATE}\n", NEW),
        block(UPDATE, NEW).replace("<<<<<<< SEARCH", "<<<<<<<SEARCH").replace("=======", "====== "),
    ],
)
def test_blocks_are_found_wherever_they_stand(reply):
    assert apply_patch(SOURCE, reply).source == SOURCE.replace(UPDATE, NEW)


def test_a_file_with_other_line_ends_keeps_its_lines():
    assert apply_patch(SOURCE.replace("\n", "\r\n"), block(UPDATE, NEW)).source == SOURCE.replace(UPDATE, NEW)


def test_what_stands_twice_is_refused_with_its_places():
    message = refused(
        block("    k_beta = k * beta", "    k_beta = k"),
        SOURCE.replace("    w = T", "    k_beta = k * beta\n    w = T"),
    )
    assert re.search(
        r"block 1: its SEARCH text stands at 2 places \(lines \d+, \d+\); add lines before or after", message
    )


def test_what_does_not_stand_is_refused_with_the_nearest_lines():
    message = refused(block("        S = S + k_i.transpose(-2, -1) @ errors", "        pass"))
    assert "block 1: its SEARCH text is not in the file. The nearest lines are" in message
    number = LINES.index(UPDATE) + 1
    assert f"{number:4}| {UPDATE}" in message


def test_all_blocks_or_none():
    assert "block 2: its SEARCH text is not in the file" in refused(block(UPDATE, NEW) + block("nowhere", "x"))
    both = apply_patch(SOURCE, block(UPDATE, NEW) + block("    u = T @ (v * beta)", "    u = T @ (2 * v * beta)"))
    assert both.rungs == ("exact", "exact")


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        ("", "neither a whole file"),
        ("I would use RoPE.", "neither a whole file"),
        ("```python\nprint(1)\n```", "neither a whole file"),
        ("def delta_rule_chunkwise(q, k: broken", "not Python ('(' was never closed at line 1"),
        (block(UPDATE, NEW).replace(">>>>>>> REPLACE", ""), "is not complete"),
        (block("", NEW), "the SEARCH part is empty"),
        (block(UPDATE, UPDATE), "leaves the code as it was"),
        (block(UPDATE, UPDATE + "  # as before"), "leaves the code as it was"),
        (f"```python\n# a comment\n{SOURCE}```", "leaves the code as it was"),
        (f"```python\n{SOURCE.replace('Read and write the memory', 'Use it')}```", "leaves the code as it was"),
        (block(UPDATE, "        S = S +"), "after the change the file is not Python (invalid syntax at line"),
        (block(UPDATE, "      S = S\n        S = 2"), "not Python (un"),
    ],
)
def test_what_is_no_change_is_refused(reply, message):
    assert message in refused(reply)


def test_code_is_the_same_whatever_its_words():
    assert same_code("def f():\n    'doc'\n    return 1\n", "def f():  # why\n\n    return (1)\n")
    assert not same_code("x = 1", "x = 2")


def outcome(reply):
    """The patched file; nothing where the reply is refused."""
    try:
        return apply_patch(SOURCE, reply).source
    except PatchRejected:
        return None


UNIQUE = [number for number, line in enumerate(LINES) if line.strip() and LINES.count(line) == 1]


@settings(max_examples=60, deadline=None)
@given(start=st.sampled_from(UNIQUE), length=st.integers(1, 6), shift=st.integers(0, 8))
def test_any_unique_piece_is_found_at_its_place_however_it_is_indented(start, length, shift):
    piece = LINES[start : start + length]
    while piece and not piece[-1].strip():
        piece.pop()
    marked = [*piece, f"{piece[-1][: len(piece[-1]) - len(piece[-1].lstrip())]}MARK = 1"]
    reply = block(*("\n".join(" " * shift + line if line else line for line in lines) for lines in (piece, marked)))
    patched = outcome(reply)
    if patched is None:  # the mark would stand within a text or within brackets
        event("refused")
        return
    lines = patched.splitlines()
    place = next(number for number, line in enumerate(lines) if "MARK" in line)
    assert place == start + len(piece)
    assert [line for line in lines if "MARK" not in line] == LINES


@settings(max_examples=100, deadline=None)
@given(reply=st.text(st.sampled_from("<=>SEARCHREPLACE`~\n x#def(")) | st.text())
def test_any_text_is_applied_or_refused(reply):
    ast.parse(outcome(reply) or "")

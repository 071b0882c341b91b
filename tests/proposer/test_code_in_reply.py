"""Where the code stands in a reply: found wherever an author puts it, and told from sketches and excerpts."""

import html
import json
import textwrap
import time

import pytest

from agent.core.resources import TEMPLATES
from agent.proposer.code_in_reply import find_code
from agent.proposer.patch import PatchRejected, apply_patch, same_code

SOURCE = (TEMPLATES / "naive.py").read_text(encoding="utf-8")
CHANGED = SOURCE.replace("    return o, S\n", "    return o * 1.1, S\n")
FENCED = f"```python\n{CHANGED}```\n"
OLD, NEW = "    return o, S", "    return o * 1.1, S"
BLOCK = f"<<<<<<< SEARCH\n{OLD}\n=======\n{NEW}\n>>>>>>> REPLACE\n"
SIGNATURE = "def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32):"
EXCERPT = f"```python\n{SIGNATURE}\n    # ... as before ...\n{NEW}\n```\n"
DIFF = f"```diff\n--- a/naive.py\n+++ b/naive.py\n@@ -60,2 +60,2 @@\n-{OLD}\n+{NEW}\n```\n"


def quoted(text):
    return textwrap.indent(text, "> ", lambda line: True)


REPLIES = {
    # fences
    "a fence in a list": "1. The change:\n\n" + textwrap.indent(FENCED, "   "),
    "a fence in a bullet": "- The whole file:\n" + textwrap.indent(FENCED, "  "),
    "a fence that a bullet begins": "- " + textwrap.indent(FENCED, "  ")[2:],
    "a fence deep in a list": "* a\n  * b\n" + textwrap.indent(FENCED, "      "),
    "a fence with a tab": "1. So:\n" + textwrap.indent(FENCED, "\t"),
    "a fence whose code is not indented": "1. So:\n   ```python\n" + CHANGED + "   ```\n",
    "a fence that is quoted": quoted(FENCED),
    "a fence that is quoted without blanks": FENCED.replace("\n", "\n>").join((">", "\n")),
    "a fence begun in mid-line": "Here is the file: " + FENCED,
    "a fence with a title": f'```python title="naive.py" linenums="1"\n{CHANGED}```',
    "a fence with braces": f"```{{.python .numberLines}}\n{CHANGED}```",
    "a fence of four": f"````python\n{CHANGED}````",
    "a fence of tildes": f"~~~ python\n{CHANGED}~~~",
    "a fence with capitals": f"```Python\n{CHANGED}```",
    "a fence with blanks behind": f"```python  \n{CHANGED}```  \n",
    "a fence that never ends": f"So:\n```python\n{CHANGED}",
    "a fence within the file": FENCED.replace('"""', '"""As in\n\n```python\no, S = f(q)\n```\n\n', 1),
    "a bare fence within the file": FENCED.replace('"""', '"""As in\n\n```\no, S = f(q)\n```\n\n', 1),
    "one fence around all": f"```\nHere is the file.\n{CHANGED}```\n",
    "no fence": CHANGED,
    "no fence, and prose before": f"Here is the file.\n\n{CHANGED}",
    "no fence, and prose around": f"Here is the file.\n\n{CHANGED}\nLet me know what you think.\n",
    # several
    "a sketch, then the file": f"```python\n{SIGNATURE}\n    ...\n{NEW}\n```\nThe file:\n{FENCED}",
    "the file, then an excerpt": f"{FENCED}The changed part:\n{EXCERPT}",
    "the file, then a function of it": FENCED + "```python\n" + CHANGED[CHANGED.index("def delta_rule") :] + "```\n",
    "the file, then how to call it": f"{FENCED}```python\no, S = delta_rule_chunkwise(q, k, v, beta)\n```",
    "the file, then a diff": f"{FENCED}What I changed in `def delta_rule_chunkwise`:\n{DIFF}",
    "the file, then a block": f"{FENCED}That is:\n{BLOCK}",
    "a block, then the file": f"{BLOCK}The whole:\n{FENCED}",
    "the parent's file, then a block": f"The file was\n```python\n{SOURCE}```\nand now\n{BLOCK}",
    "the file, then a test of it": f"{FENCED}```python\nimport torch\ndef test():\n    assert True\n```",
    "the file, then its output": f"{FENCED}Output:\n```\ndef delta_rule_chunkwise is fine\n```",
    "two files": f"```python\n{SOURCE.replace(OLD, OLD.replace('o', '9 * o', 1))}```\nNo:\n{FENCED}",
    "a broken file, then the file": f"```python\ndef delta_rule_chunkwise(q:\n```\nSorry:\n{FENCED}",
    # tags
    "a tag": f"<code>\n{CHANGED}</code>",
    "a tag with an attribute": f'<file name="naive.py">\n{CHANGED}</file>',
    "a tag around a fence": f"<code>\n{FENCED}</code>",
    "a tag of another name": f"<python>\n{CHANGED}</python>",
    "a tag that never ends": f"<code>\n{CHANGED}",
    "a tag in prose": f"The value <code>o</code> is scaled.\n{FENCED}",
    "a tag in prose behind": f"{FENCED}The value <code>o</code> is scaled.",
    "JSON": json.dumps({"name": "x", "code": CHANGED}),
    "JSON in a fence": "```json\n" + json.dumps({"name": "x", "source": CHANGED}, indent=1) + "\n```",
    # blocks
    "a block": BLOCK,
    "a block in a fence": f"naive.py\n```python\n{BLOCK}```",
    "a quoted block": quoted(BLOCK),
    "a block with line ends of Windows": BLOCK.replace("\n", "\r\n"),
    "a block with line ends of old": BLOCK.replace("\n", "\r"),
    "a block with blanks behind": BLOCK.replace("\n", "  \n"),
    "a block with blank lines": BLOCK.replace(OLD, f"\n\n{OLD}\n\n").replace(NEW, f"\n{NEW}\n"),
    "a block with short marks": BLOCK.replace("<<<<<<<", "<<<<").replace("=======", "====").replace(">>>>>>>", ">>>>"),
    "a block in small letters": BLOCK.replace("SEARCH", "search").replace("REPLACE", "replace"),
    "a block as git marks it": BLOCK.replace("SEARCH", "HEAD").replace("REPLACE", "new"),
    "a block of another tool": BLOCK.replace("SEARCH", "ORIGINAL").replace("REPLACE", "UPDATED"),
    "a block with line numbers": BLOCK.replace(OLD, f"  66| {OLD}").replace(NEW, f"  66| {NEW}"),
    "a block without indent": BLOCK.replace(OLD, OLD.strip()).replace(NEW, NEW.strip()),
    "a block with its file's name": BLOCK.replace("SEARCH", "SEARCH naive.py"),
    "a mark in prose, then the file": f"Not blocks (that begin with\n<<<<<<< SEARCH\n), but all of it:\n{FENCED}",
    "a mark in prose, then a block": f"A block begins with\n<<<<<<< SEARCH\nas here:\n{BLOCK}",
    "a whole block in prose, then the file": f"A block would be\n<<<<<<< SEARCH\na\n=======\nb\n\n{FENCED}",
    "a diff": DIFF,
    "a diff without a fence": DIFF.replace("```diff\n", "").replace("```\n", ""),
    "a diff with context": DIFF.replace(f"-{OLD}", f"     o = torch.cat(outputs, dim=2)[:, :, :length]\n-{OLD}"),
    "a patch of another tool": f"*** Begin Patch\n*** Update File: naive.py\n@@\n-{OLD}\n+{NEW}\n*** End Patch",
    # signs
    "a byte order mark": f"\ufeff{FENCED}",
    "a byte order mark in the fence": FENCED.replace("python\n", "python\n\ufeff"),
    "HTML": FENCED.replace(NEW, html.escape(f"    o = o if length > 0 else o\n{NEW}")),
    "blanks that do not break": FENCED.replace(NEW, NEW.replace(" ", "\u00a0")),
    "a blank without width": FENCED.replace(NEW, NEW + "\u200b"),
    "a wide comma": FENCED.replace("1.1, S", "1.1，S"),
    "wide brackets": FENCED.replace(".contiguous()", ".contiguous（）").replace("torch.cat(", "torch.cat（"),
    "curved quotation marks": FENCED.replace('"""', "“””", 1).replace('"""', "”””", 1),
    "a zero byte": FENCED.replace(NEW, "\x00" + NEW),
    "a form feed": FENCED.replace("def split", "\x0c\ndef split"),
    "line ends of Windows": FENCED.replace("\n", "\r\n"),
    "line ends of two kinds": FENCED.replace("\n", "\r\n", 20),
}  # fmt: skip


@pytest.mark.parametrize("form", REPLIES)
def test_code_that_is_there_is_found(form):
    source = apply_patch(SOURCE, REPLIES[form]).source
    if form == "HTML":
        assert "if length > 0 else o" in source
    else:
        assert same_code(source, CHANGED)


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (EXCERPT, "the file leaves lines out where it says '# ... as before ...'"),
        (f"```python\nimport torch\n\n{SIGNATURE}\n    ...\n```", "the file leaves lines out where it says '...'"),
        (f"```python\n{SIGNATURE}\n    # existing code\n{NEW}\n```", "leaves lines out where it says '# exis"),
        (f"```python\n{SIGNATURE}\n    # （其余不变）...\n{NEW}\n```", "the file leaves lines out"),
        ("```python\nclass DeltaNet:\n    def forward(self, q):\n        return q\n```", "neither a whole file"),
        ("I will scale the output in delta_rule_chunkwise.", "neither a whole file"),
        ("A block begins with\n<<<<<<< SEARCH\nas you know.", "a SEARCH/REPLACE block is not complete"),
        (f"<<<<<<< SEARCH\n{OLD}\n=======\n{NEW}\n", "a SEARCH/REPLACE block is not complete"),
        (f"<<<<<<< SEARCH\n{OLD}\n{NEW}\n>>>>>>> REPLACE\n", "a SEARCH/REPLACE block is not complete"),
        (f"{OLD}\n=======\n{NEW}\n>>>>>>> REPLACE\n", "a SEARCH/REPLACE block is not complete"),
        (f"<<<<<<< SEARCH\n{OLD}\n=======\n{NEW}\n{BLOCK}", "a SEARCH/REPLACE block is not complete"),
        (DIFF.replace("return o, S", "return nothing"), "its SEARCH text is not in the file"),
    ],
)  # fmt: skip
def test_what_is_no_whole_code_is_told(reply, message):
    with pytest.raises(PatchRejected) as refused:
        apply_patch(SOURCE, reply)
    assert message in str(refused.value)


def test_a_syntax_error_comes_with_the_file_that_has_it():
    broken = CHANGED.replace(NEW, "    return o *, S")
    with pytest.raises(PatchRejected, match="after the change the file is not Python") as refused:
        apply_patch(SOURCE, f"So:\n```python\n{broken}```\nVoilà.")
    assert refused.value.source == broken


@pytest.mark.parametrize(
    "comment",
    [
        "# unchanged where beta is 0",
        "# i = 0, 1, ..., L - 1",
        "# the rest of the chunk",
        "# as before the loop",
        "# x[..., 0]",
    ],
)
def test_an_ordinary_comment_leaves_nothing_out(comment):
    assert not find_code(f"```python\n{CHANGED}\n{comment}\n```").excerpt


def test_half_a_character_in_code_out_of_json_is_replaced():
    assert find_code(json.dumps({"code": CHANGED + "# a \ud800\n"})).file == CHANGED + "# a \ufffd\n"


@pytest.mark.parametrize(
    "reply",
    [
        "<<<<<<< SEARCH\n" * 2000,
        "=======\n" * 4000,
        "<<<<<<< SEARCH\n=======\n" * 2000,
        ">>>>>>> REPLACE\n" * 2000,
        "<<<<<<< SEARCH\na\n" + "=======\n" * 4000,
        "```\n" * 4000,
        "```python\n" * 4000,
        "~~~\n```\n" * 2000,
        "<code>" * 4000,
        "> " * 20_000,
        "- " * 20_000,
        "`" * 40_000,
        " " * 40_000,
        "@@\n" * 8000,
        "<" * 40_000,
        ">" * 40_000,
        "#" * 40_000 + "...",
        "# ..." * 8000,
        "{" * 40_000,
        "import x\n" * 4000 + "def delta_rule_chunkwise(",
        "def delta_rule_chunkwise(\n" * 1500,
    ],
    ids=lambda reply: repr(reply[:20]),
)
def test_no_reply_takes_long_to_read(reply):
    began = time.process_time()
    find_code(reply)
    assert time.process_time() - began < 2

"""Notes and tables of the older text format, whole, torn and malformed."""

import pandas
import pytest

from agent.core.errors import UsageError
from agent.core.score import MAD_TASKS
from agent.store.older_notes import read_all, read_older
from agent.store.workspace import Workspace

# Headings in both languages below each other, lines that end in two spaces, a bullet that begins like a heading.
IN_PAIRS = """\
Unnamed: 0  Compress  Context Recall  Fuzzy Recall  Memorize  Noisy Recall  Selective Copy
0               delta_net_4layer  0.487037        0.999515      0.189705  0.337827      0.999640        0.990733
1  delta_net_4layer_worse_update  0.086029        0.028959      0.011394  0.051220      0.009702        0.119096
2         gated_delta_net_4layer  0.408180        0.999918      0.303293  0.354294      0.999928        0.999304

20250101_120000

--- Insights ---
Key Observations from Experiment Results  \n实验结果的关键观察

• 基线在 Fuzzy Recall 上较弱（0.19）。  \n• Key Observations 不是标题。

Specific Code Issues Identified  \n发现的具体代码问题

1. 状态没有衰减。

Technical Reasoning for Proposed Change — A Decay
拟议变更的技术理由——衰减

• 让旧内容逐渐消失。

Expected Improvements  \n预期改进

• Fuzzy Recall：目标 >0.25。

Lessons from Historical Attempts  \n历史尝试的经验教训

• 轻量的调整更有效。"""

# Headings in one language, each with words behind it, and sub-headings in the last section.
IN_ENGLISH = """\
Unnamed: 0  Compress  Context Recall  Fuzzy Recall  Memorize  Noisy Recall  Selective Copy
0         delta_net_4layer  0.487037        0.999515      0.189705  0.337827      0.999640        0.990733
1   delta_net_4layer_tanh  0.494906        0.999610      0.158331  0.341603      0.999665        0.989535
10  gated_delta_net_4layer  0.408180        0.999918      0.303293  0.354294      0.999928        0.999304

20250102_130000

--- Insights ---
Insights

Key Observations from Latest Experiment Table
• Room is left on Memorize.

Specific Code Issues Identified（before this change）
1. The error is not bounded.

Technical Reasoning for Proposed Changes
Tanh bounds it.

Expected Improvements
• Memorize above 0.5.

Lessons from Historical Attempts
What worked
• Small changes.
What failed
• Heavy optimisers.
"""


@pytest.fixture
def note(tmp_path):
    """A file with some text, by its name."""

    def note(text, name="note.txt"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return note


def test_a_note_with_headings_in_pairs_is_read_whole(note):
    found = read_older(note(IN_PAIRS))
    assert (found.id, found.warnings) == ("20250101_120000", ())
    assert list(found.table) == ["delta_net_4layer", "delta_net_4layer_worse_update", "gated_delta_net_4layer"]
    assert found.table["gated_delta_net_4layer"] == dict(
        zip(MAD_TASKS, (0.408180, 0.999918, 0.303293, 0.354294, 0.999928, 0.999304), strict=True)
    )
    assert list(found.sections) == ["observations", "issues", "reasoning", "expected", "lessons"]
    assert found.sections["observations"] == "• 基线在 Fuzzy Recall 上较弱（0.19）。\n• Key Observations 不是标题。"
    assert found.sections["reasoning"] == "• 让旧内容逐渐消失。"
    assert found.text.startswith("Key Observations from Experiment Results")


def test_a_note_with_english_headings_is_read_whole(note):
    found = read_older(note(IN_ENGLISH))
    assert (found.id, found.warnings) == ("20250102_130000", ())
    assert list(found.table) == ["delta_net_4layer", "delta_net_4layer_tanh", "gated_delta_net_4layer"]
    assert found.sections["issues"] == "1. The error is not bounded."
    assert found.sections["lessons"].splitlines() == [
        "What worked", "• Small changes.", "What failed", "• Heavy optimisers."
    ]  # fmt: skip


def test_other_line_ends_and_a_byte_order_mark_change_nothing(note):
    read = read_older(note(b"\xef\xbb\xbf" + IN_PAIRS.replace("\n", "\r\n").encode()))
    assert read == read_older(note(IN_PAIRS))


@pytest.mark.parametrize("whole", [IN_PAIRS, IN_ENGLISH])
def test_wherever_a_note_is_torn_off_what_is_left_is_right(note, whole):
    """Cut at every character: nothing that is read is half of something, and what is missing is said."""
    complete = read_older(note(whole))
    cut_off, refused = 0, set()
    for end in range(len(whole.rstrip())):
        try:
            found = read_older(note(whole[:end]))
        except UsageError as error:
            refused.add(str(error).partition(": ")[2])
            continue
        assert all(complete.table[name] == scores for name, scores in found.table.items())
        assert set(found.sections) <= set(complete.sections)
        cut_off += bool(found.warnings)
        if found.table != complete.table or set(found.sections) != set(complete.sections):
            assert found.warnings
    assert cut_off > 100
    assert refused == {"neither a table of scores nor insights; is this a note in the older format?"}


def test_a_note_without_its_beginning_is_read_with_a_warning(note):
    found = read_older(note(IN_PAIRS[IN_PAIRS.index("20250101") :], "20250101_120000.txt"))
    assert (found.id, found.table, len(found.sections)) == ("20250101_120000", {}, 5)
    assert found.warnings == ("it has no table",)


def test_a_note_without_insights_is_read_with_a_warning(note):
    found = read_older(note(IN_ENGLISH[: IN_ENGLISH.index("--- Insights")]))
    assert (len(found.table), found.sections) == (3, {})
    assert found.warnings == ("it has no line --- Insights ---: no insights were read",)


def test_a_missing_section_is_named(note):
    text = IN_ENGLISH.replace("Expected Improvements", "What may come")
    assert read_older(note(text)).warnings == ("sections not found: expected",)


def test_a_note_without_a_time_is_called_by_its_name(note):
    found = read_older(note(IN_PAIRS.replace("20250101_120000\n", ""), "..my note.txt"))
    assert found.id == "my_note"
    assert "no time like 20250616_174156" in found.warnings[0]


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("0.303293  0.354294", "0.303293", "line 4: gated_delta_net_4layer has 5 scores, not 6"),
        ("0.303293", "1.303293", "line 4: gated_delta_net_4layer, Fuzzy Recall: '1.303293' is no score between 0"),
        ("0.303293", "nan", "line 4: gated_delta_net_4layer, Fuzzy Recall: 'nan' is no score"),
        ("Noisy Recall", "Loud Recall", "line 1: the columns are Compress, Context Recall, Fuzzy Recall, Memorize"),
        ("1  delta_net_4layer_worse", "delta_net_4layer worse", "line 3: no row of a table: 'delta_net_4layer worse"),
        ("delta_net_4layer_worse_update", "delta_net_4layer",
         "line 3: delta_net_4layer stands here a second time, with other scores"),
    ],
)  # fmt: skip
def test_a_malformed_table_is_refused_with_its_line(note, old, new, why):
    assert IN_PAIRS.count(old) >= 1
    path = note(IN_PAIRS.replace(old, new, 1) if "gated" not in why else replaced_last(IN_PAIRS, old, new))
    with pytest.raises(UsageError, match=f"note.txt, {why}"):
        read_older(path)


def replaced_last(text, old, new):
    before, _, after = text.rpartition(old)
    return before + new + after


def test_what_is_no_text_is_refused_with_its_line(note):
    with pytest.raises(UsageError, match=r"note.txt, line 2: not UTF-8 text"):
        read_older(note(b"one\n\xff\xfe\n"))
    with pytest.raises(UsageError, match=r"nowhere.txt: cannot be read \(No such file or directory\)"):
        read_older(note("", "x").with_name("nowhere.txt"))
    for text in ("", "x = 1\n", "# a heading\n"):
        with pytest.raises(UsageError, match="neither a table of scores nor insights"):
            read_older(note(text))


def test_a_table_alone_is_csv(note):
    rows = "name,Compress,Context Recall,Fuzzy Recall,Memorize,Noisy Recall,Selective Copy\na,0.1,0.2,0.3,0.4,0.5,0.6\n"
    found = read_older(note(rows, "table.csv"))
    assert (found.id, found.table) == (
        "table",
        {"a": dict(zip(MAD_TASKS, (0.1, 0.2, 0.3, 0.4, 0.5, 0.6), strict=True))},
    )
    with pytest.raises(UsageError, match=r"table.csv, line 2: a has 5 scores, not 6"):
        read_older(note(rows.replace(",0.6", ""), "table.csv"))
    with pytest.raises(UsageError, match=r"table.csv, line 1: the columns should be the name and then Compress"):
        read_older(note(rows.replace("Compress", "Compressed"), "table.csv"))


def test_of_several_files_all_are_read_before_one_is_kept(note, tmp_path):
    good, bad = note(IN_PAIRS, "good.txt"), note("nothing", "bad.txt")
    with pytest.raises(UsageError, match=r"bad\.txt"):
        read_all([good, bad])
    with pytest.raises(UsageError, match="two of the files are of 20250101_120000"):
        read_all([good, note(IN_PAIRS, "again.txt")])


def test_what_was_imported_is_kept_and_found_again(note, tmp_path):
    workspace = Workspace(tmp_path / "workspace")
    notes = read_all([note(IN_ENGLISH, "b.txt"), note(IN_PAIRS, "a.txt")])
    for _ in range(2):  # the same note again replaces itself
        for each in notes:
            workspace.keep_older(each)
    assert workspace.older_notes() == tuple(sorted(notes, key=lambda each: each.id))
    assert workspace.history().runs == ()
    assert workspace.rows() == {}


NAMES = ("delta_net_4layer", "delta_net_4layer_worse_update", "gated_delta_net_4layer")
FRAME = pandas.DataFrame(
    [{"Unnamed: 0": name} | {task: round(0.1 * n + 0.01 * place, 6) for place, task in enumerate(MAD_TASKS)}
     for n, name in enumerate(NAMES, 1)]
)  # fmt: skip
WIDE = FRAME.to_string()


@pytest.mark.parametrize("width", [40, 50, 60, 70, 80, 100, 120])
@pytest.mark.parametrize("end", ["", "\n\n20250101_120000\n\n--- Insights ---\nKey Observations\n• So.\n"])
def test_a_table_that_pandas_wrapped_is_read_as_if_it_had_not(note, width, end):
    wrapped = FRAME.to_string(line_width=width)
    assert read_older(note(wrapped + end)).table == read_older(note(WIDE + end)).table
    assert len(read_older(note(wrapped + end)).table) == 3


def test_a_table_that_pandas_wrapped_is_read_without_the_blanks_at_its_ends(note):
    wrapped = "\n".join(line.rstrip() for line in FRAME.to_string(line_width=60).splitlines())
    assert read_older(note(wrapped)).table == read_older(note(WIDE)).table


@pytest.mark.parametrize(
    "table",
    [
        FRAME.set_index("Unnamed: 0").rename_axis(None).to_string(),
        FRAME.set_index("Unnamed: 0").rename_axis(None).to_string(line_width=60),
        FRAME.rename(columns={"Unnamed: 0": "variant"}).to_string(),
        FRAME[["Unnamed: 0", *reversed(MAD_TASKS)]].to_string(float_format="{:.6f}".format),
        f"| variant | {' | '.join(MAD_TASKS)} |\n|{'---|' * 7}"
        + "".join(f"\n| {' | '.join(map(str, row))} |" for row in FRAME.itertuples(index=False)),
    ],
    ids=["names as an index", "names as an index, wrapped", "another title", "another order", "Markdown"],
)  # fmt: skip
def test_a_table_printed_another_way_is_read(note, table):
    assert read_older(note(table)).table == read_older(note(WIDE)).table


@pytest.mark.parametrize("limits", [{"max_cols": 4}, {"max_rows": 2}, {"max_cols": 4, "max_rows": 2}])
def test_a_table_of_which_pandas_left_something_out_is_refused_with_what_to_do(note, limits):
    with pytest.raises(
        UsageError, match=r"line [123]: columns or rows were left out where it says \.\.\.: print the table"
    ):
        read_older(note(FRAME.to_string(**limits)))


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_may_have_another_separator(note, separator):
    found = read_older(note(FRAME.to_csv(index=False, sep=separator), "table.csv"))
    assert found.table == read_older(note(WIDE)).table


def test_what_the_columns_of_a_csv_are_is_told(note):
    with pytest.raises(UsageError, match=r"line 1: the columns should be the name and then .*; they are a, b"):
        read_older(note("a,b\n1,2\n", "table.csv"))

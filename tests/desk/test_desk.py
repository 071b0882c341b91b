"""The desk at a real terminal: what is on the card, and what each key does."""

import json
import math

import pytest
from at_a_terminal import COLOUR, CTRL_C, CTRL_D, DOWN, END, ENTER, ESCAPE, HOME, PAGE_DOWN, UP, AtTerminal
from desk_pictures import Paper
from proposed_runs import DECAY, VALUE_SKIP, scored_template, wait_for_review
from rich.cells import cell_len
from rich.text import Text as Line
from sample_cards import sample_card, sample_proposal

from agent.core.baselines import TEMPLATE
from agent.core.errors import INTERRUPTED
from agent.core.invocation import command
from agent.core.run import PERSON, Review
from agent.desk.interface import UserInterface
from agent.desk.keys import RunView
from agent.desk.prompt import MOST, Prompt
from agent.desk.terminal import Key
from agent.evaluator.protocols import SMOKE

pytestmark = pytest.mark.slow  # every test here starts the whole program

BOTH = (VALUE_SKIP, DECAY)


@pytest.fixture
def home(tmp_path):
    """A workspace where two proposals wait."""
    workspace = scored_template(tmp_path / "home")
    wait_for_review(workspace, "value_skip", "data_dependent_decay")
    return workspace


@pytest.fixture
def sit(home):
    """Sit down at the desk. Nothing is trained."""
    begun = []

    def sit(*arguments, **terminal):
        begun.append(AtTerminal("review", "--no-train", "--workspace", home.root, *arguments, **terminal))
        return begun[-1]

    yield sit
    for terminal in begun:
        terminal.kill()


def stages(home):
    return [run.stage for run in home.history().runs[1:]]


def whole_card(desk):
    """Every line of a card, by scrolling down page by page."""
    seen = list(desk.rows[1:-3])
    while True:
        before = desk.text
        desk.press(PAGE_DOWN)
        desk._read(0.5)
        desk._read(0.1)
        if desk.text == before:
            return "\n".join(seen)
        seen += desk.rows[1:-3]


@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (200, 50)])
def test_a_card_has_all_that_a_decision_needs(sit, columns, lines):
    desk = sit(columns=columns, lines=lines).see(VALUE_SKIP, "2 waiting", "q quit")
    assert all(len(row) <= columns for row in desk.rows)
    card = whole_card(desk)
    for text in (
        "The value passes by the memory", "from delta_net_4layer", "proposed by catalogue", "protocol smoke",
        "arXiv 2312.00752", "predicted  change  parent  ± noise   best", "Memorize            0.580  +0.080",
        "average", "Checks passed", "causality", "Cost", "this one about 0:02",
        "The change  +5 −1  against delta_net_4layer",
        "skipped = skip.unsqueeze(2) * v",
    ):  # fmt: skip
        assert text in card
    sides = [line for line in card.splitlines() if "Padding writes nothing" in line]
    assert sides[0].count("Padding writes nothing") == (2 if columns == 200 else 1)


def test_a_card_longer_than_the_screen_scrolls_and_says_where_one_is(sit):
    desk = sit().see(VALUE_SKIP, "2 waiting", "q quit")
    top = desk.text
    desk.press(DOWN).miss("\n The value passes by").press(UP).see("\n The value passes by")
    desk.press(END).see("What is expected").press(HOME).see("\n The value passes by")
    desk.see(top)
    desk.press("G").see("What is expected").press("g").see("\n The value").press("j").miss("\n The value passes by")
    thumb = [row[79:] for row in desk.rows[1:-3]]
    assert set(thumb) == {"┃", "│"}


def test_skipping_shows_the_next_and_leaves_all_as_it_was(sit, home):
    desk = sit().see(VALUE_SKIP).press("s").see(DECAY, "skipped for now").press("s")
    assert desk.end() == 0
    assert f"2 left undecided: {command('review')}" in desk.written
    assert stages(home) == ["proposed", "proposed"]


@pytest.mark.parametrize("key", ["q", CTRL_D])
def test_quitting_leaves_the_rest_undecided(sit, home, key):
    desk = sit().see(VALUE_SKIP).press(key)
    assert desk.end() == 0
    assert stages(home) == ["proposed", "proposed"]


def test_approving_takes_a_remark(sit, home):
    desk = sit().see(VALUE_SKIP).press("a").see("Approve with a remark, or none:").press("看看 this", ENTER)
    desk.see(DECAY, f"✓ approved {VALUE_SKIP}: 看看 this").press("a").see("or none:").press(ENTER)
    assert desk.end() == 0
    assert stages(home) == ["approved", "approved"]
    assert [run.review for run in home.history().runs[1:]] == [
        Review("approved", PERSON, "看看 this"), Review("approved", PERSON, ""),
    ]  # fmt: skip
    assert f"approved {VALUE_SKIP}: 看看 this" in desk.written.rpartition("\x1b[?1049l")[2]


def test_rejecting_needs_a_reason(sit, home):
    desk = sit().see(VALUE_SKIP).press("r").see("Reject, because:").press(ENTER).see("A reason is needed")
    desk.press("a" * 100, "b").see("…aaaa").press(ESCAPE).miss("Reject, because")
    assert stages(home) == ["proposed", "proposed"]
    desk.press("r").see("Reject, because:").press("tx", "\x7f", "o slow", "\x1b[D" * 5, "o", ENTER).see(
        DECAY, f"rejected {VALUE_SKIP}: too slow"
    )
    desk.press("q").end()
    assert home.find(VALUE_SKIP).review == Review("rejected", PERSON, "too slow")


def test_tab_rejects_the_move_everywhere(sit, home):
    desk = sit().see(VALUE_SKIP).press("r").see("Reject, because:", "tab everywhere")
    desk.press("it forgets", "\t").see("Reject +value_skip everywhere, because: it forgets")
    desk.press("\t").see("Reject, because: it forgets").press("\t", ENTER)
    desk.see(DECAY, f"rejected everywhere {VALUE_SKIP}: it forgets").press("q").end()
    assert home.find(VALUE_SKIP).review == Review("rejected", PERSON, "it forgets", everywhere=True)


@pytest.mark.parametrize("width", [1, 20, 35])
def test_a_question_wider_than_the_screen_can_be_asked(width):
    prompt = Prompt("Approve with a remark, or none", "好的, ", "good")
    assert prompt.render(width, Line()).plain.startswith("Approve with a remark, or none: …")


def typed(*names):
    prompt = Prompt("because")
    for name in names:
        prompt = prompt.after(Key(name, name if len(name) == 1 and name.isprintable() else ""))
    return prompt


@pytest.mark.parametrize(
    ("keys", "before", "behind"),
    [
        (["left", "x"], "tox", "o"),
        (["home", "x", "end", "y"], "xtooy", ""),
        (["\x01", "delete", "right", "delete"], "o", ""),
        (["left", "left", "backspace"], "", "oo"),
        (["left", "\x0b"], "to", ""),
        (["left", "\x15"], "", "o"),
        ([" ", "看", "left", "left", "\x17"], "", " 看"),
        (["\x01", "left", "backspace", "\x05", "right", "delete"], "too", ""),
    ],
)
def test_a_line_is_edited_where_its_cursor_is(keys, before, behind):
    found = typed("t", "o", "o", *keys)
    assert (found.before, found.behind) == (before, behind)


@pytest.mark.parametrize("width", [35, 80])
def test_the_text_around_the_cursor_stays_on_the_screen(width):
    text = "一个理由 and another reason, longer than most screens are wide, 好的"
    prompt = Prompt("Reject, because", text)
    for _ in range(len(text) + 1):
        shown = prompt.render(width, Line())
        assert cell_len(shown.plain.rstrip()) <= width - 2
        (cursor,) = (span for span in shown.spans if "reverse" in str(span.style))
        assert shown.plain[cursor.start : cursor.end] == (prompt.behind[:1] or " ")
        assert prompt.text == text
        prompt = prompt.after(Key("left"))
    assert prompt.before == ""


def test_a_paste_is_cut_at_the_most_that_a_line_holds():
    assert len(typed("a", "left").after(Key("paste", "b" * 2 * MOST)).text) == MOST


def test_what_the_model_has_cost_stands_on_the_card_and_a_new_result_renews_it(home):
    costs = [0.5]
    ui = UserInterface(home, "en", terminal=Paper(100, 200), count=1, counted=math.inf)
    view = RunView(ui, home.history().runs[1], lambda run, reply: run, lambda: costs[0])

    def card():
        view.draw()
        return ui.terminal.console.export_text()

    text = card()
    assert "$0.50" in text
    assert "so far 1 run, " in text
    costs[0] = 1.25
    score = sample_card(SMOKE.fingerprint)
    home.create(sample_proposal(f"{TEMPLATE}_new"), SMOKE.name, SMOKE.fingerprint, "evaluated", card=score)
    view.looked = -math.inf
    view._look()
    text = card()
    assert "$1.25" in text
    assert "so far 2 runs" in text


def test_pasted_lines_are_one_answer_and_no_keys(sit, home):
    desk = sit().see(VALUE_SKIP).press("\x1b[200~rej\nect\x1b[201~").press("r").see("Reject, because:")
    desk.press("\x1b[200~too slow\nand too long\x1b[201~").see("too slow and too long").press(ENTER).see(DECAY)
    desk.press("q").end()
    assert home.find(VALUE_SKIP).review.reason == "too slow and too long"
    assert stages(home) == ["rejected", "proposed"]


def test_the_whole_file_and_back(sit):
    desk = sit().see(VALUE_SKIP).press("f").see("The whole file", "f back to the card")
    desk.press(END).see("return o, S").press("f").see("Why this change")


def test_the_language_is_remembered(sit, home):
    desk = sit().see("Why this change").press("l").see("改动理由", "a 批准")
    desk.press("q").end()
    desk = sit().see("改动理由").press("l").see("Why this change").press("q")
    desk.end()
    sit("--lang", "zh").see("改动理由").press("q").end()
    assert json.loads((home.root / "runs" / "desk.json").read_text()) == {"language": "zh"}


@pytest.mark.parametrize("columns", [80, 200])
def test_chinese_stands_in_its_columns(sit, columns):
    """By the widths of another library than the one that laid it out."""
    screen = sit("--lang", "zh", columns=columns, lines=40).see("改动理由", "q 退出").screen
    assert {screen.buffer[row][columns - 1].data for row in range(1, 37)} == {"┃", "│"}
    (titles,) = (row for row in range(40) if "± 噪声" in screen.display[row])
    table = [row for row in range(titles, titles + 9) if "0." in screen.display[row]][-7:]
    # A column of numbers ends where its title does, which is two cells a character.
    (end,) = (column + 1 for column in range(columns) if screen.buffer[titles][column].data == "测")
    assert [screen.buffer[row][end].data.isdigit() for row in table] == [True] * 7
    assert [screen.buffer[row][end + 1].data for row in table] == [" "] * 7


def test_without_colour_it_says_the_same(sit):
    coloured = sit().see(VALUE_SKIP, "q quit")
    plain = sit(NO_COLOR="1").see(VALUE_SKIP, "q quit")
    assert COLOUR.search(coloured.written)
    for desk in (coloured, plain):
        desk.press(END).see("What is expected")
    plain.match(coloured)
    assert not COLOUR.search(plain.written)


def test_the_screen_follows_the_size_of_the_terminal(sit):
    desk = sit(columns=80, lines=24).see(VALUE_SKIP, "q quit")
    desk.resize(200, 50).see("The change  +5 −1", "q quit")
    assert "quit" in desk.rows[49]
    assert any(row.count("Padding writes nothing") == 2 for row in desk.rows)
    desk.resize(40, 10).miss("The change")
    desk.see("channel by channel", "┃")
    assert all(len(row) <= 40 for row in desk.rows)
    desk.resize(80, 24).see("average", "q quit").press("q")
    assert desk.end() == 0


@pytest.mark.parametrize("keys", ["", "a", "rno", "f", "s"])
def test_ctrl_c_decides_nothing_and_gives_the_terminal_back(sit, home, keys):
    desk = sit().see(VALUE_SKIP, "q quit").press(*keys)
    desk._read(0.3)
    assert desk.press(CTRL_C).end() == INTERRUPTED
    assert stages(home) == ["proposed", "proposed"]
    assert "left undecided" in desk.written
    for given_back in ("\x1b[?1049l", "\x1b[?25h", "\x1b[?2004l"):
        assert desk.written.rindex(given_back) > desk.written.rindex("quit")


def test_one_run_is_read_alone(sit, home):
    desk = sit(DECAY).see(DECAY).press("r").see("because").press("no", ENTER)
    assert desk.end() == 0
    assert stages(home) == ["proposed", "rejected"]

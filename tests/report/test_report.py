"""The site as files: what is built when, that it speaks both languages, and who is handed it."""

import csv
import http.client
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from html.parser import HTMLParser

import pandas
import pytest
from sample_cards import FINGERPRINT as CARDS
from sample_cards import sample_card, sample_proposal
from sample_histories import SECONDS, START, write_history, write_run, write_search

from agent.cli.scoreboard import scoreboard
from agent.core.baselines import GATED, TEMPLATE, known_path
from agent.core.errors import UsageError
from agent.core.reason import Reason
from agent.core.run import BASELINE, PERSON, Milestone, Run
from agent.core.score import MAD_TASKS, TaskScore
from agent.core.sentences import confident
from agent.core.text import Text
from agent.report.code import diff, highlighted
from agent.report.curves import GRID, panels
from agent.report.ideas import ideas
from agent.report.lineage import edges, tree
from agent.report.markup import say, told
from agent.report.morning import LatestSearch, latest_search, night
from agent.report.progress import progress
from agent.report.prose import Prose
from agent.report.render import Pages
from agent.report.sentences import duration, moment, period, signed
from agent.report.serve import open_server
from agent.report.site import Site
from agent.report.standing import standings
from agent.science.history import History
from agent.science.noise import Replicates
from agent.store.workspace import Workspace

COUNT = 40
TASK_FIELDS = [task.replace(" ", "_") for task in MAD_TASKS]
CHINESE, LATIN = re.compile("[\u4e00-\u9fff]"), re.compile("[A-Za-z]")
EMPTY = ("meta", "link", "input", "br", "wbr", "circle", "path", "line", "rect")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A workspace with forty made-up runs."""
    root = tmp_path_factory.mktemp("workspace")
    write_history(root, COUNT)
    return Workspace(root)


@pytest.fixture(scope="module")
def built(home):
    site = Site(home)
    site.build()
    return site


def test_the_page_of_ideas_tells_what_code_holds_and_how_predictions_do_against_no_change(tmp_path):
    """The estimate of a mechanism is of all variants that hold it, a model's too."""
    template = known_path(TEMPLATE).read_text()
    skip = template.replace("return o, S", "return o + v.flatten(2, 3)[:, :, :length], S")
    shortcut = sample_proposal("shortcut", skip, "tiny", parents=(TEMPLATE,), predicted={"Memorize": 0.8})
    runs = (
        Run("1", "analysed", sample_proposal(TEMPLATE, template, BASELINE), "smoke", CARDS, card=sample_card()),
        Run("2", "analysed", shortcut, "smoke", CARDS, card=sample_card(Memorize=0.9)),
    )
    history = History(runs, {})
    found = ideas(history, standings(history), {})
    assert [(idea.name, idea.average.runs, idea.best.run.name) for idea in found.mechanisms] == [
        ("value skip", 1, "shortcut")
    ]
    calibration = found.calibration["Memorize"]
    assert (calibration.error, calibration.error_of_no_change) == (pytest.approx(0.1), pytest.approx(0.4))
    assert calibration.skill == pytest.approx(0.75)
    write_history(tmp_path, 8)
    site = Site(Workspace(tmp_path))
    site.build()
    page = (site.root / "ideas.html").read_text()
    assert "mean absolute error" in page
    assert "技巧评分" in page


def test_every_run_has_a_page(home, built):
    pages = {path.stem for path in (built.root / "variants").iterdir()}
    assert pages == {run.id for run in home.history().runs}
    assert (built.root / "index.html").stat().st_size < 200_000


def test_nothing_is_made_twice_and_what_changed_is_made_again(tmp_path):
    runs = write_history(tmp_path, 8)
    site = Site(Workspace(tmp_path))
    everything = site.build()
    assert everything.made == everything.files
    assert site.build().made == 0
    assert Site(Workspace(tmp_path)).build().made == 0  # nor by another process
    write_run(tmp_path, replace(runs[-1], proposal=replace(runs[-1].proposal, title=Text("Changed", "已改"))))
    page = site.root / "variants" / f"{runs[2].id}.html"
    untouched = page.stat().st_mtime_ns
    assert 0 < site.build().made < everything.files
    assert page.stat().st_mtime_ns == untouched
    assert "已改" in (site.root / "variants" / f"{runs[-1].id}.html").read_text()


def test_of_two_runs_the_later_one_knows_how_sure_their_difference_is(tmp_path):
    """So a further run leaves the facts of those before it as they are; other noise changes the facts of all."""
    *earlier, latest = write_history(tmp_path, 5)
    shutil.rmtree(tmp_path / "runs" / latest.id)
    site = Site(Workspace(tmp_path))
    site.build()
    facts = {path.name: path.read_text() for path in (site.root / "data").iterdir()}
    write_run(tmp_path, latest)
    site.build()
    assert all((site.root / "data" / name).read_text() == text for name, text in facts.items())
    known = json.loads((site.root / "data" / f"{latest.id}.js").read_text()[len("deltasearch.arrived(") : -len(");\n")])
    assert list(known["against"]) == [run.id for run in earlier if run.scored]

    seed = earlier[0].card.tasks["Memorize"].seeds[0]
    cards = [
        replace(earlier[0].card, tasks={"Memorize": TaskScore("Memorize", (replace(seed, macro=macro),))})
        for macro in (0.1, 0.9)
    ]
    (tmp_path / "runs" / "replicates.json").write_text(Replicates(latest.fingerprint, tuple(cards)).to_json())
    site.build()
    scored = {f"{run.id}.js" for run in earlier if run.scored}
    assert not any((site.root / "data" / name).read_text() == text for name, text in facts.items() if name in scored)


def test_the_page_of_a_run_that_is_gone_goes(tmp_path):
    runs = write_history(tmp_path, 5)
    site = Site(Workspace(tmp_path))
    site.build()
    folder = tmp_path / "runs" / runs[-1].id
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    site.build()
    assert not (site.root / "variants" / f"{runs[-1].id}.html").exists()


def test_a_site_that_is_torn_is_built_anew(tmp_path):
    write_history(tmp_path, 3)
    site = Site(Workspace(tmp_path))
    files = site.build().files
    (site.root / ".built.json").write_text('{"index.ht')
    (site.root / "stranger.html").touch()
    assert site.build().made == files
    assert not (site.root / "stranger.html").exists()


def test_an_empty_workspace_says_how_to_begin(tmp_path):
    site = Site(Workspace(tmp_path))
    site.build()
    assert "python -m agent search" in (site.root / "index.html").read_text()


# Both languages


class Reader(HTMLParser):
    """Collects what a page says: pieces outside both languages, and the pairs of pieces in them."""

    def __init__(self):
        super().__init__()
        self.open, self.stray, self.said = [], [], {"en": [], "zh": []}

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        kinds = (attributes.get("class") or "").split()
        language = next((kind for kind in kinds if kind in ("en", "zh")), None)
        free = attributes.get("translate") == "no" or tag in ("script", "style", "title")
        if language:
            self.said[language].append("")
        if tag not in EMPTY:
            self.open.append((tag, language, free))

    def handle_endtag(self, tag):
        if tag not in EMPTY:
            assert self.open.pop()[0] == tag

    def handle_data(self, text):
        languages = [language for _, language, _ in self.open if language]
        free = any(free for _, _, free in self.open)
        if languages:
            self.said[languages[0]][-1] += "" if free else text
        elif not free and (LATIN.search(text) or CHINESE.search(text)):
            self.stray.append(text.strip())


def pages_of(site):
    return [*site.root.glob("*.html"), *(site.root / "variants").iterdir()]


def test_no_page_says_anything_in_one_language_alone(built):
    for page in pages_of(built):
        reader = Reader()
        reader.feed(page.read_text())
        assert (page.name, reader.stray) == (page.name, [])
        assert len(reader.said["en"]) == len(reader.said["zh"]) > 20
        assert not [text for text in reader.said["en"] if CHINESE.search(text)]


def test_a_word_stands_in_every_language():
    assert say("best") == '<span class="en" lang="en">Best</span><span class="zh" lang="zh-Hans">最佳</span>'


def test_numbers_are_the_same_in_both_languages(built):
    for page in built.root.glob("*.html"):
        reader = Reader()
        reader.feed(page.read_text())
        for en, zh in zip(reader.said["en"], reader.said["zh"], strict=True):
            decimals = [re.findall(r"[+−]?\d+\.\d{2,}", text) for text in (en, zh)]
            assert decimals[0] == decimals[1]


@pytest.fixture
def greenwich(monkeypatch):
    """The clock of the page is that of the machine, wherever it stands."""
    with monkeypatch.context() as there:
        there.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


def test_moments_and_durations(greenwich):
    at = 1_764_000_000.0
    assert re.fullmatch(r"Mon 24 Nov 2025, \d\d:00", moment(at)["en"])
    assert re.fullmatch(r"2025年11月24日（周一）\d\d:00", moment(at)["zh"])
    assert period(at, at + 60)["en"].count("Nov") == 1
    assert (duration(45)["en"], duration(95)["en"], duration(3000)["en"]) == ("45 s", "1 min 35 s", "50 min")
    assert duration(28_320) == Text("7 h 52 min", "7 小时 52 分")
    assert (signed(-0.0004), signed(-0.25), signed(0.5)) == ("+0.000", "−0.250", "+0.500")


def test_what_the_evaluator_says_is_translated_and_what_others_say_is_not():
    said = told(Reason("failure.duplicate", {"twin": "x_2"}))
    assert "其计算结果与 x_2 逐数相同" in said
    assert (
        told(Reason.said("KeyError: 'gate' <b>"))
        == '<q class="said" translate="no">KeyError: &#39;gate&#39; &lt;b&gt;</q>'
    )


# What the figures show


def test_the_best_so_far_only_rises(home):
    history = home.history()
    data = progress(history, standings(history))
    merits = [history.merit(record.standing.run) for record in data.records]  # by the objective; averages may fall
    assert merits == sorted(merits)
    assert data.records[-1].standing.run == history.best
    assert [attempt.number for attempt in data.attempts] == list(range(1, len(data.attempts) + 1))
    assert {attempt.mark for attempt in data.attempts} >= {"record", "discarded", "failed"}
    hours = [attempt.hours for attempt in data.attempts]
    assert hours == sorted(hours)


def test_curves_lie_on_one_grid_and_hold_their_ends(home):
    run = home.with_curves(home.history().baseline)
    panel = panels(run, None)[0]
    seeds = run.card.tasks[panel.task].seeds
    assert len(panel.mean) == len(GRID)
    assert panel.mean[0] == pytest.approx(sum(seed.curve[0].accuracy for seed in seeds) / len(seeds))
    assert panel.mean[-1] == pytest.approx(sum(seed.curve[-1].accuracy for seed in seeds) / len(seeds))


def test_the_tree_holds_every_run_once_below_its_parent(home):
    history = home.history()
    nodes = tree(history, standings(history))
    assert sorted(node.standing.run.id for node in nodes) == sorted(run.id for run in history.runs)
    path = []
    for node in nodes:
        path = [*path[: node.depth], node.standing.run.name]
        assert node.standing.run.proposal.parents[:1] == tuple(path[-2:-1])
    assert any(node.also_from for node in nodes)
    lines = list(edges(history, standings(history)))
    assert sum(second for _, _, second in lines) == sum(len(node.also_from) for node in nodes)


def test_a_chain_deeper_than_pythons_stack_is_drawn(tmp_path):
    (first,) = write_history(tmp_path, 1)
    runs = [first]
    for number in range(1, 1200):
        proposal = replace(first.proposal, name=f"v_{number}", parents=(runs[-1].name,))
        runs.append(replace(first, id=f"20250101_000000_{number + 1}", proposal=proposal))
    history = replace(Workspace(tmp_path).history(), runs=tuple(runs))
    assert tree(history, standings(history))[-1].depth == 1199


def test_code_is_highlighted_line_by_line():
    source = 'def f(x):\n    """Two\n    lines <b>"""\n    return "a#b" + str(1.5)  # why\n'
    first, second, third, last = highlighted(source)
    assert first == '<span class="k">def</span> <span class="f">f</span>(x):'
    assert second == '    <span class="s">&#34;&#34;&#34;Two</span>'
    assert third == '<span class="s">    lines &lt;b&gt;&#34;&#34;&#34;</span>'
    assert last.endswith('<span class="c"># why</span>')
    assert "\N{REPLACEMENT CHARACTER}" in highlighted("x = 1  # \u202e hidden")[0]


def test_a_diff_shows_what_changed_and_a_little_around_it():
    old = "\n".join(f"line {number}" for number in range(30))
    new = old.replace("line 3\n", "line three\n").replace("line 25\n", "")
    lines = diff(old, new)
    assert [(line.kind, line.old, line.new) for line in lines if line.kind in ("old", "new")] == [
        ("old", 4, None), ("new", None, 4), ("old", 26, None)
    ]  # fmt: skip
    assert sum(line.kind == "gap" for line in lines) == 1
    assert diff(old, old) == ()


def test_notes_link_to_notes_and_nowhere_else():
    prose = Prose({"delta_net_4layer_x": Run("20250101_000000", "analysed", None, "", "")}, "../")
    html = prose.render("• better than delta_net_4layer_x and `delta_net_4layer_x`, not delta_net_4layer_xy\n• **yes**")
    assert html.count('href="../variants/20250101_000000.html"') == 2
    assert "<li>" in html
    assert "<strong>yes</strong>" in html
    for hostile in ("<script>x</script>", "![a](http://b/c.png)", "[a](http://b)", "<http://b>", "[a](javascript:b)"):
        assert not re.search("<(script|img|a)", prose.render(hostile))


def test_why_the_search_stopped(home, tmp_path):
    assert latest_search(home).stop["zh"] == "预定的 8 小时已到"
    assert latest_search(Workspace(tmp_path)).started is None
    write_history(tmp_path, 2)
    (tmp_path / "runs" / "ended.json").unlink()
    assert latest_search(Workspace(tmp_path)).stop["en"].startswith("it was cut off")
    with Workspace(tmp_path).locks.searching():
        assert latest_search(Workspace(tmp_path)).ended is None


# Serving


@contextmanager
def serving(site):
    with open_server(site, 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def get(port, path, host="127.0.0.1", method="GET"):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.putrequest(method, path, skip_host=True)
    connection.putheader("Host", f"{host}:{port}")
    connection.endheaders()
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def test_the_site_is_handed_out_and_nothing_else(home, built):
    with serving(built) as port:
        assert get(port, "/")[0] == 200
        assert get(port, "/index.html")[0] == 200
        assert get(port, "/live.html") == (200, "")
        for path in ("/../protocol.json", "/%2e%2e/protocol.json", "/..%2fprotocol.json", "//etc/passwd", "/variants/"):
            assert get(port, path)[0] == 404, path
        assert get(port, "/.built.json")[0] == 404
        assert get(port, "/%2ebuilt.json")[0] == 404
        assert get(port, "/", host="evil.example")[0] == 403
        assert get(port, "/", host="evil.example", method="HEAD")[0] == 403
        with home.locks.searching():
            assert "analysing" in get(port, "/live.html")[1]


def test_notebooks_read_the_table_with_its_spreads(home):
    entries = scoreboard(home.history())
    text = io.StringIO()
    rows = csv.DictWriter(text, list(entries[0].flat()))
    rows.writeheader()
    rows.writerows(entry.flat() for entry in entries)
    table = pandas.read_csv(io.StringIO(text.getvalue()), index_col="name")
    best = home.history().best
    assert table.loc[best.name, "average"] == pytest.approx(best.card.average, abs=1e-6)
    assert table["Memorize error"].dropna().gt(0).all()
    assert table.loc[table.failure.notna(), "average"].isna().all()


def test_a_port_that_is_taken_is_a_mistake(built):
    with serving(built) as port, pytest.raises(UsageError, match=f"port {port}: .*give another --port"):
        open_server(built, port)


def test_the_verb_builds_serves_and_ends_cleanly(tmp_path):
    write_history(tmp_path, 3)
    command = [sys.executable, "-m", "agent", "report", "--workspace", str(tmp_path), "--serve", "--port", "0"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen(command, text=True, start_new_session=True, **pipes)
    try:
        said = process.stdout.readline()
        assert re.fullmatch(rf"{tmp_path}/runs/site/index.html: (\d+) of \1 files made in [\d.]+ s\n", said)
        port = int(re.search(r"http://127.0.0.1:(\d+)/", process.stdout.readline()).group(1))
        assert get(port, "/")[0] == 200
        os.killpg(process.pid, signal.SIGINT)
        assert process.communicate(timeout=60)[1] == ""
        assert process.returncode == 0
    finally:
        process.kill()


def test_a_search_that_ends_says_why(tmp_path):
    """Through the journal, as the search does."""
    from agent.search.budget import Budget, Ledger
    from agent.search.journal import Journal
    from agent.store.status import read_end

    home = Workspace(tmp_path)
    journal = Journal(home, Ledger(Budget()), lambda status: None, lambda line: None)
    journal.write()
    journal.stopped(Text("its 3 runs are done", "已完成预定的 3 次运行"))
    assert read_end(home).reason["en"] == "its 3 runs are done"
    assert latest_search(home).stop["zh"] == "已完成预定的 3 次运行"
    assert json.loads((tmp_path / "runs" / "ended.json").read_text())["started"] == journal.status.started


def named(name, author="catalogue", spread=0.01, **scores):
    card = sample_card(spread=spread, **scores)
    milestones = (Milestone("proposed", START), Milestone("evaluated", START + SECONDS))
    return Run(name, "analysed", sample_proposal(name, author=author), "smoke", CARDS, milestones, card=card)


def reason_to_read(run):
    """What the morning page says of a run that is not the best."""
    known = History((named(TEMPLATE, BASELINE), run, named("best", **dict.fromkeys(TASK_FIELDS, 0.95))), {})
    found = night(known, standings(known), LatestSearch(None, None, Text("", "")))
    return next(highlight.why["en"] for highlight in found.highlights if highlight.standing.run == run)


@pytest.mark.parametrize(
    ("scores", "told"),
    [
        (
            {"Memorize": 0.9, "Compress": 0.55},
            "A gain beyond the noise: +0.075 ± 0.013, most of it on Memorize (+0.400).",
        ),
        ({"Memorize": 0.2, "Compress": 0.9, "Noisy_Recall": 0.3}, ", most of it on Memorize (−0.300)."),
        (dict.fromkeys(TASK_FIELDS, 0.7), ", the largest part on Compress (+0.200)."),
    ],
)
def test_the_task_that_made_the_difference_went_its_way(scores, told):
    assert reason_to_read(named("x", **scores)).endswith(told)


def test_a_confidence_is_cut_off_and_never_rounded_up():
    assert [confident(share) for share in (0.9467, 0.94999, 0.95, 0.9962, 0.9991, 1.0, 0.0)] == [
        "94.6%", "94.9%", "95.0%", "99.6%", "> 99.9%", "> 99.9%", "0.0%",
    ]  # fmt: skip


def test_a_person_s_variant_is_no_known_system_while_the_template_has_no_score(tmp_path):
    known = History((named("own", PERSON), named(GATED, BASELINE)), {})
    assert [standing.kind for standing in standings(known).values()] == ["discarded", "baseline"]
    write_run(tmp_path, replace(named("own", PERSON), id="20251124_000000"))
    write_search(tmp_path, 1)
    site = Site(Workspace(tmp_path))
    site.build()
    page = (site.root / "index.html").read_text()
    assert "own" in page
    assert "known system" not in page


def test_a_morning_with_nothing_but_a_proposal_says_that_it_waits(tmp_path):
    write_history(tmp_path, 1)
    waiting = replace(named("idea"), id="20251125_000000", card=None, stage="proposed")
    write_run(tmp_path, replace(waiting, milestones=(Milestone("proposed", START + 9.0),)))
    Site(Workspace(tmp_path)).build()
    page = (tmp_path / "runs" / "site" / "index.html").read_text()
    assert "Nothing was trained in this search." in page
    assert "1 proposal waits for a decision." in page
    assert "1 个提案待定。" in page


def test_pages_are_whole_when_the_template_has_no_score_yet(tmp_path):
    runs = write_history(tmp_path, 2)
    write_run(tmp_path, replace(runs[0], card=None, stage="approved"))
    site = Site(Workspace(tmp_path))
    site.build()
    assert Pages().variant is not None
    assert (site.root / "variants" / f"{runs[1].id}.html").exists()

"""A language more is one table of sentences more: no other code changes, and none has words of its own."""

import ast
import re
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from rich.console import Console
from sample_histories import made_history, write_history

import agent
from agent.analyst.note import analyse, render_note
from agent.cli.read import show
from agent.core.baselines import TEMPLATE
from agent.core.languages import LANGUAGES
from agent.core.languages.language import Language
from agent.core.resources import MOVES, TEMPLATE_FILE
from agent.core.run import SECTIONS
from agent.desk.card import render_card
from agent.desk.words import choose_language, next_language
from agent.llm.reply import gaps, texts
from agent.proposer.catalogue import Catalogue
from agent.proposer.moves import load_moves
from agent.report.site import Site
from agent.science.history import History
from agent.store.workspace import Workspace

PACKAGE = Path(agent.__file__).parent
# What the code reads in Chinese, and does not say: headings of older notes, the grammar of a model's claims, the words
# around its predictions, and those that stand for code that it left out.
READS_CHINESE = {
    "store/older_notes.py", "science/claim_words.py", "proposer/predictions.py", "proposer/code_in_reply.py",
    "science/verdict_claims.py",
}  # fmt: skip
CHINESE = re.compile(r"[\u3400-\u9fff]")


def marked(sentence):
    """An English sentence between marks, each of its alternatives by itself."""
    return "|".join(f"‹{form}›" for form in sentence.split("|"))


@pytest.fixture(autouse=True)
def toy(monkeypatch):
    english = LANGUAGES["en"]
    sentences = {key: marked(sentence) for key, sentence in english.sentences.items()}
    language = Language("xx", "xx-Test", "Toy", "TOY", "Toy", english.plural, sentences)
    monkeypatch.setitem(LANGUAGES, "xx", language)
    return language


def plain(text):
    return text.replace("‹", "").replace("›", "")


def test_a_note_is_written_in_it():
    runs = made_history(12)
    history, run = History(runs, {}), runs[-1]
    analysis = analyse(history, run)
    for text in analysis.values():
        assert text["xx"].startswith("‹• ‹")
        assert plain(text["xx"]) == text["en"]
    note = render_note(history, replace(run, analysis=analysis), "xx")
    assert all(f"‹{LANGUAGES['en'].sentences[f'section.{section}']}›" in note for section in SECTIONS)
    assert analysis["outcome"]["xx"] in note


def test_a_proposal_is_argued_in_it_and_the_desk_shows_its_card(tmp_path):
    runs = made_history(12)
    history, parent = History(runs, {}), runs[0]
    proposal = Catalogue(TEMPLATE_FILE.read_text(), load_moves(MOVES)).propose(history, parent, Random(0))
    for text in proposal.argument.values():
        assert plain(text["xx"]) == text["en"] != text["xx"]

    console = Console(width=130, record=True)
    console.print(render_card(replace(parent, stage="proposed", proposal=proposal, card=None), history, "xx", 130))
    card = console.export_text()
    assert "‹Why this change›" in card
    assert "‹so far" in card

    home = Workspace(tmp_path)
    assert choose_language(home, "xx") == choose_language(home, None) == "xx"
    assert [next_language(code) for code in ("en", "zh", "xx")] == ["zh", "xx", "en"]


def test_the_pages_show_it_and_switch_to_it(tmp_path):
    write_history(tmp_path, 12)
    site = Site(Workspace(tmp_path))
    site.build()
    page = (site.root / "index.html").read_text()
    assert '<span class="xx" lang="xx-Test">‹Best›</span>' in page
    assert 'data-languages="en zh-Hans xx-Test"' in page
    assert 'data-language="xx-Test" lang="xx-Test" translate="no">TOY</button>' in page
    assert 'html:not([lang="xx-Test"]) .xx { display: none' in (site.root / "assets" / "report.css").read_text()


def test_a_model_is_asked_for_it():
    assert "the part <outcome_xx> is missing: write it in Toy" in gaps({"outcome_en": "Well."}, ("outcome",))
    assert texts({"outcome_xx": "Wohl."}, ("outcome",))["outcome"]["xx"] == "Wohl."
    assert texts({}, ("outcome",))["outcome"]["xx"].startswith("‹(The model wrote nothing")


def test_a_note_is_shown_in_it(tmp_path, capsys):
    write_history(tmp_path, 3)
    show(TEMPLATE, lang="xx", workspace=tmp_path)
    assert "‹Expected Improvements›" in capsys.readouterr().out


def sources():
    """Every file of the package that is not a table of sentences, by its path inside it."""
    for path in sorted(PACKAGE.rglob("*")):
        name = path.relative_to(PACKAGE).as_posix()
        if path.suffix in (".py", ".j2", ".js", ".css") and not name.startswith("core/languages/"):
            yield name, path.read_text(encoding="utf-8")


def test_nothing_but_the_tables_has_words_in_chinese():
    found = {name for name, text in sources() if CHINESE.search(text)}
    assert found == READS_CHINESE


def test_no_code_says_the_same_in_two_languages():
    """A Text made in code has one language, or takes all of them from somewhere."""
    pairs = []
    for name, text in sources():
        for node in ast.walk(ast.parse(text)) if name.endswith(".py") else ():
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Text":
                words = [*node.args, *(keyword.value for keyword in node.keywords if keyword.arg)]
                if len(words) > 1 and "from rich.text import Text" not in text:
                    pairs.append(f"{name}, line {node.lineno}")
    assert pairs == []

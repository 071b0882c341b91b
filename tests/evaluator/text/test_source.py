"""Which files are held out: by their contents, none twice, all of a text, and the same on every machine."""

from dataclasses import replace
from itertools import chain, pairwise

import pytest
from small_text import small_protocol, write_text

from agent.core.errors import UsageError
from agent.evaluator.protocols import MAD, TEXT, TEXT_SMALL, choose_protocol, reading
from agent.evaluator.text.source import TextSource, read_source


def contents(text, split):
    return [document.path.read_bytes()[document.start : document.stop] for document in text.splits[split]]


@pytest.fixture
def folder(tmp_path):
    return write_text(tmp_path / "text")


def test_every_byte_is_in_one_split_and_a_twentieth_of_them_is_held_out(folder):
    text = read_source(TextSource(str(folder)))
    whole = sorted(path.read_bytes() for path in folder.rglob("*.py"))
    assert sorted(chain.from_iterable(contents(text, split) for split in text.splits)) == whole
    assert text.corpus.size == sum(map(len, whole))
    assert text.corpus.files == 50
    for split in ("test", "validation"):
        assert 0.05 <= text.size(split) / text.corpus.size < 0.12
    assert text.corpus.held_out == text.size("test")


def test_names_decide_nothing_and_a_file_that_is_there_twice_is_in_one_split(folder, tmp_path):
    text = read_source(TextSource(str(folder)))
    held = {*contents(text, "test")}
    other = tmp_path / "other"
    other.mkdir()
    for number, path in enumerate(sorted(folder.rglob("*.py"), reverse=True)):
        (other / f"{number}.txt").write_bytes(path.read_bytes())
    renamed = read_source(TextSource(str(other)))
    assert {*contents(renamed, "test")} == held
    assert renamed.corpus.digest != text.corpus.digest
    for path in folder.rglob("*.py"):
        (other / f"copy of {path.name}").write_bytes(path.read_bytes())
    twice = read_source(TextSource(str(other)))
    assert not {*contents(twice, "test")} & ({*contents(twice, "train")} | {*contents(twice, "validation")})


def test_a_single_file_is_held_out_in_pieces(tmp_path):
    path = tmp_path / "all.txt"
    path.write_text("".join(f"line {number} of it\n" for number in range(2000)))
    text = read_source(TextSource(str(path)))
    assert text.corpus.files == 1
    pieces = sorted((piece.start, piece.stop) for documents in text.splits.values() for piece in documents)
    assert pieces[0][0] == 0
    assert pieces[-1][1] == path.stat().st_size
    assert all(one[1] == other[0] for one, other in pairwise(pieces))
    assert 0.05 <= text.corpus.held_out / text.corpus.size < 0.1


def test_hidden_files_links_and_binaries_are_no_text(folder):
    before = read_source(TextSource(str(folder))).corpus
    (folder / ".hidden").write_text("a key")
    (folder / "picture").write_bytes(b"\x89PNG\0\0")
    (folder / "link").symlink_to("/etc/passwd")
    (folder / "empty").touch()
    assert read_source(TextSource(str(folder))).corpus == before
    (folder / "further").write_text("def more(): pass\n" * 9)
    assert read_source(TextSource(str(folder))).corpus.digest != before.digest


def test_a_text_that_is_missing_too_small_or_another_is_refused(folder, tmp_path):
    with pytest.raises(UsageError, match="neither a folder nor a file"):
        read_source(TextSource(str(tmp_path / "nowhere")))
    with pytest.raises(UsageError, match=r"too few for windows of 1,000: give at least 40,000"):
        read_source(TextSource(str(folder)), longest=1000)
    with pytest.raises(UsageError, match="not the text that was meant"):
        read_source(TextSource(str(folder), "0123456789ab"))


def test_the_default_text_is_the_python_sources_of_torch():
    protocol = choose_protocol("text-small", "cpu")
    corpus = read_source(protocol.text).corpus
    assert corpus.name.startswith("the Python sources of torch 2")
    assert corpus.digest == protocol.text.digest
    assert corpus.files > 1000
    assert corpus.size > 20e6


def test_the_fingerprint_is_of_the_text_and_not_of_where_it_lies(folder, tmp_path):
    here = small_protocol(folder)
    there = reading(here, str(folder.rename(tmp_path / "moved")))
    unread = replace(here, text=TextSource())
    assert here.fingerprint == there.fingerprint != unread.fingerprint
    (setting,) = here.plans[0].settings
    assert here.setting_fingerprint(setting) != unread.setting_fingerprint(setting)
    assert reading(there) == there
    with pytest.raises(UsageError, match="protocol mad reads no text"):
        reading(MAD, str(tmp_path))


def test_the_protocols_of_text_fill_no_column_of_the_table():
    for protocol in (TEXT_SMALL, TEXT):
        assert protocol.tasks == ()
        assert protocol.further == ("Text",)
        assert protocol.longest_window == 4 * protocol.plans[0].settings[0].length + 1
    assert replace(MAD, name="other").longest_window == 1

"""`python -m benchmarks`: which benches there are, and a word that is none."""

import sys

import pytest

from benchmarks.__main__ import main


def test_a_word_that_is_no_bench_is_refused_with_those_that_there_are(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["benchmarks", "trainer", "nonsense"])
    with pytest.raises(SystemExit, match="2"):
        main()
    assert "there is no bench 'nonsense': choose of trainer, " in capsys.readouterr().err

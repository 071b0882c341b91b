"""What the benchmark of the choice prints."""

import re

from benchmarks.choice import choice


def test_it_times_the_choice_after_so_many_rows(capsys):
    choice(rows=(0, 3))
    title, *lines = capsys.readouterr().out.splitlines()
    assert re.match(r"choice: the next of [\d,]{5,} sets of \d+ moves", title)
    assert [line.split()[0] for line in lines] == ["0", "3"]
    assert all(line.count("of CPU time") == 2 for line in lines)

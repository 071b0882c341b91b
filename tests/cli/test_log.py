"""`log`: what it says where there is no lineage yet."""

from agent.cli.read import log


def test_where_nothing_has_a_score_it_says_how_to_begin(tmp_path, capsys):
    log(workspace=tmp_path)
    assert capsys.readouterr().out.startswith("no variant has a score yet; begin with ")

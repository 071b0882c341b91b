"""A search from mixers that are named: they are measured, and are the parents with what is made of them."""

from random import Random

import pytest
from sample_cards import FINGERPRINT, sample_card, sample_proposal
from small_search import Script, small_search

from agent.core.baselines import BASELINES, GATED, TEMPLATE, proposed_paths, published_paths
from agent.core.errors import Unavailable, UsageError
from agent.core.failure import Failure
from agent.core.reason import Reason
from agent.core.resources import MOVES
from agent.core.run import BASELINE, Run
from agent.proposer.fallback import Fallback
from agent.proposer.fitting import fit_moves
from agent.proposer.known import CannotStart, family_of, known_variant, next_known
from agent.proposer.moves import load_moves
from agent.science.history import History
from agent.search.assembly import make_catalogue
from agent.search.config import Config, read_config
from agent.search.drafts import Drafts

KDA = published_paths()["kda"].read_text()
ALL = load_moves(MOVES)


def run(number, proposal, **facts):
    facts = {"stage": "analysed", "card": sample_card()} | facts
    return Run(f"20250101_0000{number:02}", proposal=proposal, protocol="smoke", fingerprint=FINGERPRINT, **facts)


def history(*proposals, **facts):
    return History(tuple(run(number, proposal, **facts) for number, proposal in enumerate(proposals)), {})


def test_the_flag_and_the_setting_take_names_of_the_field_and_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(KDA)
    found = read_config(tmp_path, {"start_from": ["KDA", "gated_delta_net", "mine.py", "kda"]})
    assert found.start_from == ("kda", GATED, str(tmp_path / "mine.py"))
    (tmp_path / "search.toml").write_text(f'baselines = ["{TEMPLATE}", "RWKV-7"]\nstart_from = ["mine.py"]')
    monkeypatch.chdir("/")  # a file in search.toml is named from where that stands
    found = read_config(tmp_path, {})
    assert (found.baselines, found.start_from) == ((TEMPLATE, "rwkv7"), (str(tmp_path / "mine.py"),))
    with pytest.raises(UsageError, match="start_from: there is none named 'best'; there are delta_net_4layer"):
        read_config(tmp_path, {"start_from": ["best"]})
    assert Config().start_from == ()


def test_a_published_mixer_is_measured_under_its_name_with_its_title():
    proposal = next_known(history(known_variant(TEMPLATE)), (TEMPLATE, "kda"), set())
    assert (proposal.name, proposal.author, proposal.source, proposal.moves) == ("kda", BASELINE, KDA, ())
    assert proposal.title["en"].startswith("KDA: ")
    assert "门控" in proposal.title["zh"]
    assert "arXiv 2510.26692" in proposal.argument["reasoning"]["zh"]


def test_what_the_older_notes_propose_next_is_measured_as_it_is_and_is_none_of_the_twelve(tmp_path):
    (name,) = proposed_paths()
    assert name not in BASELINES
    assert read_config(tmp_path, {"start_from": ["softmax_tanh_and_write_gated_by_beta"]}).start_from == (name,)
    proposal = next_known(history(known_variant(TEMPLATE)), (TEMPLATE, name), set())
    assert (proposal.name, proposal.author, proposal.moves) == (name, BASELINE, ())
    assert "no known score" in proposal.argument["observations"]["en"]
    assert next_known(history(known_variant(TEMPLATE), proposal), (TEMPLATE, name), set()) is None


def test_a_file_of_ones_own_is_measured_once_and_again_when_it_has_changed(tmp_path):
    path = tmp_path / "My Mixer.py"
    path.write_text(KDA)
    proposal = next_known(history(known_variant(TEMPLATE)), (str(path),), set())
    assert (proposal.name, proposal.author) == ("my_mixer", BASELINE)
    assert proposal.title["zh"] == "My Mixer.py，你自己的文件"
    measured = history(known_variant(TEMPLATE), proposal)
    assert next_known(measured, (str(path),), set()) is None
    path.write_text(KDA.replace("0.0, 2.77", "0.0, 1.77"))
    known_variant.cache_clear()  # as in the next search
    assert next_known(measured, (str(path),), set()).name == "my_mixer_2"


def test_its_family_is_what_was_made_of_it():
    made = sample_proposal("kda_x", parents=("kda",))
    more = sample_proposal("kda_x_y", parents=("kda_x",))
    other = sample_proposal("other", parents=(TEMPLATE,))
    known = history(known_variant(TEMPLATE), known_variant("kda"), made, more, other)
    assert family_of(known, ("kda",)) == {"kda", "kda_x", "kda_x_y"}
    assert family_of(known, ()) == frozenset()


def test_drafts_are_made_of_the_family_alone():
    other = sample_proposal("other", parents=(TEMPLATE,))
    known = history(known_variant(TEMPLATE), known_variant("kda"), other)
    for seed in range(12):
        draft = Drafts(make_catalogue(), seed, start_from=("kda",)).next(known)
        assert draft.proposal.parents[0] == "kda"
        assert draft.proposal.name.startswith("kda_")
    named = Drafts(make_catalogue(), 0, start_from=("kda",)).next(known, parent=TEMPLATE)  # by a person
    assert named.proposal.parents == (TEMPLATE,)


def test_while_a_model_is_away_the_catalogue_goes_on_from_the_parent_that_was_chosen():
    class Away:
        def propose(self, history, parent, draw, idea=""):
            raise Unavailable("gone")

    known = history(known_variant(TEMPLATE), known_variant("kda"))
    both = Fallback(Away(), make_catalogue(), lambda line: None)
    assert all(both.propose(known, known.find("kda"), Random(seed)).parents == ("kda",) for seed in range(8))


def test_where_none_of_them_has_a_score_there_is_nothing_to_start_from():
    failure = Failure("crash", Reason.said("it fell over"))
    failed = History((run(0, known_variant(TEMPLATE)), run(1, known_variant("kda"), card=None, failure=failure)), {})
    with pytest.raises(CannotStart, match=r"kda, which the search was to start from, could not be scored"):
        family_of(failed, ("kda",))


def test_what_a_move_makes_of_a_published_mixer_holds_its_code():
    known = history(known_variant(TEMPLATE), known_variant("kda"))
    proposal = make_catalogue().propose(known, known.find("kda"), Random(0), "value_skip")
    assert "channel_decay_between" in proposal.source
    assert "skipped = skip.unsqueeze(2) * v" in proposal.source
    assert proposal.moves == ("value_skip",)


def test_moves_that_do_not_fit_are_told_with_the_line_that_they_look_for():
    found = fit_moves(KDA, ALL)
    assert {"value_skip", "output_correction"} <= {*found.fit}
    assert len(found.fit) + sum(map(len, found.skipped.values())) == found.moves == len(ALL)
    lines = list(found.lines("kda"))
    assert lines[0].startswith(f"· {len(found.fit)} moves of {len(ALL)} fit the code of kda: ")
    assert any(line.startswith("  skipped, as no line is `k_beta = k * beta`: preconditioned_keys") for line in lines)
    assert not fit_moves(published_paths()["mamba1"].read_text(), ALL).fit


@pytest.mark.slow
def test_a_search_measures_it_first_and_then_changes_it(tmp_path):
    search = small_search(tmp_path, 1, make_catalogue(), baselines=(TEMPLATE, "kda"))
    search.drafts.start_from = ("kda",)
    search.run()
    template, known, ours = search.workspace.history().runs[:3]
    assert (template.name, known.name, known.proposal.author) == (TEMPLATE, "kda", BASELINE)
    assert ours.proposal.parents[0] == "kda"
    assert ours.scored or ours.failure


def test_a_script_is_not_held_up_where_no_start_is_named(tmp_path):
    known = history(known_variant(TEMPLATE))
    assert Drafts(Script(sample_proposal("a")), 0).next(known).proposal.name == "a"

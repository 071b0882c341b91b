"""The known mixers are found by the names that people write, and each published one has its titles."""

import pytest

from agent.core.baselines import (
    BASELINES,
    GATED,
    TEMPLATE,
    control_paths,
    field_name,
    find_known,
    known_path,
    proposed_paths,
    published_paths,
)
from agent.core.languages import LANGUAGES


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("kda", "kda"),
        ("control value only", "control_value_only"),
        ("KDA", "kda"),
        ("Gated DeltaNet-2", "gated_delta_net_2"),
        ("mamba-2", "mamba2"),
        ("TTT-Linear", "ttt_linear"),
        ("gated_delta_net", GATED),
        ("softmax tanh and write gated by beta", f"{TEMPLATE}_softmax_tanh_and_write_gated_by_beta"),
        ("DeltaNet", TEMPLATE),
        ("template", TEMPLATE),
        ("tanh_on_error_before_state_update", f"{TEMPLATE}_tanh_on_error_before_state_update"),
    ],
)
def test_a_mixer_is_found_as_papers_write_it(word, name, tmp_path):
    assert find_known(word, tmp_path) == name
    assert known_path(name).is_file()


def test_every_mixer_is_found_by_its_own_name_and_no_two_are_mistaken(tmp_path):
    for name in [*BASELINES, *proposed_paths(), *published_paths(), *control_paths()]:
        assert find_known(name, tmp_path) == name
        assert find_known(field_name(name), tmp_path) == name


def test_a_file_of_ones_own_is_found_where_it_lies(tmp_path):
    (tmp_path / "mine.py").write_text("")
    assert find_known("mine.py", tmp_path) == str(tmp_path / "mine.py")
    with pytest.raises(LookupError, match=r"there is no file .*yours\.py"):
        find_known("yours.py", tmp_path)


def test_a_file_is_looked_for_in_one_folder_after_the_other(tmp_path):
    near, far = tmp_path / "near", tmp_path / "far"
    for folder in (near, far):
        folder.mkdir()
        (folder / "both.py").write_text("")
    (far / "mine.py").write_text("")
    assert find_known("both.py", near, far) == str(near / "both.py")
    assert find_known("mine.py", near, far) == str(far / "mine.py")
    with pytest.raises(LookupError) as refused:
        find_known("yours.py", near, far)
    assert str(refused.value) == f"there is no file {near / 'yours.py'} or {far / 'yours.py'}"
    with pytest.raises(LookupError) as refused:
        find_known("yours.py", near, near)
    assert str(refused.value) == f"there is no file {near / 'yours.py'}"


@pytest.mark.parametrize("word", ["", "-", "rwkv"])
def test_what_is_no_name_is_told_the_names(word, tmp_path):
    with pytest.raises(LookupError, match=r"there are delta_net_4layer, .* kda, "):
        find_known(word, tmp_path)


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_published_mixer_has_a_title(code):
    titles = {name: LANGUAGES[code].sentences[f"mixer.{name}"] for name in published_paths()}
    assert len(set(titles.values())) == len(titles)
    assert {key for key in LANGUAGES[code].sentences if key.startswith("mixer.")} == {f"mixer.{n}" for n in titles}

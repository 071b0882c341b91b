"""The measured noise of settings: as it is shipped, and as cards of different seeds tell it."""

from dataclasses import replace
from statistics import stdev

import pytest
from sample_cards import sample_card

from agent.science import noise
from agent.science.noise import Replicates, noise_of, read_noise
from agent.science.setting_noise import Noise


def test_noise_is_read_for_its_own_protocol_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(noise, "MEASURED", tmp_path)
    assert read_noise("aaaa") == {}
    (tmp_path / "quick_noise.csv").write_text("fingerprint,setting,seeds,std\naaaa,one,5,0.03\naaaa,two,9,0.001\n")
    (tmp_path / "mad_noise.csv").write_text("fingerprint,setting,seeds,std\nbbbb,one,3,0.5\n")
    assert read_noise("aaaa") == {"one": Noise(0.03, 5), "two": Noise(0.001, 9)}
    assert read_noise("bbbb") == {"one": Noise(0.5, 3)}
    assert read_noise("cccc") == {}


def lone(score):
    """A card of one task and one setting, with one seed."""
    card = sample_card()
    task = card.tasks["Memorize"]
    return replace(card, tasks={"Memorize": replace(task, seeds=(replace(task.seeds[0], macro=score),))})


def test_it_is_the_standard_deviation_over_the_seeds_of_several_cards():
    (setting,) = lone(0.0).tasks["Memorize"].by_setting
    assert noise_of([lone(0.2)]) == {}
    found = noise_of([lone(0.2), lone(0.3), lone(0.7)])
    odds = Noise(0.0, 3)  # their micro accuracy is the same
    assert found == {setting: Noise(pytest.approx(stdev([0.2, 0.3, 0.7])), 3, log_odds=odds)}


def test_that_of_a_workspace_is_of_the_settings_that_were_replicated_alone():
    (setting,) = lone(0.0).tasks["Memorize"].by_setting
    template = sample_card()  # of more tasks, with more seeds
    assert Replicates("aaaa").noise(template) == {}
    assert Replicates("aaaa", (lone(0.2),)).noise(template).keys() == {setting}
    assert Replicates("aaaa", (lone(0.2),)).noise(None) == {}


def test_what_is_shipped_goes_before_what_was_measured_here(tmp_path, monkeypatch):
    (setting,) = lone(0.0).tasks["Memorize"].by_setting
    monkeypatch.setattr(noise, "MEASURED", tmp_path)
    (tmp_path / "mad_noise.csv").write_text(f"fingerprint,setting,seeds,std\nbbbb,{setting},9,0.5\n")
    here = (lone(0.2), lone(0.3))
    assert Replicates("bbbb", here).noise(None) == {setting: Noise(0.5, 9)}
    assert Replicates("aaaa", here).noise(None)[setting].seeds == 2

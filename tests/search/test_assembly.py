"""What a search is assembled with: whether a row may be stopped half way, and what its winners are verified by."""

import pytest

from agent.core.errors import UsageError
from agent.core.isolation import Isolation
from agent.evaluator.protocols import SMOKE, VERIFYING
from agent.search.assembly import assemble
from agent.search.config import Config
from agent.search.screen import Screen
from agent.store.workspace import Workspace


@pytest.mark.parametrize(("legs", "parts"), [(True, 2), (False, 1)])
def test_without_legs_every_row_is_trained_at_once_under_the_same_protocol(tmp_path, legs, parts):
    config = Config(protocol="smoke", device="cpu", proposer="catalogue", legs=legs)
    screen = Screen(lambda status: None, lambda line: None)
    search = assemble(config, Workspace(tmp_path), Isolation(said="as in tests"), screen)
    assert len(search.protocol.leg_parts()) == parts
    assert search.protocol.fingerprint == SMOKE.fingerprint


@pytest.mark.parametrize(("protocol", "verified_by"), [("smoke", ()), ("quick", VERIFYING)])
def test_what_wins_under_smoke_is_not_verified_since_its_scores_mean_nothing(tmp_path, protocol, verified_by):
    config = Config(protocol=protocol, device="cpu", proposer="catalogue")
    screen = Screen(lambda status: None, lambda line: None)
    assert assemble(config, Workspace(tmp_path), Isolation(said="as in tests"), screen).verifies_by == verified_by


def test_the_seeds_that_winners_are_verified_by_are_kept_from_a_search(tmp_path):
    config = Config(protocol="verify", device="cpu", proposer="catalogue")
    screen = Screen(lambda status: None, lambda line: None)
    with pytest.raises(UsageError, match="the seeds of verify are kept for what a search has found"):
        assemble(config, Workspace(tmp_path), Isolation(said="as in tests"), screen)

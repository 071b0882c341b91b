"""What a training step asks of a GPU, counted on a pretended one: bars that may only fall, and nothing left behind."""

import json
import subprocess
import sys

import pytest

from agent.core.baselines import BASELINES, GATED, TEMPLATE, baseline_path
from agent.core.resources import MOVES
from agent.proposer.moves import load_moves
from benchmarks.pretended_cuda import UNAVAILABLE

SOFTMAX = f"{TEMPLATE}_softmax_normalised_intra_chunk_causal_attention"
ADAM = f"{TEMPLATE}_adam_style_adaptive_state_update_after_output"

# Thousands of bytes touched a token, and launches, of one replica's step under mad by length. They may only fall: where
# a change lowers one, lower its bar.
BARS = {
    TEMPLATE: {32: (96.9, 158), 128: (93.5, 158), 512: (92.6, 158)},
    GATED: {32: (97.1, 192), 128: (93.7, 192), 512: (92.8, 192)},
    SOFTMAX: {32: (282.5, 346), 128: (313.9, 464), 512: (323.9, 920)},
    ADAM: {32: (392.9, 374), 128: (558.4, 700), 512: (612.1, 2020)},
}


def counted(*options):
    """A row for each variant and length, from a process that pretends from its start."""
    command = [sys.executable, "-m", "benchmarks.ledger", "--json", *map(str, options)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode == UNAVAILABLE:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.slow
def test_a_step_touches_and_launches_no_more_than_it_did():
    names = {baseline_path(name).stem: name for name in BARS}
    lengths = [word for length in BARS[TEMPLATE] for word in ("-L", length)]
    over = []
    for row in counted(*lengths, *map(baseline_path, BARS)):
        kilobytes, launches = BARS[names[row["variant"]]][row["length"]]
        if row["kilobytes"] > kilobytes or row["launches"] > launches:
            over.append(row)
    assert over == []


@pytest.mark.slow
def test_every_known_op_and_move_takes_a_step_on_the_device_of_its_arguments():
    found = {row["variant"] for row in counted("--known", "-L", 64)}
    assert found >= {baseline_path(name).stem for name in BASELINES} | set(load_moves(MOVES))

"""What `evaluate` says of a variant that takes more than the template, and of what it leaves out of a file."""

from typer.testing import CliRunner

from agent.cli.main import app

VARIANT = """\
import torch
LEARNED_PARAMETERS = {"keys": ((256, "key"), (-1.0, 1.0))}
@torch.compile
def same(x): return x
def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32, *, keys):
    o = same(beta.unsqueeze(-1) * v) + (q @ keys.unsqueeze(1).transpose(-1, -2)).sum(-1, keepdim=True)
    return o, v.new_zeros(len(v), 1)
"""


def test_a_variant_that_takes_more_is_said_to_be_larger_and_what_is_left_out_is_told(tmp_path):
    (tmp_path / "variant.py").write_text(VARIANT)
    asked = ["evaluate", str(tmp_path / "variant.py"), "--protocol", "smoke", "--task", "Memorize"]
    told = CliRunner().invoke(app, [*asked, "--workspace", str(tmp_path)])
    assert told.exit_code == 0, told.output
    assert "larger, never better: it takes 1.73 times the parameters of the template" in told.output
    assert "line 3: the decorator torch.compile is left out" in told.stderr

"""Every published mixer computes what fla-core's naive reference of it computes, where fla-core is installed."""

import field_references
import pytest
import torch
from sample_inputs import sample

from agent.core.baselines import published_paths
from agent.evaluator.contract.variant import load_variant

FOLDER = field_references.library_folder()
NO_REFERENCE = {"path_gate_fusion"}  # ASI-Arch's own, not in the library
EXACT = 1e-9
# The library solves exactly; conjugate gradients stop after 20 steps.
TOLERANCE = {"mesa_net": 1e-5}
needs_the_library = pytest.mark.skipif(FOLDER is None, reason="fla-core is not installed: pip install .[field]")


def test_every_published_mixer_has_its_reference_but_those_that_the_library_lacks():
    written = {name for name in published_paths() if hasattr(field_references, name)}
    assert written == published_paths().keys() - NO_REFERENCE


@needs_the_library
@pytest.mark.parametrize("name", sorted(published_paths().keys() - NO_REFERENCE))
def test_it_computes_what_the_library_computes(name):
    variant = load_variant(published_paths()[name])
    library = field_references.Library(FOLDER)
    torch.set_default_dtype(torch.float64)
    try:
        for length in (1, 33, 64):
            arguments = sample(variant.declaration, length, batch=2, heads=2, key_dim=16, value_dim=16, seed=length)
            for parameter in variant.declaration.parameters:  # one for all sequences, as the library has them
                arguments[parameter] = arguments[parameter][:1].expand_as(arguments[parameter])
            outputs, _ = variant.op(**arguments, chunk_size=32)
            positional = [arguments.pop(part) for part in ("q", "k", "v", "beta")]
            expected = getattr(field_references, name)(library, *positional, 32, **arguments)
            apart = float((outputs - expected).abs().max() / expected.abs().max())
            assert apart < TOLERANCE.get(name, EXACT), f"{length} tokens"
    finally:
        torch.set_default_dtype(torch.float32)

"""The mechanisms that are known by name, and which of them a variant holds."""

from collections.abc import Callable, Mapping
from functools import lru_cache

from agent.core.text import Text, say
from agent.science.mechanisms import fading, passages, writing
from agent.science.mechanisms.reading import Reading, TooTangled

RECOGNISERS: Mapping[str, Callable[[Reading], bool]] = {
    "decay": fading.has_decay,
    "channel decay": fading.has_channel_decay,
    "momentum": fading.has_momentum,
    "adaptive step": fading.has_adaptive_step,
    "bounded error": writing.has_bounded_error,
    "normalised error": writing.has_normalised_error,
    "no correction": writing.has_no_correction,
    "write gate": writing.has_write_gate,
    "erase gate": writing.has_erase_gate,
    "second memory": fading.has_second_memory,
    "slots": fading.has_slots,
    "least squares": fading.has_least_squares,
    "preconditioned keys": writing.has_preconditioned_keys,
    "value trace": fading.has_value_trace,
    "value skip": passages.has_value_skip,
    "current token bonus": passages.has_current_token_bonus,
    "convolution": passages.has_convolution,
    "rotation": passages.has_rotation,
    "window attention": passages.has_window_attention,
    "softmax within the chunk": passages.has_softmax_within,
    "feature map": passages.has_feature_map,
    "centred keys": passages.has_centred_keys,
    "query correction": passages.has_query_correction,
    "output gate": passages.has_output_gate,
    "negative eigenvalues": passages.has_negative_eigenvalues,
    "implicit step": passages.has_implicit_step,
    "several steps a token": passages.has_steps_a_token,
    "learned start": passages.has_learned_start,
}


@lru_cache(maxsize=4096)
def recognised(source: str) -> frozenset[str]:
    """The mechanisms that are found in a variant's file. What is not found may be there all the same."""
    try:
        reading = Reading.of(source)
        return frozenset(name for name, holds in RECOGNISERS.items() if reading is not None and holds(reading))
    except (RecursionError, TooTangled):
        return frozenset()


def mechanism_text(name: str) -> Text:
    """A mechanism in a few words of every language."""
    return say(f"mechanism.{name}")

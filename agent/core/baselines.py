"""The known mixers by their names: those with known scores, what their notes propose next, the field's, controls."""

import csv
from pathlib import Path

from agent.core.resources import KNOWN_VARIANTS
from agent.core.text import ENGLISH, say

TEMPLATE = "delta_net_4layer"
GATED = "gated_delta_net_4layer"

# The template, ten changes to it, and Gated DeltaNet, in the order of baselines/reference.csv.
BASELINES = (
    TEMPLATE,
    f"{TEMPLATE}_adam_style_adaptive_state_update_after_output",
    f"{TEMPLATE}_adaptive_exponential_decay_on_state_before_and_after_prediction_per_chunk",
    f"{TEMPLATE}_add_affine_free_layernorm_on_qk_before_l2norm",
    f"{TEMPLATE}_add_momentum_to_state_update_after_output",
    f"{TEMPLATE}_add_rope_to_keys_and_queries_before_l2norm",
    f"{TEMPLATE}_rope_softmax_intra_chunk_tanh_error",
    f"{TEMPLATE}_sigmoid_gate_on_state_update_per_chunk_using_mean_beta",
    f"{TEMPLATE}_softmax_intra_chunk_and_tanh_error_bounding",
    f"{TEMPLATE}_softmax_normalised_intra_chunk_causal_attention",
    f"{TEMPLATE}_tanh_on_error_before_state_update",
    GATED,
)


def baseline_path(name: str) -> Path:
    """The variant file of a baseline; LookupError, with the names that exist, for any other name."""
    if name not in BASELINES:
        raise LookupError(f"there is no baseline named {name!r}; the baselines are {', '.join(BASELINES)}")
    if name == TEMPLATE:
        return KNOWN_VARIANTS / "delta_net.py"
    if name == GATED:
        return KNOWN_VARIANTS / "gated_delta_net.py"
    change = name.removeprefix(f"{TEMPLATE}_")
    return KNOWN_VARIANTS / "history" / f"{change}.py"


def published_paths() -> dict[str, Path]:
    """The field's published mixers that ship with the project: name, such as kda -> its variant file."""
    return {path.stem: path for path in sorted((KNOWN_VARIANTS / "published").glob("*.py"))}


def proposed_paths() -> dict[str, Path]:
    """What the notes on the known scores propose next, without a known score: delta_net_4layer_CHANGE -> its file."""
    return {f"{TEMPLATE}_{path.stem}": path for path in sorted((KNOWN_VARIANTS / "proposed").glob("*.py"))}


def control_paths() -> dict[str, Path]:
    """The controls, mixers that hold nothing of what lies further back: control_value_only -> its variant file."""
    return {f"control_{path.stem}": path for path in sorted((KNOWN_VARIANTS / "controls").glob("*.py"))}


def known_path(name: str) -> Path:
    """The variant file of a known mixer, by what `find_known` returns: a shipped name, or a path."""
    if name in BASELINES:
        return baseline_path(name)
    return {**proposed_paths(), **published_paths(), **control_paths()}.get(name) or Path(name)


def find_known(word: str, *folders: Path) -> str:
    """The known mixer that somebody means: its full name, or the absolute path of a file of one's own; `template` is
    the template, as everywhere.

    Capitals, spaces and dashes do not count, so that KDA and "Gated DeltaNet-2" are found as papers write them. A file
    is looked for in each of the folders. LookupError, with the names that there are, for anything else.
    """
    names = [*BASELINES, *proposed_paths(), *published_paths(), *control_paths()]
    if word.endswith(".py"):
        paths = list(dict.fromkeys((folder / Path(word).expanduser()).absolute() for folder in folders))
        if (found := next((path for path in paths if path.is_file()), None)) is None:
            raise LookupError(f"there is no file {' or '.join(map(str, paths))}")
        return str(found)
    meant = _squeezed(TEMPLATE if word == "template" else word)
    for name in names:
        shorter = name.removeprefix(f"{TEMPLATE}_").removesuffix("_4layer")
        if meant and meant in {_squeezed(name), _squeezed(shorter), _squeezed(field_name(name))}:
            return name
    raise LookupError(f"there is none named {word!r}; there are {', '.join(names)}, and files of your own (.py)")


def field_name(name: str) -> str:
    """A published mixer as papers write it, such as KDA; the name itself for any other."""
    return say(f"mixer.{name}")[ENGLISH].partition(": ")[0] if name in published_paths() else name


def _squeezed(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def reference_scores() -> dict[str, dict[str, float]]:
    """The known scores: baseline -> task -> accuracy in 0..1, both in the table's order."""
    with (KNOWN_VARIANTS / "reference.csv").open(newline="") as table:
        # The first column has no title, as pandas writes an index.
        return {row.pop(""): {task: float(score) for task, score in row.items()} for row in csv.DictReader(table)}


def moves_of(name: str) -> tuple[str, ...]:
    """The move of the catalogue that makes a baseline out of the template; none for the template itself."""
    if name == GATED:
        return ("data_dependent_decay",)
    return (name.removeprefix(f"{TEMPLATE}_"),) if name != TEMPLATE else ()

"""The Triton kernels of the fixed part, built once a machine and handed to workers as copies.

They are built where no line of a variant runs, by steps of the template. A worker finds copies in its own folder, where
Triton looks first; whatever it does to them is lost with that folder. What is missing it builds for itself, as it would
all of it. Nothing here fails an evaluation: without the kernels it only takes longer to begin.

    python -m agent.evaluator.kernel_cache       # builds into TRITON_CACHE_DIR, on a GPU
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

import agent.kernels
from agent.core.baselines import TEMPLATE, baseline_path
from agent.evaluator.contract.variant import load_variant
from agent.evaluator.fused_op import with_fused_op
from agent.evaluator.protocol import Protocol
from agent.evaluator.protocols import MAD
from agent.evaluator.training.tensor_cores import use_tensor_cores
from agent.evaluator.training.trainer import Training

SECONDS = 600.0  # to build them all
BUILDER = (sys.executable, "-m", "agent.evaluator.kernel_cache")
KEPT_IN = "TRITON_CACHE_DIR"
TASKS = ("Compress", "Memorize", "Context Recall", "Selective Copy")


def hand_out_kernels(folder: Path, device: str) -> None:
    """Leave copies of the built kernels in a worker's folder; they are built first where this machine has none yet."""
    if device != "cuda":
        return
    kept = _kept()
    with suppress(OSError):  # no room, or no home: workers then build for themselves
        if not kept.exists():
            _build(kept)
        if kept.exists():
            _copy(kept, folder)


def _copy(kept: Path, folder: Path) -> None:
    """Copy all, and have what lists the files of a kernel by their whole paths list the copies."""
    shutil.copytree(kept, folder, dirs_exist_ok=True)
    for listing in folder.glob("*/__grp__*.json"):
        facts = json.loads(listing.read_text())
        facts["child_paths"] = {
            name: str(listing.parent / Path(path).name) for name, path in facts["child_paths"].items()
        }
        listing.write_text(json.dumps(facts))


def _kept() -> Path:
    """Where this machine keeps them: a folder for each state of the sources and versions."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return home / "deltasearch" / "kernels" / _digest()


def _digest() -> str:
    sources = sorted(Path(agent.kernels.__file__).parent.glob("*.py"))
    known = hashlib.sha256(b"".join(path.read_bytes() for path in sources))
    for package in ("torch", "triton"):
        with suppress(PackageNotFoundError):
            known.update(f"{package} {version(package)}".encode())
    return known.hexdigest()[:16]


def _build(kept: Path) -> None:
    """Build all, then show it under its name: whoever looks in between finds none."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
        built = Path(folder) / "built"
        built.mkdir(mode=0o755)
        try:
            done = subprocess.run(
                BUILDER, env={**os.environ, KEPT_IN: str(built)}, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, timeout=SECONDS,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return
        if done.returncode == 0:
            built.rename(kept)  # OSError where another evaluation was quicker


def launch_all(protocol: Protocol, device: torch.device) -> None:
    """Take steps and a validation of the template for each kind of task, alone and two together."""
    path = baseline_path(TEMPLATE)
    template = load_variant(path)
    on_tensor_cores = use_tensor_cores(template, protocol, device)
    variant = with_fused_op(template, path, protocol, device, on_tensor_cores).variant
    for task in TASKS:
        first = next(each for each in protocol.replicas() if each.setting.task == task)
        for replicas in ([first], [first, replace(first, seed=first.seed + 1)]):
            training = Training(replicas, variant, protocol, device)
            for _ in range(first.validate_every):
                training.step()
            training.validate()


if __name__ == "__main__":
    launch_all(MAD, torch.device("cuda"))

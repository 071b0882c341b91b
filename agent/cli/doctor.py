"""What this machine can do for a search."""

import os
import platform
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import torch

from agent import __version__
from agent.core.resources import TEMPLATE_FILE
from agent.core.text import ENGLISH
from agent.evaluator.evaluation import choose_device
from agent.evaluator.jail.isolation import prove_isolation
from agent.evaluator.protocols import choose_protocol
from agent.evaluator.worker_pool import worker_count
from agent.llm.secrets import Censor
from agent.search.config import BASE_URL, KEY


def examine(workspace: Path) -> dict[str, str]:
    """What there is, by what it is for; each finding in one line, with what to do where something is missing."""
    device = choose_device(None)
    default = choose_protocol(None, device)
    return {
        "version": f"{__version__}; the template is {TEMPLATE_FILE}",
        "python": f"{platform.python_version()} on {sys.platform}",
        "torch": torch.__version__,
        "device": _device(device),
        "protocol": f"{default.name} by default: {default.purpose}",
        "isolation": prove_isolation(device).text[ENGLISH],
        "triton": "installed" if find_spec("triton") else "not installed: only kernels for a GPU need it",
        "git": shutil.which("git") or "not found: the lineage needs it, install git",
        "endpoint": _endpoint(),
        "disk": f"{shutil.disk_usage(_there(workspace)).free / 1e9:.1f} GB free for {workspace.resolve()}",
    }


def _there(path: Path) -> Path:
    """The path, or what there is of it: a workspace is made when it is first written."""
    path = path.absolute()
    return next(place for place in (path, *path.parents) if place.exists())


def _device(device: str) -> str:
    if device == "cuda":
        return f"{torch.cuda.get_device_name()}, {torch.cuda.get_device_properties(0).total_memory / 1e9:.0f} GB"
    return f"no GPU; {worker_count('cpu')} cores, a worker each"


def _endpoint() -> str:
    """Whether a language model can be asked. The key itself is not shown."""
    if not os.environ.get(KEY):
        return f"no {KEY}: the catalogue proposes"
    where = os.environ.get(BASE_URL) or "OpenAI's own endpoint"
    return f"a key is set, for {Censor()(where)}: the model proposes"

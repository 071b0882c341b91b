"""A job: the folder that a worker is given, with a variant, what is to be done, and what comes of it."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from agent.evaluator.jail.exchange import leave


@dataclass(frozen=True)
class Job:
    """A folder with a variant, and what its job.json says: the protocol, the device, the way of a step."""

    folder: Path
    protocol: str
    device: str
    recorded: bool = False  # whether a GPU records its steps and replays them

    @classmethod
    def read(cls, folder: Path) -> "Job":
        return cls(folder, **json.loads((folder / "job.json").read_text()))

    def write(self, variant: Path) -> None:
        """Leave all of it in the folder: an evaluation is of the file as it was when it began."""
        leave(self.variant, variant.read_bytes())
        facts = {name: value for name, value in asdict(self).items() if name != "folder"}
        leave(self.folder / "job.json", json.dumps(facts).encode())

    @property
    def variant(self) -> Path:
        return self.folder / "variant.py"

    def weights(self, stack: int) -> Path:
        return self.folder / f"weights-{stack}.safetensors"

    def inputs(self, stack: int, times: int = 1, pairs: int = 0) -> Path:
        """What a stack is tested on, by sequences of so many times the length, or with so many pairs."""
        return self.folder / f"inputs-{stack}-{times}-{pairs}.safetensors"

    def predictions(self, stack: int, times: int = 1, pairs: int = 0) -> Path:
        return self.folder / f"predictions-{stack}-{times}-{pairs}.bin"

    def losses(self, stack: int, times: int = 1, pairs: int = 0) -> Path:
        """Of each byte of a test on text, where a network without the variant's code has computed them."""
        return self.folder / f"losses-{stack}-{times}-{pairs}.bin"

    @property
    def requests(self) -> Path:
        return self.folder / "requests.json"

    @property
    def answers(self) -> Path:
        return self.folder / "answers.json"

    @property
    def calls(self) -> Path:
        return self.folder / "calls.safetensors"

    @property
    def results(self) -> Path:
        return self.folder / "results.safetensors"

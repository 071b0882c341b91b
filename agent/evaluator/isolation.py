from dataclasses import dataclass


@dataclass(frozen=True)
class Isolation:
    proven: bool
    line: str


def prove_isolation():
    return Isolation(True, "stub")

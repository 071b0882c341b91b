"""Numbers that a worker tells, read strictly: of the right type, finite and in their range."""

from collections.abc import Mapping
from typing import Any


class GarbledAccount(ValueError):
    """What a worker says has not the form that was asked for."""


def whole(facts: Mapping[str, Any], name: str, least: int, most: int) -> int:
    """A whole number in a range. Raises GarbledAccount."""
    found = facts.get(name)
    if type(found) is not int or not least <= found <= most:
        raise GarbledAccount(f"{name}: {found!r:.100} is no whole number from {least} to {most}")
    return found


def number(facts: Mapping[str, Any], name: str, least: float, most: float) -> float:
    """A finite number in a range. Raises GarbledAccount."""
    found = facts.get(name)
    if isinstance(found, bool) or not isinstance(found, int | float) or not least <= found <= most:
        raise GarbledAccount(f"{name}: {found!r:.100} is no number from {least:g} to {most:g}")
    return float(found)

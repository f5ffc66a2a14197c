"""What is planted: faults that have been made before, here or elsewhere, one at a time."""

from __future__ import annotations

from dataclasses import dataclass

from tests.planted.planting import Constant, Edit, Swap


@dataclass(frozen=True)
class Bug:
    """A fault, and whether the stateful test or the races must find it."""

    name: str
    planted: Edit | Swap | Constant
    found_by: str = "properties"
    always: bool = False
    """Whether every run of the suite plants it, and not only one that asks for planted bugs."""

"""One figure of a measurement, with what it has to be and what it ought to be."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Told:
    """What was compared, both sides as text, and the figure: the lower the better."""

    what: str
    sides: str
    value: float
    gate: float
    aim: float
    unit: str = "x"
    note: str = ""

    @property
    def is_missed(self) -> bool:
        return self.value > self.gate

    @property
    def verdict(self) -> str:
        if self.is_missed:
            return "ABOVE THE GATE"
        return "reaches the aim" if self.value <= self.aim else "passes"

    @property
    def line(self) -> str:
        """All of it in one line."""
        note = f" ({self.note})" if self.note else ""
        return (
            f"{self.what}: {self.sides}: {self.value:.4g} {self.unit}; "
            f"gate {self.gate:g}, aim {self.aim:g}: {self.verdict}{note}"
        )

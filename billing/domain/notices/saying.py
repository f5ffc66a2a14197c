"""What every notice says, whatever it is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from billing.domain.notices.places import Place


@dataclass(frozen=True)
class Told:
    """A notice in words."""

    title: str
    """The thing itself in one line, without a full stop: the subject of the mail."""
    sentences: list[str]
    """What happens, what it touches, and by when."""
    url: str
    """The path inside the portal where more is to be seen."""
    link: str
    """The words that lead there."""
    tone: str = ""
    """Empty, warn, bad or good."""
    steps: list[Place] = field(default_factory=list)
    """What can be done about it, each with its place."""


def say(
    title: str,
    sentences: Sequence[str],
    place: Place,
    *,
    tone: str = "",
    steps: Sequence[Place] = (),
) -> Told:
    """A notice that leads to a place; sentences without words are left out."""
    said = [sentence for sentence in sentences if sentence]
    return Told(title, said, place.path, place.words, tone, list(steps))

"""How many of a thing, in words, where things are counted under their plural."""

from __future__ import annotations


def counted(n: int, things: str) -> str:
    """3 entries, 1 entry, 0 customers; a word that is no plural stays as it is."""
    return f"{n:,} {things if n != 1 else one_of(things)}"


def one_of(things: str) -> str:
    """The singular of a plural."""
    return f"{things[:-3]}y" if things.endswith("ies") else things.removesuffix("s")

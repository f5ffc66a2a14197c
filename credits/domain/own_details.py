"""A person's own name, time zone and password, and the zones there are to choose from."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones

from credits.models import User

REGIONS = frozenset(
    (
        "Africa",
        "America",
        "Antarctica",
        "Arctic",
        "Asia",
        "Atlantic",
        "Australia",
        "Europe",
        "Indian",
        "Pacific",
    )
)
"""Regions of the IANA data base that name places; the others are aliases and offsets."""

Choice = tuple[str, str]


@cache
def zones() -> tuple[str, ...]:
    """UTC, and every zone that is named by a place."""
    placed = sorted(name for name in available_timezones() if name.split("/")[0] in REGIONS)
    return ("UTC", *placed)


def is_zone(name: str) -> bool:
    """Whether a person may choose a zone."""
    return name in zones()


def zone_choices(kept: str = "") -> list[Choice | tuple[str, list[Choice]]]:
    """The zones by region, for a list to choose from; `kept` is offered whatever it is."""
    groups: dict[str, list[Choice]] = {}
    for name in zones()[1:]:
        region, _slash, place = name.partition("/")
        groups.setdefault(region, []).append((name, place.replace("_", " ")))
    first = ["UTC", *([kept] if kept and not is_zone(kept) else [])]
    return [*((name, name) for name in first), *groups.items()]


def change_own_details(person: User, *, name: str, time_zone: str) -> None:
    """Save a person's own name and time zone; they belong to no customer's books."""
    User.objects.filter(pk=person.pk).update(name=name, time_zone=time_zone)


def change_own_password(person: User, password: str) -> User:
    """Set a person's password and nothing else of the account; links to set one end with it."""
    person.set_password(password)
    User.objects.filter(pk=person.pk).update(password=person.password)
    return person

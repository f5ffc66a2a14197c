"""A customer whose names are as long, and whose figures as large, as they may be."""

from __future__ import annotations

from datetime import timedelta

from credits import clock
from credits.domain.catalogue import load_catalogue
from credits.models import Role
from tests.billing.ordering import buy, line
from tests.cast import CATALOGUE
from tests.factories import credits as make

SLUG, EMAIL = "large", "wilhelmina.featherstonehaugh@large.example"
NAME = (
    "Vereinigte Binnenschifffahrts- und Hafenbetriebsgesellschaft of the Upper and the Lower Rhine"
)
FEATURE = "large-feature"
MOST_CREDITS = 400_000_000


def long(name: str, length: int = 120) -> str:
    """A name stretched to a length by words of 25 letters."""
    return (f"{name} " + "Hafenbetriebsgesellschaft " * 5)[:length].rstrip()


def make_large() -> None:
    """Names of 120 characters, an order number of 60, and balances of nine digits."""
    add_feature()
    customer = make.make_customer(name=long(NAME), slug=SLUG)
    admin = make.make_member(
        customer, make.make_user(email=EMAIL, name=long("Wilhelmina Featherstonehaugh")), Role.ADMIN
    )
    today = clock.day_of(clock.now())
    soon = today + timedelta(days=40)
    buy(customer, long("SO-9", 60), line(MOST_CREDITS), actor=admin)
    buy(customer, "SO-10", line(MOST_CREDITS, last_day=soon), actor=admin, unusual_confirmed=True)
    make.allocate(customer, FEATURE, 123_456_789)
    make.allocate(customer, "email-sensor", 98_765_432)


def add_feature() -> None:
    """A feature of one credit a unit whose names are all long."""
    cells = (
        "sandbox-analysis,Sandbox Analysis",
        f"{FEATURE},{long('Feature priced alone')}",
        f"{FEATURE},{long('Feature with a name that goes on')}",
        f"{long('unit', 60)},{long('units', 60)}",
        "per_unit,1,1,,,,no,,2024-01-01,,no,contract,",
    )
    load_catalogue(f"{CATALOGUE.read_text(encoding='utf-8')}{','.join(cells)}\n")

"""A customer with an order, another one without, and those who enter, confirm and activate."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from billing.domain.conversion.issuing import IssueCodes, issue_codes
from billing.domain.conversion.rates import OWN_FILE, load_conversion_rates
from billing.domain.drafts import Typed, submit_order
from billing.domain.importing.running import check_import, confirm_import
from billing.domain.orders import Order
from credits import clock
from credits.models import Customer, Role, User
from credits.roles import StaffRole
from estimator.domain.estimates import Draft
from estimator.domain.hand_over import HandOverEstimate, hand_over, to_buy
from estimator.domain.needs import Basis
from estimator.domain.saving import Wanted, save_estimate
from tests.billing.marketplaces.core import fake
from tests.billing.ordering import buy, line, order
from tests.cast import load_if_emptied
from tests.factories import credits as make

NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)
FIRST, LAST = date(2026, 6, 1), date(2027, 5, 31)
LARGE, LARGE_CREDITS = "SO-9", 1_000_001
SENSOR, CODE = "xdr-endpoint-sensor", "WHOLE-ORABS-ENTCO-DE234-56789"


def set_scene() -> None:
    """What was there before anything is killed."""
    with clock.moved_to(NOW):
        load_if_emptied()
        rep = make.make_staff(
            make.make_user(email="rep@vendor.example", name="Rina Holm"), StaffRole.SALES_REP
        )
        boss = make.make_user(email="boss@vendor.example", name="Bo Lind")
        make.make_staff(boss, StaffRole.SALES_MANAGER)
        for name in ("Halden Energy", "Borealis Freight"):
            customer = make.make_customer(name=name)
            slug = name.split()[0].lower()
            admin = make.make_user(email=f"admin@{slug}.example", name=f"Admin of {name}")
            make.make_member(customer, admin, Role.ADMIN)
            make.assign_rep(customer, rep)
        load_conversion_rates(OWN_FILE.read_bytes())
        fake.offers()
        buy(halden(), "SO-1", line(5_000, FIRST, last_day=LAST), actor=rep)
        submit_large(rep)
        estimate_waits()
        file_waits(rep)
        code = IssueCodes(
            asked=make.asked("codes"), product=SENSOR, units=40, months=12, imported=[CODE]
        )
        issue_codes(code)


def submit_large(rep: User) -> None:
    """An order that waits for a second look."""
    submit_order(
        borealis(),
        large_order(),
        Typed(fields={}, order_number=LARGE, credits=LARGE_CREDITS),
        make.asked("submit", actor=rep),
    )


def large_order() -> Order:
    """The order that waits, as it was submitted."""
    return order(LARGE, line(LARGE_CREDITS, FIRST, last_day=LAST))


def estimate_waits() -> None:
    """An estimate that was handed over to sales."""
    admin, customer = person("admin@borealis"), borealis()
    draft = Draft(years=1, quantities={"email-core": Decimal(50)})
    saved = save_estimate(
        customer=customer,
        wanted=Wanted(name="Mail", draft=draft),
        asked=make.asked("estimate", actor=admin),
    )
    wanted = to_buy(saved.estimate, Basis.INSTEAD, clock.now())
    hand_over(
        HandOverEstimate(
            customer=customer,
            asked=make.asked("hand over", actor=admin),
            estimate=saved.estimate.public_id,
            version=saved.estimate.version,
            basis=Basis.INSTEAD,
            credits=wanted.credits,
            first_day=wanted.first_day,
        )
    )


def file_waits(rep: User) -> None:
    """A file of two orders, for two customers, that a worker is to enter."""
    lines = [f"{name},IM-{name[0]},700,{FIRST},{LAST}" for name in (halden().name, borealis().name)]
    data = "\n".join(["customer,order number,credits,first day,last day", *lines])
    found, _plan = check_import(data.encode(), "orders.csv", rep)
    confirm_import(found, rep)


def halden() -> Customer:
    """The customer that has an order."""
    return Customer.objects.get(name="Halden Energy")


def borealis() -> Customer:
    """The customer that has none."""
    return Customer.objects.get(name="Borealis Freight")


def person(name: str) -> User:
    """Somebody by how the address begins."""
    return User.objects.get(email__startswith=name)

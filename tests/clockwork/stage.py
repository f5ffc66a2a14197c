"""A scene with customers in every stage, and everything that a job could find to do.

It plays on one Monday morning, when each job has work: hours and days are missing, licenses end,
have ended 29 to 62 days ago, mail waits, and a rate is entered that no customer's books know yet.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from django.db import connection

from billing.domain.importing.running import check_import, confirm_import
from billing.domain.publication import close_next, publish_hours
from credits import clock
from credits.domain.boundaries import boundary_at
from credits.domain.jobs import DAY, HOUR, job_named, jobs, run_slot
from credits.domain.mail import draft_mail, save_mail
from credits.models import Customer, License, LicenseKind, Role, User
from credits.roles import StaffRole
from estimator.domain.visiting import count_visit
from tests.billing.ordering import buy, line
from tests.billing.payg.contracts import contract
from tests.cast import load_if_emptied
from tests.clockwork.copies import allow_truncating
from tests.clockwork.postbox import UNKNOWN
from tests.credits.rates.entering import enter
from tests.credits.usage.reports import report, set_source
from tests.factories import credits as make

NOW = datetime(2027, 2, 1, 6, 32, tzinfo=UTC)
"""A Monday; daily and weekly mail has been due for half an hour."""

TODAY = clock.day_of(NOW)
FOUNDED = datetime(2026, 1, 5, 8, tzinfo=UTC)

ENDED = (0, 1, 29, 30, 31, 56, 58, 59, 60, 61, 62)
"""So many days ago a customer's only license stopped."""

ENDING = (7, 30, 90)
"""In so many days a customer's only license ends."""

NOTICED = timedelta(days=10)
"""So long ago the lifecycle ran for the first time; whom it found locked may be marked by now."""

MARKED = timedelta(hours=26)
"""So long ago it ran again; what it marked may be purged by now."""


def set_scene() -> None:
    """Everything but what the jobs have done so far."""
    with clock.moved_to(FOUNDED):
        load_if_emptied()
        set_desk()
        for days in ENDED:
            found(f"Ended {days}", until(-days), allocated=5)
        for days in ENDING:
            found(f"Ending in {days}", until(days), allocated=5)
        on_trial("Trying", until(15))
        on_trial("Has tried", until(-1))
        on_contract()
        short = found("Short", until(-3), allocated=120)
        make.grant(short, 1_000, FOUNDED.date(), until(300))
        found("Nearly short", until(200), allocated=95)
        make.grant(found("Bought ahead", until(-40)), 3_000, until(10), until(375))
        renewed()
        make.grant(found("Voided", until(100)), 500, until(20), until(120))
        make.make_customer(name="Newcomer", slug="newcomer")
    reported()


def until(days: int) -> date:
    """The last day of a term that stops at 00:00 UTC so many days from today."""
    return TODAY + (days - 1) * DAY


def set_desk() -> None:
    """Those who look after customers."""
    for role in StaffRole:
        make.make_staff(make.make_user(email=address_of(role), name=str(role)), role)


def address_of(role: StaffRole) -> str:
    """The log-in of the one person with a staff role."""
    return f"{role.replace(' ', '-')}@vendor.example"


def found(name: str, last_day: date | None, *, allocated: int = 0) -> Customer:
    """A customer with an admin, a viewer, 2,500 credits up to a day, and so many users of Email."""
    slug = name.lower().replace(" ", "-")
    customer = make.make_customer(name=name, slug=slug)
    for role, zone in ((Role.ADMIN, "Pacific/Auckland"), (Role.VIEWER, "America/New_York")):
        person = make.make_user(
            email=f"{role}@{slug}.example", name=f"{name} {role}", time_zone=zone
        )
        make.make_member(customer, person, role)
    make.assign_rep(customer, User.objects.get(email=address_of(StaffRole.SALES_REP)))
    if last_day:
        make.grant(customer, 2_500, FOUNDED.date(), last_day)
    if allocated:
        make.allocate(customer, "email-core", allocated)
    return customer


def on_trial(name: str, last_day: date) -> None:
    """A customer with nothing but a trial."""
    customer = found(name, None)
    make.grant(customer, 1_000, until(-30), last_day, LicenseKind.TRIAL)


def on_contract() -> None:
    """A customer whose license is long gone, kept by a pay-as-you-go contract."""
    customer = found("On contract", until(-100))
    contract(customer, starts_at=clock.start_of(until(-200)), ends_at=clock.start_of(until(41)))


def renewed() -> None:
    """A license that ends in a week and is renewed with less."""
    customer = found("Renewed", None)
    bought = buy(customer, "SO-1", line(1_000, FOUNDED.date(), last_day=until(7)))
    old = License.objects.get(purchase_line__purchase=bought)
    buy(customer, "SO-2", line(600, until(8), last_day=until(372), renews=old))
    make.allocate(customer, "email-core", 20)


def reported() -> None:
    """Automatic usage that grew last week."""
    with clock.moved_to(NOW - 12 * DAY):
        customer = found("Reported", until(150))
        set_source(customer)
    for days, units in ((11, 40), (5, 60), (2, 90)):
        with clock.moved_to(NOW - days * DAY):
            report(customer, units, NOW - days * DAY - HOUR)


def post_mail() -> None:
    """Mail that waits: for four people, and for one whom the mail server does not know."""
    customer = Customer.objects.get(slug="short")
    stranger = make.make_user(email=UNKNOWN, name="Stranger")
    readers = [*User.objects.filter(memberships__customer=customer).order_by("pk"), stranger]
    for number in range(2):
        for reader in readers:
            save_mail(
                draft_mail(
                    key=f"waits-{number}/{reader.email}",
                    kind="log-in-delayed",
                    recipient=reader,
                    subject="A subject",
                    template="credits/mail/log_in_delayed",
                    context={"until": "09:16 UTC", "minutes": 15, "forgot_url": "http://x/"},
                )
            )


def play() -> None:
    """What the jobs have done so far: everything up to yesterday, then not quite all."""
    hour = NOW.replace(minute=0)
    with clock.moved_to(hour - NOTICED):
        run_slot(job_named("advance-lifecycle"), hour - NOTICED)
    with clock.moved_to(hour - MARKED + timedelta(minutes=2)):
        publish_hours(clock.now())
        for job in jobs():
            if job.newest is None:
                run_slot(job, job.newest_due(clock.now()))
    early = hour - 3 * HOUR
    with clock.moved_to(early + timedelta(minutes=5)):
        run_slot(job_named("advance-lifecycle"), early)
        publish_hours(clock.now())
    with clock.moved_to(early + HOUR + timedelta(minutes=2)):
        # Closed, and then the worker was killed.
        close_next(boundary_at(clock.now()), clock.now())


def add_newest() -> None:
    """What has come since the jobs ran: a rate no books know yet, mail that waits, a visit."""
    with clock.moved_to(NOW - timedelta(minutes=25)):
        enter(date(2027, 3, 1))
        post_mail()
        import_waits()
    somebody_visited()


def somebody_visited() -> None:
    """Somebody without an account computed an hour ago."""
    with clock.moved_to(NOW - HOUR):
        count_visit("203.0.113.7")


def import_waits() -> None:
    """A file of orders that was confirmed, for two customers."""
    rep = User.objects.get(email=address_of(StaffRole.SALES_REP))
    ends = TODAY + 364 * DAY
    data = "customer,order number,credits,first day,last day\n" + "".join(
        f"{name},IM-{number},400,{TODAY},{ends}\n"
        for number, name in enumerate(("Ending in 90", "Reported"))
    )
    found, _plan = check_import(data.encode(), "orders.csv", rep)
    confirm_import(found, rep)


def break_books() -> None:
    """One customer's ledger is changed by hand, as only the database's owner can."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE credits_ledgerentry DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE credits_ledgerentry SET credits = credits + 1 WHERE seq = 1 AND customer_id ="
            " (SELECT id FROM credits_customer WHERE slug = 'ending-in-90')"
        )
        cursor.execute("ALTER TABLE credits_ledgerentry ENABLE TRIGGER USER")
        allow_truncating()

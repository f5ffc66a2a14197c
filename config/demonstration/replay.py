"""Replay the stories: every act through the domain, at its own instant, all or nothing."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count

from django.db import transaction

from billing.domain.purchases import LineOrder, Order, record_purchase
from config.demonstration.stories import (
    REP,
    STAFF,
    STORIES,
    Buy,
    Estimated,
    Off,
    Set,
    Story,
)
from credits import clock
from credits.domain.allocations import Allocate, Release
from credits.domain.commands import Asked
from credits.domain.people import AssignRep, CreateCustomer, Invite, MakeStaff
from credits.domain.post import post, post_office
from credits.domain.pricing import Quantity
from credits.models import Customer, Feature, Operation, OutgoingMail, Role, User
from estimator.domain.estimates import Draft
from estimator.domain.price_list import read_price_list
from estimator.domain.saving import Wanted, save_estimate

SOURCE = "demonstration"
ANY_SHORTFALL = 10**15
WORKDAY_START = 8
WORKDAY_HOURS = 9


@dataclass(frozen=True)
class LogIn:
    """A person of the demonstration, with the password made at the first start."""

    role: str
    email: str
    password: str


def is_loaded() -> bool:
    """Whether the demonstration was replayed here before."""
    return Operation.objects.filter(source=SOURCE).exists()


@transaction.atomic
def replay() -> list[LogIn]:
    """Make people and customers and let the year pass. Killed in the middle it leaves nothing."""
    log_ins = Replay(clock.now()).run()
    # Nobody in it has a mailbox: what the acts would have written to people is not sent.
    customers = [story.slug for story in STORIES]
    OutgoingMail.objects.filter(customer__slug__in=customers).delete()
    return log_ins


class Replay:
    """One replay, seen from one present."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.today = clock.day_of(now)
        self.numbers = count(1)
        self.log_ins: list[LogIn] = []

    def run(self) -> list[LogIn]:
        """All people and all stories."""
        with clock.moved_to(self.instant(min(story.since for story in STORIES) - 1)):
            for email, name, role in STAFF:
                post_office(MakeStaff(asked=self.asked(), email=email, name=name, role=role))
                self.open_account(email, role)
        for story in STORIES:
            self.tell(story)
        return self.log_ins

    def tell(self, story: Story) -> None:
        """One customer's year, act by act in time order."""
        with clock.moved_to(self.instant(story.since)):
            customer = self.found(story)
        acts = sorted(story.acts, key=self.instant_of)
        for act in acts:
            with clock.moved_to(self.instant_of(act)):
                self.carry_out(customer, act, story)
        for estimated in story.estimates:
            self.save(customer, estimated, story)

    def found(self, story: Story) -> Customer:
        """Make the customer, its people and its rep."""
        answer = post_office(
            CreateCustomer(
                asked=self.asked(), name=story.name, slug=story.slug, domain=story.domain
            )
        )
        customer = Customer.objects.get(public_id=answer.data["customer"])
        for email, name, role in story.people:
            post(Invite(customer=customer, asked=self.asked(), email=email, name=name, role=role))
            self.open_account(email, f"{Role(role).label.lower()} of {story.name}")
        post(AssignRep(customer=customer, asked=self.asked(), email=REP))
        return customer

    def carry_out(self, customer: Customer, act: Buy | Set | Off, story: Story) -> None:
        """One act, by the person who would have done it."""
        admin = story.people[0][0]
        if isinstance(act, Buy):
            record_purchase(customer, self.order(act), self.asked(by=REP))
        elif isinstance(act, Set):
            post(
                Allocate(
                    customer=customer,
                    asked=self.asked(by=admin, reason=act.note),
                    group=act.group,
                    quantities={key: exact(value) for key, value in act.quantities.items()},
                    on=frozenset(act.on) if act.on else None,
                )
            )
        else:
            feature = Feature.objects.get(key=act.feature)
            asked = self.asked(by=admin, reason=act.note)
            post(Release(customer=customer, asked=asked, group=act.group, features=[feature]))

    def save(self, customer: Customer, estimated: Estimated, story: Story) -> None:
        """An estimate that the customer's admin saved."""
        units = {key: exact(value) for key, value in estimated.units.items()}
        save_estimate(
            customer=customer,
            wanted=Wanted(
                name=estimated.name, draft=Draft(quantities=units, years=estimated.years)
            ),
            prices=read_price_list(self.now),
            asked=self.asked(by=story.people[0][0]),
        )

    def order(self, act: Buy) -> Order:
        """A purchase as it was ordered."""
        return Order(
            order_number=act.order,
            channel=act.channel,
            lines=[
                LineOrder(
                    credits=credits,
                    first_day=self.day(first),
                    last_day=self.day(last),
                    kind=act.kind,
                )
                for credits, first, last in act.lots
            ],
            price=None if act.price is None else Decimal(act.price),
            currency="" if act.price is None else "EUR",
            note=act.note,
            unusual_confirmed=True,
        )

    def asked(self, by: str = "", reason: str = "") -> Asked:
        """The next act's key, and who did it."""
        return Asked(
            source=SOURCE,
            key=f"demonstration/{next(self.numbers)}",
            actor=User.objects.get(email=by) if by else None,
            reason=reason,
            confirmed_shortfall=ANY_SHORTFALL,
        )

    def open_account(self, email: str, role: str) -> None:
        """Give a person a password and remember it for the one time it is shown."""
        password = "-".join(secrets.token_hex(2) for _ in range(3))
        user = User.objects.get(email=email)
        user.set_password(password)
        user.save(update_fields=["password"])
        self.log_ins.append(LogIn(role=role, email=email, password=password))

    def day(self, offset: int) -> date:
        """A UTC day, counted from today."""
        return self.today + timedelta(days=offset)

    def instant(self, offset: int) -> datetime:
        """A working hour of a day, spread so that not everything happens at eight."""
        hour = WORKDAY_START + offset % WORKDAY_HOURS
        at = clock.start_of(self.day(offset)) + timedelta(hours=hour, minutes=offset * 7 % 60)
        return min(at, self.now)

    def instant_of(self, act: Buy | Set | Off) -> datetime:
        """When an act happened."""
        if isinstance(act, Set) and act.minutes_ago:
            return self.now - timedelta(minutes=act.minutes_ago)
        return self.instant(act.day)


def exact(value: int | dict[str, int]) -> Quantity:
    """A story's number as a quantity."""
    if isinstance(value, dict):
        return {account: Decimal(units) for account, units in value.items()}
    return Decimal(value)


def told(log_ins: list[LogIn]) -> Iterator[str]:
    """The log-ins as lines of a table."""
    roles = max(len(log_in.role) for log_in in log_ins)
    emails = max(len(log_in.email) for log_in in log_ins)
    for log_in in log_ins:
        yield f"  {log_in.role:<{roles}}  {log_in.email:<{emails}}  {log_in.password}"

"""Replay the stories in time order: every act at its own instant, all of them or nothing."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property, partial
from itertools import count

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction

from billing.domain.conversion.rates import OWN_FILE as CONVERSION_RATES
from billing.domain.conversion.rates import load_conversion_rates
from config.demonstration.acting import Acting
from config.demonstration.acts import Act, Estimated, NewRate, Set, Story
from config.demonstration.offerings import catalogue_lines
from config.demonstration.offers import enter_offers
from config.demonstration.past_jobs import mornings, read_some
from config.demonstration.stories import CATALOGUE_MANAGER, RATES, REP, STAFF, STORIES
from credits import clock
from credits.domain.catalogue import load_catalogue
from credits.domain.catalogue_file import RateRow
from credits.domain.commands import Asked
from credits.domain.people import AssignRep, CreateCustomer, Invite, MakeStaff
from credits.domain.post import bring_up_to_rates, post, post_office
from credits.domain.rate_entry import EnterRate
from credits.models import Customer, FeatureRate, Operation, OutgoingMail, Role, User

SOURCE = "demonstration"
ANY_SHORTFALL = 10**15
CATALOGUE = settings.BASE_DIR / "credits" / "data" / "catalogue.csv"
WITHDRAWN = -25
"""The last day on which the old offerings took new allocations."""

WORKDAY_START = 8
WORKDAY_HOURS = 9

Happening = tuple[datetime, Callable[[], None]]
"""An instant, and what happens then."""


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
    newest = OutgoingMail.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    people = Replay(clock.now()).run()
    # Nobody in it has a mailbox, and those days are over: what was written then is not sent.
    OutgoingMail.objects.filter(pk__gt=newest, created_at__lte=clock.now()).delete()
    return people


class Replay:
    """One replay, seen from one present."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.today = clock.day_of(now)
        self.numbers = count(1)
        self.customers: dict[str, Customer] = {}

    def run(self) -> list[LogIn]:
        """Everything that happens, whoever it happens to, one after the other."""
        people = list(log_ins())
        with ThreadPoolExecutor(max_workers=2) as pool:
            # A hash is slow by intent: they are made meanwhile, beside the acts.
            hashes = pool.map(make_password, [one.password for one in people])
            for instant, happen in sorted(self.happenings(), key=lambda one: one[0]):
                with clock.moved_to(instant):
                    happen()
            open_accounts(people, hashes)
        read_some(self.customers.values(), self.now)
        return people

    def happenings(self) -> Iterator[Happening]:
        """All that happens; what happens at one instant does so in this order."""
        before = self.instant(min(story.since for story in STORIES) - 1)
        yield before, self.stock
        yield before, self.employ
        for story in STORIES:
            yield self.instant(story.since), partial(self.found, story)
            for act in story.acts:
                yield self.instant_of(act), partial(self.carry_out, story, act)
            for estimated in story.estimates:
                yield self.now, partial(self.save, story, estimated)
        for rate in RATES:
            yield self.instant(rate.day), partial(self.enter, rate)
        if self.is_alone:
            # Jobs do not ask whose customers they are, and a past is made up for its own alone.
            yield from mornings(self.now)

    @cached_property
    def is_alone(self) -> bool:
        """Whether there is no customer but those of the stories."""
        return not Customer.objects.exclude(slug__in=[story.slug for story in STORIES]).exists()

    def stock(self) -> None:
        """The product's own catalogue, and offerings that are no longer sold.

        Loaded as one file, so that the offerings stand behind everything else, also when the
        product's own file is loaded again.
        """
        own = CATALOGUE.read_text(encoding="utf-8-sig")
        load_catalogue(own + catalogue_lines(self.day(WITHDRAWN)), source=SOURCE)
        load_conversion_rates(CONVERSION_RATES.read_bytes(), source=SOURCE)
        enter_offers(self.asked)

    def employ(self) -> None:
        """The vendor's people."""
        for email, name, role in STAFF:
            post_office(MakeStaff(asked=self.asked(), email=email, name=name, role=role))

    def found(self, story: Story) -> None:
        """Make a customer, its people and its rep."""
        answer = post_office(
            CreateCustomer(
                asked=self.asked(), name=story.name, slug=story.slug, domain=story.domain
            )
        )
        customer = Customer.objects.get(public_id=answer.data["customer"])
        self.customers[story.slug] = customer
        for email, name, role in story.people:
            post(Invite(customer=customer, asked=self.asked(), email=email, name=name, role=role))
        post(AssignRep(customer=customer, asked=self.asked(), email=REP))

    def carry_out(self, story: Story, act: Act) -> None:
        """One act of a story."""
        self.acting(story).carry_out(act)

    def save(self, story: Story, estimated: Estimated) -> None:
        """An estimate of a story."""
        self.acting(story).save(estimated)

    def acting(self, story: Story) -> Acting:
        """A story's customer, ready to act."""
        return Acting(self.customers[story.slug], story, asked=self.asked, day=self.day)

    def enter(self, new: NewRate) -> None:
        """A dated rate, booked at once for every customer there is."""
        row = row_of(new, self.day(new.first_day))
        post_office(EnterRate(asked=self.asked(by=CATALOGUE_MANAGER, reason=new.note), row=row))
        for customer in self.customers.values():
            bring_up_to_rates(customer)

    def asked(self, by: str = "", reason: str = "") -> Asked:
        """The next act's key, and who did it."""
        return Asked(
            source=SOURCE,
            key=f"demonstration/{next(self.numbers)}",
            actor=User.objects.get(email=by) if by else None,
            reason=reason,
            confirmed_shortfall=ANY_SHORTFALL,
        )

    def day(self, offset: int) -> date:
        """A UTC day, counted from today."""
        return self.today + timedelta(days=offset)

    def instant(self, offset: int) -> datetime:
        """A working hour of a day, spread so that not everything happens at eight."""
        hour = WORKDAY_START + offset % WORKDAY_HOURS
        at = clock.start_of(self.day(offset)) + timedelta(hours=hour, minutes=offset * 7 % 60)
        return min(at, self.now)

    def instant_of(self, act: Act) -> datetime:
        """When an act happened."""
        if isinstance(act, Set) and act.minutes_ago:
            return self.now - timedelta(minutes=act.minutes_ago)
        return self.instant(act.day)


def log_ins() -> Iterator[LogIn]:
    """Everybody with a new password: the vendor's people, then those of each story."""
    people: list[tuple[str, str]] = [(role, email) for email, _, role in STAFF]
    people += [
        (f"{Role(role).label.lower()} of {story.name}", email)
        for story in STORIES
        for email, _, role in story.people
    ]
    for role, email in people:
        yield LogIn(role, email, password="-".join(secrets.token_hex(2) for _ in range(3)))


def open_accounts(people: Sequence[LogIn], hashes: Iterator[str]) -> None:
    """Give everybody their password."""
    users = User.objects.in_bulk([one.email for one in people], field_name="email")
    for log_in, hashed in zip(people, hashes, strict=True):
        users[log_in.email].password = hashed
    User.objects.bulk_update(users.values(), ["password"])


def row_of(new: NewRate, first_day: date) -> RateRow:
    """A feature's newest rate, at another price from a day on."""
    newest = FeatureRate.objects.filter(feature__key=new.feature).latest("at")
    return RateRow(
        feature=new.feature,
        model=newest.model,
        unit=newest.feature.unit,
        unit_plural=newest.feature.unit_plural,
        credits=Decimal(new.credits),
        block=newest.block,
        cap=newest.cap,
        parts=tuple(newest.parts),
        valid_from=first_day,
        valid_to=None,
        assumed=False,
        source=new.source,
        note=new.note,
        line=0,
    )


def told(people: list[LogIn]) -> Iterator[str]:
    """The log-ins as lines of a table."""
    roles = max(len(log_in.role) for log_in in people)
    emails = max(len(log_in.email) for log_in in people)
    for log_in in people:
        yield f"  {log_in.role:<{roles}}  {log_in.email:<{emails}}  {log_in.password}"

"""Carry out the acts of a story: each through the domain, by the person who would have done it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import singledispatchmethod
from typing import Protocol
from uuid import UUID

from billing.domain.contracts import EnterContract, contract_in_force, enter_contract
from billing.domain.conversion.issuing import IssueCodes, issue_codes
from billing.domain.conversion.seats import Seats
from billing.domain.conversion.terms import enter_entitlement, renew_entitlement
from billing.domain.purchases import LineOrder, Order, record_purchase
from billing.domain.requests import AnswerRequest, RequestCredits, answer_request, request_credits
from billing.models import ContractChannel, CreditRequest, Entitlement
from config.demonstration import estimating
from config.demonstration.acts import (
    Act,
    Answered,
    AsYouGo,
    Buy,
    CodeIssued,
    Confirmed,
    Contracted,
    Converted,
    Corrected,
    Estimated,
    HandedOver,
    Moved,
    Off,
    Reported,
    Reporter,
    Requested,
    Saved,
    Set,
    SetMany,
    Shared,
    Story,
    Undone,
)
from config.demonstration.estimating import quantities
from config.demonstration.stories import REP, SUPPORT
from credits import clock
from credits.domain.allocate_many import AllocateMany, GroupStatement
from credits.domain.allocations import UNDONE_BY_CUSTOMERS, Allocate, Release, Undo
from credits.domain.billing_choice import SwitchBillingModel
from credits.domain.commands import Asked
from credits.domain.moving import Move
from credits.domain.post import post
from credits.domain.pricing import SHARED
from credits.domain.sources import SetUsageSource
from credits.domain.usage import ReportUsage
from credits.models import Customer, Feature, License, Operation, UsageReport


class Ask(Protocol):
    """Makes the next act's key, and says who asks."""

    def __call__(self, by: str = "", reason: str = "") -> Asked: ...


@dataclass(frozen=True)
class Acting:
    """One customer in its story. The clock stands at the act's instant."""

    customer: Customer
    story: Story
    asked: Ask
    day: Callable[[int], date]
    """A UTC day, counted from the day of the first start."""

    @property
    def admin(self) -> str:
        """The mail address of the person who acts for the customer."""
        return self.story.people[0][0]

    @singledispatchmethod
    def carry_out(self, act: Act) -> None:
        """Do what an act says."""
        raise AssertionError(f"nobody knows how to do {act}")

    @carry_out.register
    def _(self, act: Buy) -> None:
        order = Order(
            order_number=act.order,
            channel=act.channel,
            lines=[
                LineOrder(
                    credits=credits,
                    first_day=self.day(first),
                    last_day=self.day(last),
                    kind=act.kind,
                    renews=None if act.renews is None else self.license(act.renews),
                )
                for credits, first, last in act.lots
            ],
            price=None if act.price is None else Decimal(act.price),
            currency="" if act.price is None else "EUR",
            note=act.note,
            settles=None if act.settles is None else self.public_id_of(act.settles),
            unusual_confirmed=True,
        )
        record_purchase(self.customer, order, self.asked(by=REP))

    @carry_out.register
    def _(self, act: Converted) -> None:
        seats = Seats(
            product=act.product,
            units=act.units,
            first_day=act.first if isinstance(act.first, date) else self.day(act.first),
            last_day=self.day(act.last),
            unusual_confirmed=True,
        )
        if not act.renews:
            enter_entitlement(self.customer, seats, self.asked(by=REP))
            return
        newest = Entitlement.objects.filter(customer=self.customer).order_by("-number")
        renew_entitlement(newest[0], seats, self.asked(by=REP))

    @carry_out.register
    def _(self, act: CodeIssued) -> None:
        issue_codes(
            IssueCodes(
                asked=self.asked(by=SUPPORT, reason="Sold by a reseller."),
                product=act.product,
                units=act.units,
                months=act.months,
                customer=self.customer,
            )
        )

    @carry_out.register
    def _(self, act: Requested) -> None:
        request_credits(
            RequestCredits(
                customer=self.customer,
                asked=self.asked(by=self.admin, reason=act.words),
                credits=act.credits,
                needed_on=self.day(act.needed),
                cause=act.cause,
            )
        )

    @carry_out.register
    def _(self, act: Answered) -> None:
        answer_request(
            AnswerRequest(
                customer=self.customer,
                asked=self.asked(by=REP, reason=act.words),
                public_id=self.public_id_of(act.number),
            )
        )

    def license(self, place: int) -> License:
        """One of the customer's licenses, counted from its first."""
        return License.objects.filter(customer=self.customer).order_by("pk")[place - 1]

    def public_id_of(self, number: int) -> UUID:
        """The public id of the customer's request of a number."""
        return CreditRequest.objects.get(customer=self.customer, number=number).public_id

    @carry_out.register
    def _(self, act: Set) -> None:
        post(
            Allocate(
                customer=self.customer,
                asked=self.asked(by=self.admin, reason=act.note),
                group=act.group,
                quantities=quantities(act.quantities),
                on=frozenset(act.on) if act.on else None,
            )
        )

    @carry_out.register
    def _(self, act: SetMany) -> None:
        statements = [
            GroupStatement(
                group, quantities(units), on=frozenset(act.on) if SHARED in units else None
            )
            for group, units in act.groups.items()
        ]
        asked = self.asked(by=self.admin, reason=act.note)
        post(AllocateMany(customer=self.customer, asked=asked, statements=statements))

    @carry_out.register
    def _(self, act: Off) -> None:
        feature = Feature.objects.get(key=act.feature)
        asked = self.asked(by=self.admin, reason=act.note)
        post(Release(customer=self.customer, asked=asked, group=act.group, features=[feature]))

    @carry_out.register
    def _(self, act: Moved) -> None:
        post(
            Move(
                customer=self.customer,
                asked=self.asked(by=self.admin, reason=act.note),
                source=act.source,
                units=Decimal(act.units),
                target=act.target,
            )
        )

    @carry_out.register
    def _(self, act: Undone) -> None:
        reports = UsageReport.objects.filter(customer=self.customer, group__key=act.group)
        newest = Operation.objects.filter(
            pk__in=reports.values("operation"), kind__in=UNDONE_BY_CUSTOMERS
        ).latest("pk")
        post(
            Undo(
                customer=self.customer,
                asked=self.asked(by=self.admin, reason=act.note),
                operation=newest.public_id,
                kinds=UNDONE_BY_CUSTOMERS,
            )
        )

    @carry_out.register
    def _(self, act: Reporter) -> None:
        asked = self.asked(by=SUPPORT)
        name = act.name or None
        post(SetUsageSource(customer=self.customer, asked=asked, group=act.group, name=name))

    @carry_out.register
    def _(self, act: Reported) -> None:
        post(
            ReportUsage(
                customer=self.customer,
                asked=self.asked(),
                group=act.group,
                quantities=quantities(act.quantities),
                at=clock.now(),
            )
        )

    @carry_out.register
    def _(self, act: Corrected) -> None:
        post(
            Allocate(
                customer=self.customer,
                asked=self.asked(by=SUPPORT, reason=act.reason),
                group=act.group,
                quantities=quantities(act.quantities),
                by_support=True,
            )
        )

    @carry_out.register
    def _(self, act: AsYouGo) -> None:
        contract = contract_in_force(self.customer, clock.now())
        if contract is None:
            raise AssertionError("a story has its contract before what is paid under it")
        post(
            SwitchBillingModel(
                customer=self.customer,
                asked=self.asked(by=self.admin, reason=act.note),
                feature=act.feature,
                contract_ends_at=contract.ends_at,
            )
        )

    @carry_out.register
    def _(self, act: Contracted) -> None:
        enter_contract(
            EnterContract(
                customer=self.customer,
                asked=self.asked(by=SUPPORT, reason="Accepted on the marketplace."),
                channel=ContractChannel.AWS,
                agreement=act.agreement,
                starts_at=clock.start_of(self.day(act.day)),
                ends_at=clock.start_of(self.day(act.until)),
            )
        )

    def save(self, estimated: Estimated) -> None:
        """An estimate that the customer's admin saved."""
        estimating.save(self.customer, estimated, self.asked(by=self.admin), self.day)

    @carry_out.register
    def _(self, act: Saved) -> None:
        self.save(act.estimate)

    @carry_out.register
    def _(self, act: HandedOver) -> None:
        estimating.hand(self.customer, act.number, self.asked(by=self.admin))

    @carry_out.register
    def _(self, act: Confirmed) -> None:
        estimating.confirm(self.customer, act.number, self.asked(by=REP))

    @carry_out.register
    def _(self, act: Shared) -> None:
        estimating.share(self.customer, act.number, act.days, self.asked(by=self.admin))

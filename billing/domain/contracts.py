"""Pay-as-you-go contracts: entered and extended by support, one in force at a time.

Rules: docs/rules.md#r12.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet, Value
from django.db.models.functions import Lower

from billing.models import ContractChannel, PaygContract
from credits import clock
from credits.domain.activity_words import last_day_text
from credits.domain.books import Books
from credits.domain.commands import Answer, Command, Decision
from credits.domain.contract_choices import prolonged
from credits.domain.post import post
from credits.exceptions import InvalidCommand, NotAllowed, UnknownObject
from credits.models import Customer

AGREEMENT_LENGTH = 60
AGREEMENT_ONCE = "billing_contract_agreement_once"


def contracts_of(customer: Customer) -> QuerySet[PaygContract]:
    """A customer's contracts, the latest first."""
    return PaygContract.objects.filter(customer=customer)


def contract_in_force(customer: Customer, at: datetime) -> PaygContract | None:
    """The contract whose term contains an instant; there is one at most."""
    return contracts_of(customer).filter(starts_at__lte=at, ends_at__gt=at).first()


def access_terms() -> QuerySet[PaygContract]:
    """Every customer's contracts, which keep its access (settings.ACCESS_CONTRACTS)."""
    return PaygContract.objects.all()


@dataclass(frozen=True, kw_only=True)
class EnterContract(Command):
    """Say that a customer has a contract over [starts_at, ends_at), both 00:00 UTC.

    It changes nothing in the books: features are switched under it one by one. Raises
    InvalidCommand for a term or an agreement that makes no sense, NotAllowed for an agreement
    that was entered before and for a term in which another contract is in force.
    """

    kind: ClassVar[str] = "enter-contract"

    channel: str
    agreement: str
    starts_at: datetime
    ends_at: datetime

    def content(self) -> Mapping[str, Any]:
        return {
            "channel": self.channel,
            "agreement": self.agreement.strip(),
            "starts_at": self.starts_at,
            "ends_at": self.ends_at,
        }

    def decide(self, books: Books) -> Decision:
        agreement = checked_agreement(self.agreement)
        if self.channel not in ContractChannel.values:
            raise InvalidCommand("There is no such channel.", field="channel")
        check_start_of_day(self.starts_at, field="starts")
        check_start_of_day(self.ends_at, field="ends")
        if self.ends_at <= self.starts_at:
            raise InvalidCommand("The last day must not be before the first day.", field="ends")
        if self.ends_at <= books.now:
            raise InvalidCommand("A contract that has ended changes nothing.", field="ends")
        refuse_taken(self.channel, agreement)
        refuse_overlap(books.customer, self.starts_at, self.ends_at)
        return Decision(
            answer={"channel": self.channel, "agreement": agreement},
            subject=f"{ContractChannel(self.channel).label} {agreement}",
        )


@dataclass(frozen=True, kw_only=True)
class ExtendContract(Command):
    """Move the end of a contract to a later 00:00 UTC; the same contract goes on.

    The features that are paid under it stay so until the new end, and the day on which each may
    be switched again stays as it was. Raises UnknownObject for another customer's contract,
    InvalidCommand for an end that is not later, NotAllowed for a contract that has ended and
    where the next one is in its way.
    """

    kind: ClassVar[str] = "extend-contract"

    contract: UUID
    ends_at: datetime

    def content(self) -> Mapping[str, Any]:
        return {"contract": self.contract, "ends_at": self.ends_at}

    def decide(self, books: Books) -> Decision:
        contract = contracts_of(books.customer).filter(public_id=self.contract).first()
        if contract is None:
            raise UnknownObject("There is no such contract.")
        if contract.ends_at <= books.now:
            raise NotAllowed(
                f"Contract {contract.agreement} ended on {last_day_text(contract.ends_at)}, and "
                "its features are back on credits. Enter the new contract instead."
            )
        check_start_of_day(self.ends_at, field="ends")
        if self.ends_at <= contract.ends_at:
            raise InvalidCommand(
                "An extension must end after the contract does now, which is "
                f"{last_day_text(contract.ends_at)}.",
                field="ends",
            )
        refuse_overlap(books.customer, contract.ends_at, self.ends_at)

        def save() -> None:
            PaygContract.objects.filter(pk=contract.pk).update(ends_at=self.ends_at)

        return Decision(
            facts=list(prolonged(books, contract.ends_at, self.ends_at)),
            save_rows=save,
            answer={"contract": str(contract.public_id)},
            subject=f"{contract.get_channel_display()} {contract.agreement}",
        )


@dataclass(frozen=True, kw_only=True)
class EndContract(Command):
    """Move the end of a contract to an earlier 00:00 UTC, after today at the earliest.

    The features that are paid under it come back to credits then, as automatic growth, as at any
    contract's end. Raises UnknownObject for another customer's contract, InvalidCommand for an
    end that is not earlier or not ahead, NotAllowed for a contract that has ended.
    """

    kind: ClassVar[str] = "end-contract"

    contract: UUID
    ends_at: datetime

    def content(self) -> Mapping[str, Any]:
        return {"contract": self.contract, "ends_at": self.ends_at}

    def decide(self, books: Books) -> Decision:
        contract = contracts_of(books.customer).filter(public_id=self.contract).first()
        if contract is None:
            raise UnknownObject("There is no such contract.")
        if contract.ends_at <= books.now:
            raise NotAllowed(
                f"Contract {contract.agreement} ended on {last_day_text(contract.ends_at)} already."
            )
        check_start_of_day(self.ends_at, field="ends")
        if not max(books.now, contract.starts_at) < self.ends_at < contract.ends_at:
            raise InvalidCommand(
                "The new end must lie ahead, and before the contract ends now, which is on "
                f"{last_day_text(contract.ends_at)}.",
                field="ends",
            )

        def save() -> None:
            PaygContract.objects.filter(pk=contract.pk).update(ends_at=self.ends_at)

        return Decision(
            facts=list(prolonged(books, contract.ends_at, self.ends_at)),
            save_rows=save,
            answer={"contract": str(contract.public_id)},
            subject=f"{contract.get_channel_display()} {contract.agreement}",
        )


def enter_contract(command: EnterContract) -> PaygContract:
    """Enter a contract, exactly once per key; a repeat returns the one entered first.

    Raises what EnterContract raises, and KeyConflict for a key used otherwise.
    """
    try:
        with transaction.atomic():
            answer = post(command)
            return entered(answer) if answer.repeated else keep(command, answer)
    except IntegrityError as error:
        diagnosis = getattr(error.__cause__, "diag", None)
        if getattr(diagnosis, "constraint_name", None) != AGREEMENT_ONCE:
            raise
        # Another customer's contract took the agreement at the same moment.
        refuse_taken(command.channel, command.agreement.strip())
        raise


def keep(command: EnterContract, answer: Answer) -> PaygContract:
    """The contract beside the operation that has just entered it."""
    return PaygContract.objects.create(
        customer=command.customer,
        operation=answer.operation,
        channel=command.channel,
        agreement=command.agreement.strip(),
        starts_at=command.starts_at,
        ends_at=command.ends_at,
    )


def entered(answer: Answer) -> PaygContract:
    """The contract that an operation entered."""
    return PaygContract.objects.get(operation=answer.operation)


def checked_agreement(text: str) -> str:
    """An agreement's number, trimmed. Raises InvalidCommand if nobody could read it."""
    agreement = text.strip()
    if not 1 <= len(agreement) <= AGREEMENT_LENGTH or not agreement.isprintable():
        raise InvalidCommand(
            f"An agreement needs a printable number of 1 to {AGREEMENT_LENGTH} characters.",
            field="agreement",
        )
    return agreement


def check_start_of_day(at: datetime, *, field: str) -> None:
    """A contract begins and ends at 00:00 UTC."""
    if at != clock.start_of(clock.day_of(at)):
        raise InvalidCommand("A contract begins and ends at 00:00 UTC.", field=field)


def refuse_taken(channel: str, agreement: str) -> None:
    """The unique constraint stands behind it. Names no customer: it may be another one's."""
    same = PaygContract.objects.alias(same=Lower("agreement"))
    if same.filter(channel=channel, same=Lower(Value(agreement))).exists():
        raise NotAllowed(
            f"Agreement {agreement} was entered before in the channel "
            f"{ContractChannel(channel).label}. Nothing was changed.",
            field="agreement",
        )


def refuse_overlap(customer: Customer, starts_at: datetime, ends_at: datetime) -> None:
    """One contract in force at a time."""
    other = contracts_of(customer).filter(starts_at__lt=ends_at, ends_at__gt=starts_at).first()
    if other is not None:
        raise NotAllowed(
            f"Contract {other.agreement} is in force then, until {last_day_text(other.ends_at)}. "
            "A customer has one contract at a time.",
            field="ends",
        )

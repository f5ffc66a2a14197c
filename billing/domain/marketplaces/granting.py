"""What an agreement lacks, written: orders, corrections of licenses, a pay-as-you-go contract.

Every step is a command of the one writer under a key that follows from the step, so a step that
was taken finds itself. Called under the locks of customer and agreement, in their transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from django.db.models import Exists, OuterRef

from billing.domain.contracts import EndContract, EnterContract, ExtendContract, enter_contract
from billing.domain.marketplaces.agreements import short
from billing.domain.marketplaces.corrected import refuse_corrected
from billing.domain.marketplaces.wanted import Buy, Held, MoveEnd, Reduce, Step, Void, Wanted, steps
from billing.domain.orders import LineOrder, Order
from billing.domain.purchases import record_purchase
from billing.models import (
    WITHDRAWN_STATES,
    AgreementPurchase,
    MarketplaceAgreement,
    PaygContract,
)
from credits import clock
from credits.domain.books import Books
from credits.domain.commands import Asked, Command, Decision
from credits.domain.licenses import (
    ExtendLicense,
    LicenseCorrection,
    ReduceLicense,
    VoidLicense,
    check_days,
)
from credits.domain.post import post
from credits.exceptions import InvalidCommand, NotAllowed
from credits.models import Customer, License


@dataclass(frozen=True, kw_only=True)
class ShortenLicense(LicenseCorrection):
    """Move the end of a license to an earlier 00:00 UTC that still lies ahead.

    Raises InvalidCommand for an end that is not earlier, or not ahead.
    """

    kind: ClassVar[str] = "shorten"

    ends_at: datetime

    def content(self) -> Mapping[str, object]:
        return {**super().content(), "ends_at": self.ends_at}

    def decide(self, books: Books) -> Decision:
        license, newest = self.current(books)
        check_days(self.ends_at)
        begins = max(books.now, license.starts_at)
        if newest.until is None or not begins < self.ends_at < newest.until:
            raise InvalidCommand(
                f"The new end must lie ahead, and before {license.label} ends now.", field="ends"
            )
        return self.restate(books, license, credits=newest.credits, until=self.ends_at)


def grant(agreement: MarketplaceAgreement, want: Wanted, now: datetime) -> int:
    """Bring licenses and contract of a linked agreement to what is wanted; how many steps.

    Raises what the commands refuse, and CorrectedByHand where a person's correction would be
    overruled.
    """
    held = held_of(agreement)
    missing = steps(held, want, now)
    if missing:
        refuse_corrected(agreement)
    for step in missing:
        take(agreement, step)
    return len(missing) + bring_contract(agreement, want, now)


def held_of(agreement: MarketplaceAgreement) -> list[Held]:
    """The licenses an agreement has come to, in the order in which they were bought.

    An order that was withdrawn by hand never held anything, and neither did a license that was
    taken back before it began.
    """
    licenses = License.objects.filter(purchase_line__purchase__agreement_order__agreement=agreement)
    renewed = License.objects.filter(renews=OuterRef("pk"))
    found = licenses.exclude(purchase_line__purchase__state__in=WITHDRAWN_STATES)
    return [
        Held(
            license.pk,
            license.credits,
            license.starts_at,
            license.ends_at,
            license.voided_at if is_cut(license) else None,
            license.is_renewed,
        )
        for license in found.annotate(is_renewed=Exists(renewed)).order_by(
            "purchase_line__purchase__agreement_order__number", "pk"
        )
    ]


def is_cut(license: License) -> bool:
    """Whether a license was taken back before its end."""
    return license.voided_at is not None and license.voided_at < license.ends_at


def take(agreement: MarketplaceAgreement, step: Step) -> None:
    """Carry one step out."""
    if isinstance(step, Buy):
        buy(agreement, step)
    else:
        post(correction(agreement, step))


def buy(agreement: MarketplaceAgreement, step: Buy) -> None:
    """Record one more order of the agreement."""
    number = agreement.orders.count() + 1
    renews = License.objects.get(pk=step.renews) if step.renews else None
    order = Order(
        order_number=f"{short(agreement.reference)} /{number}",
        channel=agreement.marketplace,
        lines=[
            LineOrder(
                credits=step.credits,
                first_day=clock.day_of(step.starts_at),
                last_day=clock.day_of(step.ends_at - clock.DAY),
                renews=renews,
            )
        ],
        unusual_confirmed=True,
    )
    asked = asked_of(agreement, f"order/{number}")
    purchase = record_purchase(customer_of(agreement), order, asked)
    AgreementPurchase.objects.create(agreement=agreement, purchase=purchase, number=number)


def correction(agreement: MarketplaceAgreement, step: Void | Reduce | MoveEnd) -> Command:
    """The command that a step is for a license. Its key holds what it starts from."""
    license = License.objects.get(pk=step.license)
    newest = license.terms.standing().order_by("-operation_id", "-pk").values("operation_id")[:1]
    after = newest[0]["operation_id"]
    customer = customer_of(agreement)

    def asked(what: str) -> Asked:
        return asked_of(agreement, f"{license.number}/{what}/after/{after}")

    if isinstance(step, Void):
        return VoidLicense(customer=customer, asked=asked("void"), license=license)
    if isinstance(step, Reduce):
        return ReduceLicense(
            customer=customer,
            asked=asked(f"reduce/{step.credits}"),
            license=license,
            credits=step.credits,
        )
    kind = ExtendLicense if step.is_later else ShortenLicense
    return kind(
        customer=customer,
        asked=asked(f"end/{step.ends_at:%Y-%m-%d}"),
        license=license,
        ends_at=step.ends_at,
    )


def bring_contract(agreement: MarketplaceAgreement, want: Wanted, now: datetime) -> int:
    """Enter, extend or end the pay-as-you-go contract of an agreement; how many steps (0 or 1)."""
    contract = agreement.contract
    tomorrow = clock.start_of(clock.day_of(now)) + clock.DAY
    stands = contract is not None and contract.ends_at > now
    if not want.is_payg:
        ends_at = want.ends_at if want.is_over and want.ends_at > tomorrow else tomorrow
        return move_contract(agreement, contract, ends_at, now) if contract and stands else 0
    if contract is not None and stands and want.is_open:
        return 0
    if contract is not None and stands:
        return move_contract(agreement, contract, max(want.ends_at, tomorrow), now)
    if want.ends_at > now:
        enter(agreement, want, now)
        return 1
    return 0


def move_contract(
    agreement: MarketplaceAgreement, contract: PaygContract, ends_at: datetime, now: datetime
) -> int:
    """Let a contract that stands end at another 00:00 UTC; 0 where it does already."""
    if contract.ends_at == ends_at:
        return 0
    is_later = ends_at > contract.ends_at
    if not is_later and contract.ends_at <= clock.start_of(clock.day_of(now)) + clock.DAY:
        return 0  # It ends tonight, and no earlier.
    asked = asked_of(
        agreement, f"contract/end/{ends_at:%Y-%m-%d}/was/{contract.ends_at:%Y-%m-%d}/{now:%Y-%m-%d}"
    )
    kind = ExtendContract if is_later else EndContract
    post(
        kind(
            customer=customer_of(agreement),
            asked=asked,
            contract=contract.public_id,
            ends_at=ends_at,
        )
    )
    return 1


def enter(agreement: MarketplaceAgreement, want: Wanted, now: datetime) -> None:
    """Enter the contract of an agreement; one that was taken up again is a contract of its own."""
    name = short(agreement.reference)
    earlier = PaygContract.objects.filter(
        channel=agreement.marketplace, customer=agreement.customer, agreement__istartswith=name
    ).count()
    starts_at = want.starts_at or clock.start_of(clock.day_of(now))
    if agreement.contract is not None:
        starts_at = max(starts_at, agreement.contract.ends_at)
    agreement.contract = enter_contract(
        EnterContract(
            customer=customer_of(agreement),
            asked=asked_of(agreement, f"contract/{earlier + 1}"),
            channel=agreement.marketplace,
            agreement=f"{name} /{earlier + 1}" if earlier else name,
            starts_at=starts_at,
            ends_at=want.ends_at,
        )
    )
    agreement.save(update_fields=["contract"])


def asked_of(agreement: MarketplaceAgreement, what: str) -> Asked:
    """The marketplace asks, under a key of the agreement and what is to be done."""
    return Asked(source=agreement.marketplace, key=f"{agreement.public_id}/{what}")


def customer_of(agreement: MarketplaceAgreement) -> Customer:
    """The customer of a linked agreement."""
    customer = agreement.customer
    if customer is None:
        raise NotAllowed("Only what is linked to a customer comes to anything.")
    return customer

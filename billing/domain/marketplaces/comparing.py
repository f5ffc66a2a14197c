"""What our purchases and a marketplace say differently of an agreement, in words.

Rules: docs/rules.md#marketplaces.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from billing.domain.marketplaces.granting import held_of
from billing.domain.marketplaces.offers import offers_of
from billing.domain.marketplaces.providers import Truth
from billing.domain.marketplaces.wanted import Held, Wanted, steps, wanted
from billing.models import AgreementState, MarketplaceAgreement
from credits.domain.activity_words import last_day_text
from credits.exceptions import CreditsError

UNKNOWN_TO_US, UNKNOWN_TO_THEM = "unknown-to-us", "unknown-to-them"
STATE, UNITS, END, OFFER = "state", "units", "end", "offer"
TEXT_LENGTH = 200


@dataclass(frozen=True)
class Difference:
    """One thing that differs: of which kind, what we say, and what they say."""

    kind: str
    ours: str
    theirs: str


def differences(
    agreement: MarketplaceAgreement | None, truth: Truth | None, now: datetime
) -> list[Difference]:
    """All that differs between an agreement as it stands with us and as the marketplace says.

    An agreement that is over and was never linked is nobody's difference.
    """
    if truth is None:
        return list(unknown_to_them(agreement))
    if agreement is None or agreement.customer_id is None:
        return list(unknown_to_us(agreement, truth))
    return [*state_differs(agreement, truth), *books_differ(agreement, truth, now)]


def unknown_to_us(agreement: MarketplaceAgreement | None, truth: Truth) -> Iterator[Difference]:
    """An agreement that goes on and that no customer has linked."""
    if truth.state != AgreementState.ENDED:
        ours = _("Not linked to a customer") if agreement else _("Never heard of")
        yield Difference(UNKNOWN_TO_US, ours, state_text(truth.state))


def unknown_to_them(agreement: MarketplaceAgreement | None) -> Iterator[Difference]:
    """A linked agreement that goes on with us, and that the marketplace does not name."""
    if agreement and agreement.customer_id and agreement.state != AgreementState.ENDED:
        yield Difference(UNKNOWN_TO_THEM, state_text(agreement.state), _("Never heard of"))


def state_differs(agreement: MarketplaceAgreement, truth: Truth) -> Iterator[Difference]:
    """Another state than the one we were told last."""
    if agreement.state != truth.state:
        yield Difference(STATE, state_text(agreement.state), state_text(truth.state))


def books_differ(
    agreement: MarketplaceAgreement, truth: Truth, now: datetime
) -> Iterator[Difference]:
    """Credits or an end that are not what the truth comes to."""
    try:
        want = wanted(truth, offers_of(agreement.marketplace, agreement.product), now)
    except CreditsError as refusal:
        yield Difference(OFFER, _("Not applied"), refusal.message[:TEXT_LENGTH])
        return
    if want is None:
        return
    yield from licenses_differ(held_of(agreement), want, now)
    contract = agreement.contract
    ours = contract.ends_at if contract is not None and contract.ends_at > now else None
    theirs = want.ends_at if want.is_payg and want.ends_at > now else None
    if want.is_open and ours and theirs:
        return
    if ours != theirs and not ends_tonight(ours, theirs, now):
        yield Difference(END, contract_text(ours), contract_text(theirs))


def licenses_differ(held: list[Held], want: Wanted, now: datetime) -> Iterator[Difference]:
    """Other credits in the last term, or another end of it."""
    if not steps(held, want, now):
        return
    standing = [one for one in held if one.voided_at is None and one.ends_at > now]
    ends_at = max((one.ends_at for one in standing), default=None)
    credits = sum(one.credits for one in standing if one.ends_at == ends_at)
    if ends_at != want.ends_at:
        yield Difference(END, end_text(ends_at), end_text(want.ends_at))
    if credits != want.credits or ends_at == want.ends_at:
        yield Difference(UNITS, credits_text(credits), credits_text(want.credits))


def ends_tonight(ours: datetime | None, theirs: datetime | None, now: datetime) -> bool:
    """Whether a contract that is over ends at the next 00:00, which is as early as it can."""
    return theirs is None and ours is not None and (ours - now).days < 1


def state_text(state: str) -> str:
    """A state of an agreement in words."""
    return str(AgreementState(state).label)


def credits_text(credits: int) -> str:
    """So many credits."""
    return _("%(credits)s credits") % {"credits": f"{credits:,}"}


def end_text(ends_at: datetime | None) -> str:
    """The last day of a term."""
    if ends_at is None:
        return _("No license")
    return _("Last day %(day)s") % {"day": last_day_text(ends_at)}


def contract_text(ends_at: datetime | None) -> str:
    """The last day of a contract."""
    if ends_at is None:
        return _("No contract")
    return _("Contract, last day %(day)s") % {"day": last_day_text(ends_at)}

"""The course of a customer's access: when it changed, by the terms as they were known then.

The one rule (credits.domain.access_state) is asked at every instant at which its answer can
change: where an end, a grace or a start is reached, and where the books learned of a term, a void
or a contract. So what comes out is the same whenever it is worked out (docs/rules.md#r13).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from billing.models import PaygContract
from credits.domain.access_state import AccessState, Held, access_rule
from credits.domain.licenses import GRANTING, term_of
from credits.models import LicenseKind, LicenseTerm


@dataclass(frozen=True)
class Statement:
    """A license's term as it was stated, from when the books knew it, and until when."""

    at: datetime
    credits: int
    until: datetime | None
    known_from: datetime
    withdrawn_at: datetime | None
    is_grant: bool = False
    """Whether it says when the license starts."""

    def is_known(self, known: datetime) -> bool:
        """Whether it stood in the books at an instant."""
        return self.known_from <= known and (self.withdrawn_at is None or known < self.withdrawn_at)


@dataclass
class Lot:
    """One license with everything that was ever stated of it, in the order stated."""

    starts_at: datetime
    is_trial: bool
    statements: list[Statement] = field(default_factory=list)

    def begins(self, known: datetime) -> datetime:
        """When it starts, as the newest grant of it said that the books knew at an instant."""
        granted = [one.at for one in self.statements if one.is_grant and one.known_from <= known]
        return granted[-1] if granted else self.starts_at


@dataclass(frozen=True)
class Contract:
    """One pay-as-you-go contract, and from when the books knew it."""

    starts_at: datetime
    ends_at: datetime
    known_from: datetime


@dataclass
class Holdings:
    """All that decides one customer's access, with when it became known."""

    lots: dict[int, Lot] = field(default_factory=dict)
    contracts: list[Contract] = field(default_factory=list)

    def learned(self) -> list[datetime]:
        """The instants at which the books learned something of it, in order."""
        stated = [one for lot in self.lots.values() for one in lot.statements]
        withdrawn = {one.withdrawn_at for one in stated if one.withdrawn_at}
        known = {one.known_from for one in stated}
        return sorted(withdrawn | known | {one.known_from for one in self.contracts})

    def held(self, known: datetime) -> Held:
        """What the customer holds or has held, as the books knew it at an instant."""
        starts: list[datetime] = []
        ends: dict[str, list[datetime]] = defaultdict(list)
        for lot in self.lots.values():
            starts_at = lot.begins(known)
            given, voided_at = term_of(
                starts_at, [one for one in lot.statements if one.is_known(known)]
            )
            if given is None or given.until is None:
                continue
            if voided_at is not None and voided_at <= starts_at:
                continue  # Voided before it began: it was never held.
            starts.append(starts_at)
            name = "trial" if lot.is_trial else "license"
            if voided_at is not None and voided_at < given.until:
                ends[f"{name}_void"].append(voided_at)
            else:
                ends[name].append(given.until)
        for contract in self.contracts:
            if contract.known_from <= known:
                starts.append(contract.starts_at)
                ends["contract"].append(contract.ends_at)
        return Held(
            first=min(starts, default=None), **{name: max(found) for name, found in ends.items()}
        )


def holdings_of(customers: Collection[int]) -> dict[int, Holdings]:
    """What each of these customers ever held, in two queries."""
    found: dict[int, Holdings] = {pk: Holdings() for pk in customers}
    terms = LicenseTerm.objects.filter(license__customer__in=customers).order_by(
        "operation_id", "pk"
    )
    for (
        customer,
        license,
        starts_at,
        kind,
        at,
        credits,
        until,
        known_from,
        withdrawn_at,
        operation,
    ) in terms.values_list(
        "license__customer_id",
        "license_id",
        "license__starts_at",
        "license__kind",
        "at",
        "credits",
        "until",
        "operation__recorded_at",
        "operation__reversal__recorded_at",
        "operation__kind",
    ):
        lot = found[customer].lots.setdefault(license, Lot(starts_at, kind == LicenseKind.TRIAL))
        is_grant = operation in GRANTING
        lot.statements.append(Statement(at, credits, until, known_from, withdrawn_at, is_grant))
    contracts = PaygContract.objects.filter(customer__in=customers)
    for customer, *terms_of in contracts.values_list(
        "customer_id", "starts_at", "ends_at", "operation__recorded_at"
    ):
        found[customer].contracts.append(Contract(*terms_of))
    return found


def course(
    holdings: Holdings, since: datetime | None, until: datetime
) -> Iterator[tuple[datetime, AccessState]]:
    """The states of access at every instant in [since, until] at which it can have changed.

    In order; two that follow each other may be the same. `since` None: from the first that is
    known.
    """
    learned = [at for at in holdings.learned() if at <= until]
    if since is not None:
        learned = [since, *(at for at in learned if at > since)]
    for known, next_known in pairwise([*learned, None]):
        assert known is not None  # noqa: S101 - only the last of the pairs has none.
        held = holdings.held(known)
        for at in [known, *sorted(edges(held))]:
            if known <= at <= until and (next_known is None or at < next_known):
                yield at, access_rule(held, at)


def edges(held: Held) -> set[datetime]:
    """The instants at which the rule may answer otherwise, as long as nothing is learned."""
    ends = {at for ends_at, end, _ in held.ends() for at in (ends_at, end)}
    return ends | {held.first} if held.first is not None else ends

"""What caused a ledger row: the operation, who asked it, and the fact it brought, in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.utils.translation import gettext as _

from billing.domain.annual.words import (
    day_words,
    formula,
    grouped,
    last_day_words,
    quantity_for,
    quantity_words,
    rate_words,
    read_quantities,
)
from billing.models import Purchase
from credits.domain.activity_words import KINDS, actor_text, moment_text, source_text
from credits.domain.allocations import SWITCH_BILLING
from credits.domain.in_force import newest
from credits.domain.licenses import GRANTING
from credits.domain.pricing import total
from credits.domain.rates import ApplyRates
from credits.models import (
    AllocationModel,
    FeatureChoice,
    FeatureRate,
    LedgerEntry,
    License,
    LicenseTerm,
    Operation,
    Side,
    UsageReport,
)
from credits.models.facts import FeatureChoiceQuerySet, UsageReportQuerySet

TOLD = JSONObject(
    quantities="quantities",
    at="at",
    by_hand="by_hand",
    by="operation__answer__reported_by",
)
"""What a row needs of the report in force: in one value, so that it is looked for once."""

CHOSEN = JSONObject(is_on="is_on", until="until")
"""The same of the choice in force; `until` is the end of a pay-as-you-go contract."""


@dataclass(frozen=True)
class Cause:
    """Why a row is there."""

    act: str
    who: str
    fact: str
    order: str = ""
    reason: str = ""


def with_facts(entries: QuerySet[LedgerEntry]) -> QuerySet[LedgerEntry]:
    """Ledger rows by seq, each with its operation and the facts in force when it was booked.

    A fact counts if its operation came no later than the row's own and was not withdrawn by
    then: the newest report and choice at the row's instant, and the term it brought.
    """
    reports = UsageReport.objects.filter(group=OuterRef("feature__group"))
    choices = FeatureChoice.objects.filter(feature=OuterRef("feature"))
    stated = in_force(reports).order_by(*UsageReportQuerySet.precedence)
    chosen = in_force(choices).order_by(*FeatureChoiceQuerySet.precedence)
    terms = LicenseTerm.objects.filter(license=OuterRef("license"), operation=OuterRef("operation"))
    return (
        entries.order_by("seq")
        .select_related(
            "license",
            "feature__group__solution",
            "operation__actor",
            "operation__on_behalf_of",
            "operation__note",
            "operation__purchase",
            "license__purchase_line__purchase",
            "operation__reverses",
        )
        .annotate(
            stated=Subquery(stated.values(told=TOLD)[:1]),
            chosen=Subquery(chosen.values(told=CHOSEN)[:1]),
            until=Subquery(terms.values("until")[:1]),
            term_credits=Subquery(terms.values("credits")[:1]),
        )
    )


def in_force(facts: QuerySet[Any]) -> QuerySet[Any]:
    """The facts that counted for the row a subquery belongs to."""
    return facts.filter(
        customer=OuterRef("customer"),
        at__lte=OuterRef("effective_at"),
        operation_id__lte=OuterRef("operation_id"),
    ).exclude(operation__reversal__id__lte=OuterRef("operation_id"))


class Causes:
    """Tells causes, with the rates that rows were priced by read once."""

    def __init__(self, rates: Iterable[FeatureRate]) -> None:
        self._rates: dict[int, list[FeatureRate]] = defaultdict(list)
        self._parts: set[str] = set()
        for rate in rates:
            self._rates[rate.feature_id].append(rate)
            self._parts.update(rate.parts)

    @classmethod
    def of_groups(cls, groups: Iterable[int] | QuerySet[Any]) -> Causes:
        """Causes of rows of allocation groups."""
        rates = FeatureRate.objects.filter(feature__group__in=groups)
        return cls(rates.select_related("feature", "operation"))

    def of(self, entry: LedgerEntry) -> Cause:
        """The cause of a row that was read by `with_facts`."""
        operation = entry.operation
        purchase: Purchase | None = getattr(operation, "purchase", None)
        if purchase is None and operation.kind in GRANTING:
            # The order was amended since, so that a later operation is its own.
            purchase = purchase_of(entry.license)
        note = getattr(operation, "note", None)
        return Cause(
            act=act_words(operation),
            who=who_words(operation),
            fact=license_fact(entry) if entry.side == Side.VALID else self.feature_fact(entry),
            order=purchase.order_number if purchase is not None else "",
            reason=note.text if note is not None else "",
        )

    def feature_fact(self, entry: LedgerEntry) -> str:
        """310 endpoints x 65; switched off; a contract or a reservation that ends."""
        row: Any = entry
        chosen: Mapping[str, Any] = row.chosen or {}
        is_off = chosen.get("is_on") is False
        if not is_off and (contract := contract_fact(entry, chosen.get("until"))):
            return f"{contract}: {self.usage_fact(entry)}" if entry.credits > 0 else contract
        if ends := self.reservation_fact(entry):
            return ends
        return _("switched off") if is_off else self.usage_fact(entry)

    def reservation_fact(self, entry: LedgerEntry) -> str:
        """The roll-over of a usage reservation, booked ahead; nothing for any other row."""
        rate = self.rate_of(entry)
        row: Any = entry
        stated: Mapping[str, Any] = row.stated or {}
        if rate is None or rate.model != AllocationModel.USAGE_RESERVATION:
            return ""
        if entry.effective_at <= entry.recorded_at or stated_at(stated) == entry.effective_at:
            return ""
        values = {
            "last": last_day_words(entry.effective_at),
            "first": day_words(entry.effective_at),
        }
        if entry.credits < 0:
            return _("reservation ends, last day %(last)s") % values
        return _("next reservation begins, first day %(first)s") % values

    def usage_fact(self, entry: LedgerEntry) -> str:
        """310 endpoints x 65, reported by a system or typed; a rate that changed."""
        row: Any = entry
        rate = self.rate_of(entry)
        stated: Mapping[str, Any] = row.stated or {}
        quantities = read_quantities(stated.get("quantities"))
        if rate is None or not quantities:
            return _("nothing reported any more")
        quantity = quantity_for(rate, quantities)
        if entry.operation.kind == ApplyRates.kind and total(quantity):
            old = self.replaced(entry, rate)
            if old is not None and rate_words(old) != rate_words(rate):
                return _("rate changed: %(new)s in place of %(old)s") % {
                    "new": formula(rate, quantity),
                    "old": formula(old, quantity),
                }
        in_bundle = rate.feature.key in self._parts and entry.credits < 0
        if not total(quantity) or in_bundle:
            return quantity_words(rate.feature, quantity) + reporter_words(stated)
        return formula(rate, quantity) + reporter_words(stated)

    def rate_of(self, entry: LedgerEntry) -> FeatureRate | None:
        """The rate a row was priced by: in force at its instant, of those entered by then."""
        rates = self._rates[entry.feature_id or 0]
        entered = [r for r in rates if r.operation_id <= entry.operation_id]
        return newest(entered or rates, entry.effective_at)

    def replaced(self, entry: LedgerEntry, rate: FeatureRate) -> FeatureRate | None:
        """The rate that another one took the place of: the one it corrected, else the one before.

        Both have the feature's model of their time, so each formula is told by its own.
        """
        known = [r for r in self._rates[rate.feature_id] if r.operation_id <= entry.operation_id]
        same_day = [r for r in known if r.at == rate.at and r.operation_id < rate.operation_id]
        return newest(same_day or [r for r in known if r.at < rate.at], rate.at)


def contract_fact(entry: LedgerEntry, until: str | None) -> str:
    """What a pay-as-you-go contract made of a row: it began, ended, or its end fell away."""
    is_ahead = entry.effective_at > entry.recorded_at
    is_switch = entry.operation.kind == SWITCH_BILLING
    if until is not None:
        ends_at = datetime.fromisoformat(until)
        if ends_at == entry.effective_at:
            return _("pay-as-you-go contract ends, last day %(day)s") % {
                "day": last_day_words(ends_at)
            }
        if is_switch and entry.credits < 0:
            return _("on pay-as-you-go, contract to %(day)s") % {"day": last_day_words(ends_at)}
        return ""
    if not is_switch:
        return ""
    if is_ahead and entry.credits < 0:
        return _("its contract's end, which fell away with it")
    return _("back on credits") if entry.credits > 0 and not is_ahead else ""


def stated_at(stated: Mapping[str, Any]) -> datetime | None:
    """The instant of the report in force."""
    return datetime.fromisoformat(stated["at"]) if stated.get("at") else None


def reporter_words(stated: Mapping[str, Any]) -> str:
    """ ", reported 24 Nov 2026, 09:41 UTC by Endpoint inventory"; nothing for what was typed."""
    if stated.get("by_hand", True):
        return ""
    words = {
        "at": moment_text(datetime.fromisoformat(stated["at"])),
        "name": stated.get("by") or _("a system"),
    }
    return _(", reported %(at)s by %(name)s") % words


def purchase_of(license: License | None) -> Purchase | None:
    """The order that a license belongs to, if there is one."""
    line = getattr(license, "purchase_line", None)
    return line.purchase if line is not None else None


def license_fact(entry: LedgerEntry) -> str:
    """What a license's row says: its term begins, ends, goes on, is cut."""
    row: Any = entry
    values = {"credits": grouped(row.term_credits or 0), "day": last_day_words(entry.effective_at)}
    kind = entry.operation.kind
    if kind in ("undo", "move-order"):
        return _("withdrawn")
    if kind == "restate-grant":
        return _("its order was amended")
    if kind == "void":
        return _("voided") if entry.credits < 0 else _("its end, which fell away with it")
    if kind == "reduce":
        if entry.effective_at == entry.recorded_at:
            return _("reduced to %(credits)s") % values
        return _("so much less ends, last day %(day)s") % values
    if entry.credits < 0:
        return _("term ends, last day %(day)s") % values
    if kind == "extend" and row.until is not None:
        return _("goes on to %(until)s, end of day UTC") % {"until": last_day_words(row.until)}
    if row.until is None:
        return ""
    return _("%(credits)s from %(first)s to %(until)s, end of day UTC") % {
        **values,
        "first": day_words(entry.effective_at),
        "until": last_day_words(row.until),
    }


def act_words(operation: Operation) -> str:
    """The kind of an operation, as people say it."""
    act = str(KINDS.get(operation.kind, operation.kind.replace("-", " ").capitalize()))
    if operation.reverses is None:
        return act
    return f"{act}: {act_words(operation.reverses)}"


def who_words(operation: Operation) -> str:
    """Who asked for an operation; through what it came, where it was no person."""
    if operation.actor is None:
        return source_text(operation.source)
    if operation.on_behalf_of is None:
        return actor_text(operation)
    return _("%(name)s for %(other)s") % {
        "name": actor_text(operation),
        "other": operation.on_behalf_of.name,
    }

"""What happened to an order, in the order it happened, as its page tells it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.urls import reverse
from django.utils.dateformat import format as date_text
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.domain.order_changes.events import PRICED
from billing.models import Channel, Purchase, PurchaseEvent, PurchaseEventKind
from credits.domain.activity import told
from credits.domain.people import customers_for
from credits.models import LicenseTerm, Operation, User
from credits.templatetags.figures import DAY, credits_text

NAMES: Mapping[str, Any] = {
    "order_number": gettext_lazy("Order number"),
    "channel": gettext_lazy("Channel"),
    "price": gettext_lazy("Price"),
    "note": gettext_lazy("Note"),
    "credits": gettext_lazy("Credits"),
    "first_day": gettext_lazy("First day"),
    "last_day": gettext_lazy("Last day"),
    "file": gettext_lazy("File"),
}

TITLES: Mapping[str, Any] = {
    PurchaseEventKind.AMENDED: gettext_lazy("Amended"),
    PurchaseEventKind.LINE_VOIDED: gettext_lazy("A license was voided"),
    PurchaseEventKind.CANCELLED: gettext_lazy("Cancelled: all its licenses were withdrawn"),
    PurchaseEventKind.MOVED: gettext_lazy("Moved to the right customer: its licenses are not here"),
    PurchaseEventKind.ATTACHED: gettext_lazy("A file was added"),
    PurchaseEventKind.DETACHED: gettext_lazy("A file was removed"),
}


@dataclass(frozen=True)
class ShownChange:
    """One thing that changed: its name, before and after."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Chapter:
    """One thing that happened: when, who, why, and what changed."""

    at: datetime
    title: str
    who: str = ""
    reason: str = ""
    changes: Sequence[ShownChange] = ()
    url: str = ""
    link: str = ""
    act: str = ""
    """The id of its operation, of which the activity tells more."""
    place: tuple[int, int] = field(default=(0, 0), compare=False)


def story_of(purchase: Purchase, reader: User, *, sees_prices: bool) -> list[Chapter]:
    """The chapters of an order, oldest first, as one person may read them."""
    events = purchase.events.select_related("operation__actor", "operation__note")
    known = {event.operation_id: event for event in events}
    operations = touching(purchase, known)
    first = min(operations, default=0)
    chapters = [*beginning(purchase, operations.get(first), reader)]
    acts = {pk: one for pk, one in operations.items() if pk not in known and pk != first}
    chapters += of_acts(purchase, list(acts.values()))
    chapters += [of_event(purchase, event, reader, sees_prices) for event in known.values()]
    return sorted(chapters, key=lambda chapter: chapter.place)


def touching(purchase: Purchase, known: Mapping[int, PurchaseEvent]) -> dict[int, Operation]:
    """The operations that stated a term of the order's licenses, or withdrew one."""
    terms = LicenseTerm.objects.filter(license__purchase_line__purchase=purchase)
    rows = terms.select_related(
        "operation__actor",
        "operation__note",
        "operation__reversal__actor",
        "operation__reversal__note",
    )
    found: dict[int, Operation] = {}
    for term in rows:
        found[term.operation_id] = term.operation
        reversal: Operation | None = getattr(term.operation, "reversal", None)
        if reversal is not None:
            found[reversal.pk] = reversal
    return dict(sorted(found.items()))


def beginning(purchase: Purchase, granted: Operation | None, reader: User) -> Iterator[Chapter]:
    """How the order came to be: entered, or moved here; and who looked at it second."""
    place = (granted.pk if granted else 0, 0)
    if purchase.moved_from is not None:
        url, link = place_of(purchase.moved_from, reader)
        yield Chapter(
            at=purchase.recorded_at,
            title=_("Moved here: it was entered for another customer"),
            who=person(granted.actor if granted else None),
            reason=reason_of(granted),
            url=url,
            link=link,
            act=str(granted.public_id) if granted else "",
            place=place,
        )
        return
    yield Chapter(
        at=purchase.recorded_at,
        title=_("Entered"),
        who=person(purchase.entered_by),
        reason=reason_of(granted),
        act=str(granted.public_id) if granted else "",
        place=place,
    )
    if purchase.confirmed_by is not None:
        yield Chapter(
            at=purchase.recorded_at,
            title=_("Confirmed, after a second look"),
            who=person(purchase.confirmed_by),
            place=(place[0], 1),
        )


def of_acts(purchase: Purchase, operations: list[Operation]) -> Iterator[Chapter]:
    """What was done to a license by itself: extended, reduced, voided, undone."""
    for act in told(purchase.customer, operations):
        yield Chapter(
            at=act.operation.recorded_at,
            title=act.words,
            who=person(act.operation.actor),
            reason=reason_of(act.operation),
            act=str(act.operation.public_id),
            place=(act.operation.pk, 0),
        )


def of_event(purchase: Purchase, event: PurchaseEvent, reader: User, sees_prices: bool) -> Chapter:
    """What was done to the order as such."""
    url = link = ""
    if event.kind == PurchaseEventKind.MOVED and (moved := moved_to(purchase)) is not None:
        url, link = place_of(moved, reader)
    return Chapter(
        at=event.operation.recorded_at,
        title=title_of(event),
        who=person(event.operation.actor),
        reason=reason_of(event.operation),
        changes=[
            shown
            for one in event.changes
            if (sees_prices or one.get("name") not in PRICED) and (shown := shown_change(one))
        ],
        url=url,
        link=link,
        act=str(event.operation.public_id),
        place=(event.operation_id, 0),
    )


def title_of(event: PurchaseEvent) -> str:
    """What was done, in words."""
    for one in event.changes:
        if one.get("name") == "ended":
            return str(_("%(license)s was voided: it ended then") % one)
        if one.get("name") == "never-was":
            return str(_("%(license)s was taken out, as if it had never been ordered") % one)
    return str(TITLES.get(event.kind, event.get_kind_display()))


def shown_change(one: Mapping[str, Any]) -> ShownChange | None:
    """A change as it is read; None for one that the title says."""
    name = str(one.get("name", ""))
    if name not in NAMES:
        return None
    label, license = str(NAMES[name]), one.get("license")
    if license:
        label = _("%(license)s, %(what)s") % {"license": license, "what": label.lower()}
    before, after = (value_text(name, one.get(side, "")) for side in ("before", "after"))
    return ShownChange(label, before, after)


def value_text(name: str, value: Any) -> str:
    """A value as it is read: days and credits as everywhere, a channel by its name."""
    if value == "" or value is None:
        return "\N{EN DASH}"
    if name == "credits":
        return credits_text(int(value))
    if name in ("first_day", "last_day"):
        return date_text(date.fromisoformat(value), DAY)
    if name == "channel" and value in Channel.values:
        return str(Channel(value).label)
    return str(value)


def moved_to(purchase: Purchase) -> Purchase | None:
    """The order that stands for this one at the right customer."""
    found: Purchase | None = getattr(purchase, "moved_to", None)
    return found


def place_of(other: Purchase, reader: User) -> tuple[str, str]:
    """Address and customer of the other order, for whoever may see that customer; else nothing."""
    if not customers_for(reader).filter(pk=other.customer_id).exists():
        return "", ""
    kwargs = {"slug": other.customer.slug, "public_id": other.public_id}
    return reverse("billing:purchase-detail", kwargs=kwargs), other.customer.name


def person(user: User | None) -> str:
    """Who it was; nothing for no person."""
    return user.name if user is not None else ""


def reason_of(operation: Operation | None) -> str:
    """Why, in the words of whoever did it; erased by a purge."""
    note = getattr(operation, "note", None)
    return note.text if note is not None else ""

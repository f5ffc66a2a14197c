"""A new customer with the first purchase: one act, whole or absent, once per form.

The customer, its rep, its first admin and the order are four commands of one transaction, each
under a key made of the form's (docs/rules.md#first-purchase).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.text import slugify
from django.utils.translation import gettext as _

from billing.domain.drafts import Typed, enter_order, submit_order
from billing.domain.orders import Order, check_order, refuse_unusual
from billing.domain.purchases import refuse_taken
from billing.domain.second_look import needs_second_look
from billing.models import Purchase, PurchaseDraft
from credits.domain.commands import Asked
from credits.domain.locks import lock_office
from credits.domain.members import NoLongerAllowed
from credits.domain.people import (
    AssignRep,
    CreateCustomer,
    Invite,
    checked_email,
    customers_for,
    is_sales,
    leads_sales,
)
from credits.domain.post import clean_key, post, post_office
from credits.exceptions import CreditsError, InvalidCommand, KeyConflict
from credits.models import Customer, Operation, Role, User
from credits.roles import StaffRole

MAX_NAME = 120
MAX_DOMAIN = 120
LONGEST_SLUG = 60


class LooksAlike(CreditsError):
    """Another customer has the name or the mail domain: asked about before a second one is made.

    `seen` are those that the person may see; what else there is, is not named.
    """

    code = "looks-alike"

    def __init__(self, message: str, *, seen: Sequence[Customer], field: str) -> None:
        super().__init__(message, field=field)
        self.seen = list(seen)


@dataclass(frozen=True, kw_only=True)
class NewCustomer:
    """Whom the first order is for. The domain may be left to the admin's mail address."""

    name: str
    admin_email: str
    admin_name: str = ""
    domain: str = ""
    rep: str = ""
    """The mail address of the rep who looks after it; a manager may leave it empty."""
    alike_confirmed: bool = field(default=False, compare=False)
    """Whether another customer of the same name or domain is known and meant to stay apart."""

    @property
    def mail_domain(self) -> str:
        """The domain as it is kept."""
        typed = self.domain.strip().lower().removeprefix("@")
        return typed or self.admin_email.strip().lower().rpartition("@")[2]


def enter_first(
    new: NewCustomer, order: Order, typed: Typed, asked: Asked
) -> Purchase | PurchaseDraft:
    """Make a customer and enter its first order, exactly once per key.

    An order above the threshold is sent for a second look instead, of a customer that is there
    then. Raises InvalidCommand at `name`, `domain`, `admin_email` or the order's own fields,
    LooksAlike until it is confirmed, NoLongerAllowed for who is not of sales, KeyConflict for a
    key used otherwise, and what record_purchase raises.
    """
    if made_before(asked) is None:
        entered = make_and_enter(new, order, typed, asked)
        if entered is not None:
            return entered
    # Outside of the office's lock: the customer is in sight by now, and customers come first.
    return again(new, order, typed, asked)


@transaction.atomic
def make_and_enter(
    new: NewCustomer, order: Order, typed: Typed, asked: Asked
) -> Purchase | PurchaseDraft | None:
    """The customer and its order, whole or absent; None where another request was faster."""
    lock_office()
    if made_before(asked) is not None:
        return None
    check_sells(asked.actor)
    check_new(new)
    check_order(order)
    refuse_unusual(order)
    refuse_taken(order)
    if not new.alike_confirmed:
        refuse_alike(new, asked.actor)
    customer = make(new, asked)
    return enter(customer, order, typed, asked)


def enter(customer: Customer, order: Order, typed: Typed, asked: Asked) -> Purchase | PurchaseDraft:
    """The order of the customer that is there now: recorded, or sent for a second look."""
    if needs_second_look(order, asked.actor):
        return submit_order(customer, order, typed, asked)
    return enter_order(customer, order, asked)


def make(new: NewCustomer, asked: Asked) -> Customer:
    """The customer with its rep and its first admin, who is invited by mail."""
    create = CreateCustomer(
        asked=part(asked, "customer"),
        name=new.name.strip(),
        slug=free_slug(new.name),
        domain=new.mail_domain,
    )
    answer = post_office(create)
    customer = Customer.objects.get(public_id=answer.data["customer"])
    if rep := rep_of(new, asked.actor):
        with at_field("rep"):
            post(AssignRep(customer=customer, asked=part(asked, "rep"), email=rep))
    invite = Invite(
        customer=customer,
        asked=part(asked, "admin"),
        email=new.admin_email,
        name=new.admin_name.strip(),
        role=Role.ADMIN,
    )
    with at_field("admin_email"):
        post(invite)
    return customer


@contextmanager
def at_field(name: str) -> Iterator[None]:
    """Let a refusal about a person's mail address stand at the field it was typed in."""
    try:
        yield
    except CreditsError as refusal:
        refusal.field = name
        raise


def rep_of(new: NewCustomer, actor: User | None) -> str:
    """Who looks after the customer: a rep who enters it, else whom a manager has chosen."""
    if actor is not None and not leads_sales(actor):
        return actor.email
    return new.rep.strip().lower()


def reps() -> QuerySet[User]:
    """Who can be chosen to look after a customer."""
    found = User.objects.filter(is_active=True, groups__name=StaffRole.SALES_REP.value)
    return found.order_by("name", "email")


def part(asked: Asked, name: str) -> Asked:
    """The same request under the key of one of its parts."""
    return replace(asked, key=f"{clean_key(asked.key)[:180]}/{name}")


def made_before(asked: Asked) -> Customer | None:
    """The customer that an earlier request with this key made."""
    key = part(asked, "customer")
    made = Operation.objects.filter(source=key.source, key=clean_key(key.key)).first()
    if made is None:
        return None
    return Customer.objects.get(public_id=made.answer["customer"])


def again(new: NewCustomer, order: Order, typed: Typed, asked: Asked) -> Purchase | PurchaseDraft:
    """The first answer once more; another customer's name under one key is refused."""
    found = made_before(asked)
    if found is None:
        raise AssertionError("asked only of what was made before")
    same = (found.name, found.domain) == (new.name.strip(), new.mail_domain)
    invited = Operation.objects.filter(customer=found, key=clean_key(part(asked, "admin").key))
    member = found.memberships.filter(user__email=new.admin_email.strip().lower())
    if not same or (invited.exists() and not member.exists()):
        raise KeyConflict(
            _(
                "%(name)s was entered from this page before, with other words, so nothing was "
                "changed. Open the page again to start afresh."
            )
            % {"name": found.name}
        )
    return enter(found, order, typed, asked)


def check_sells(actor: User | None) -> None:
    """Refuse who is not, or no longer, of sales. Raises NoLongerAllowed."""
    if actor is None or not is_sales(actor):
        raise NoLongerAllowed(_("You may not do this any more, so nothing was changed."))


def check_new(new: NewCustomer) -> None:
    """Refuse a customer that makes no sense in itself, at its field."""
    name = new.name.strip()
    if not 1 <= len(name) <= MAX_NAME or not name.isprintable():
        raise InvalidCommand(
            _("Enter the customer's name, up to %(most)d characters.") % {"most": MAX_NAME},
            field="name",
        )
    try:
        checked_email(new.admin_email)
        checked_email(f"name@{new.mail_domain}")
    except InvalidCommand as refusal:
        refusal.field = "admin_email"
        if new.domain.strip():
            refusal.field = "domain"
            refusal.message = _("Enter a mail domain like example.org.")
        raise
    if len(new.mail_domain) > MAX_DOMAIN:
        raise InvalidCommand(
            _("The mail domain takes up to %(most)d characters.") % {"most": MAX_DOMAIN},
            field="domain",
        )


def refuse_alike(new: NewCustomer, actor: User | None) -> None:
    """Ask about a customer of the same name or mail domain, naming only what may be seen."""
    named, same_domain = Q(name__iexact=new.name.strip()), Q(domain__iexact=new.mail_domain)
    found = Customer.objects.filter(named | same_domain).order_by("name", "number")
    if not found.exists():
        return
    seen = list(found.filter(pk__in=customers_for(actor))[:5]) if actor is not None else []
    if seen:
        message = _("%(names)s: a customer of this name or mail domain is there already.") % {
            "names": ", ".join(f"{one.name} ({one.label})" for one in seen)
        }
    elif found.filter(same_domain).exists():
        message = _(
            "Another customer of your company has this mail domain. Ask a sales manager before "
            "you make a second one."
        )
    else:
        message = _(
            "Another customer of your company has this name. Ask a sales manager before you make "
            "a second one."
        )
    at = "domain" if found.filter(same_domain).exists() else "name"
    raise LooksAlike(message, seen=seen, field=at)


def free_slug(name: str) -> str:
    """A part of an address that is free: of the name, with a number where that is taken.

    Asked under the office's lock, so that no other customer takes it meanwhile.
    """
    plain = slugify(name)[:LONGEST_SLUG].strip("-_").replace("_", "-") or "customer"
    taken = set(
        Customer.objects.filter(slug__startswith=plain[: LONGEST_SLUG - 8]).values_list(
            "slug", flat=True
        )
    )
    candidates = (f"{plain[: LONGEST_SLUG - 8].strip('-')}-{n}" for n in range(2, len(taken) + 3))
    return plain if plain not in taken else next(one for one in candidates if one not in taken)

"""What one request for the form of a purchase stands on, and how it is answered."""

from __future__ import annotations

from functools import cached_property
from uuid import UUID

from django import forms
from django.http import Http404, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.dateformat import format as date_text
from django.utils.translation import gettext as _

from billing.domain import drafts
from billing.domain.coterming import together
from billing.domain.drafts import Known, Typed
from billing.domain.order_effect import Effect, effect_of
from billing.domain.orders import Order
from billing.domain.purchase_files import (
    MOST_BYTES,
    MOST_FILES,
    Upload,
    drop_one,
    keep_waiting,
    waiting,
)
from billing.domain.purchases import OrderNumberTaken, purchases_of
from billing.domain.renewals import (
    Anchor,
    LikelyLine,
    anchors_of,
    ending_together,
    licenses_around,
    likely_line,
    renewable,
    renewal_number,
    renewal_of,
)
from billing.domain.request_lists import requests_of
from billing.domain.second_look import DraftChanged, needs_second_look
from billing.forms.fields import CreditsField, DayField
from billing.forms.order_details import CURRENCIES
from billing.forms.order_lines import Terms
from billing.forms.purchase_state import Around
from billing.forms.purchases import PurchaseForm, typed_of
from billing.models import CreditRequest, Purchase, PurchaseDraft, PurchaseFile
from billing.views.sales import show_count
from billing.web.links import Explain, purchase_url
from credits import clock
from credits.domain.figures import Position, standing
from credits.domain.people import customers_for
from credits.exceptions import CreditsError, InvalidCommand, KeyConflict, UnknownObject
from credits.models import Customer, License
from credits.templatetags.figures import DAY, credits_text, last_day_text
from credits.web.access import CustomerRequest, PortalRequest
from credits.web.asking import asked, form_key
from credits.web.feedback import done
from credits.web.htmx import announce, is_fragment, redirect, render_page

PAGE = "billing/purchase_form.html"
EFFECT, FILES = "effect", "files"
DRAFTING = ("add", "remove", "join", "also", "preview", "stage", "drop")
"""Buttons of the form that change or show what is typed and record nothing."""

CONFLICT, REFUSED = 409, 422


class Entry:
    """The form of an order for one customer: live figures, and what its order may renew."""

    request: PortalRequest
    customer: Customer | None

    def __init__(self, request: CustomerRequest) -> None:
        self.request = request
        self.customer = self.of = request.customer
        self.now = clock.now()
        self.key_name = f"purchase/{self.of.public_id}"
        """What the form's key is bound to, beside the person."""
        self.url = reverse("billing:purchase-new", kwargs={"slug": self.of.slug})
        self.file_refusal = ""

    def answer(self) -> HttpResponseBase:
        """The form fresh, as typed so far, kept as a draft, or recorded."""
        if self.request.method != "POST":
            return self.page(self.opened())
        if not self.take_files():
            return self.page(self.typed(), status=REFUSED)
        if self.is_drafting:
            return self.page(self.typed())
        if "save" in self.request.POST:
            return self.save(self.typed())
        form = self.sent()
        if not form.is_valid():
            return self.page(form, status=REFUSED)
        try:
            return self.go_on(form.order(), self.enter(form))
        except CreditsError as refusal:
            return self.refused(form, refusal)

    # The form in its states.

    def opened(self) -> PurchaseForm:
        """The form as it is opened: a draft's words, a renewal, a request, or the likely."""
        if self.draft is not None:
            return PurchaseForm.typed(self.around, self.draft.typed)
        lines = self.wanted_lines()
        renews = lines[0].renews if self.request.GET.get("renews") else None
        number = renewal_number(renews) if renews else ""
        return PurchaseForm.fresh(self.around, *lines, number=number)

    def typed(self) -> PurchaseForm:
        """The form as it is being filled in."""
        return PurchaseForm.typed(self.around, self.request.POST)

    def sent(self) -> PurchaseForm:
        """The form as it was sent."""
        return PurchaseForm.sent(self.around, self.request.POST)

    # What it does.

    def enter(self, form: PurchaseForm) -> Purchase | PurchaseDraft:
        """Record the order, or send it for a second look where it is that large."""
        order, ask = form.order(), asked(self.request, self.key_name)
        if needs_second_look(order, ask.actor):
            return drafts.submit_order(self.of, order, self.kept(form), ask, self.known)
        return drafts.enter_order(self.of, order, ask, self.known)

    def save(self, form: PurchaseForm) -> HttpResponseBase:
        """Keep what is typed, and go to the list where it is found again."""
        try:
            ask = asked(self.request, self.key_name)
            drafts.save_draft(self.of, self.kept(form), ask, self.known)
        except CreditsError as refusal:
            return self.refused(form, refusal)
        done(self.request, _("The draft is saved. It grants nothing until it is recorded."))
        return redirect(self.request, reverse("billing:sales-drafts"))

    def kept(self, form: PurchaseForm) -> Typed:
        """What a draft keeps of the form."""
        return typed_of(self.request.POST, form)

    def go_on(self, order: Order, made: Purchase | PurchaseDraft) -> HttpResponseBase:
        """To the page of what was made, which says so."""
        if isinstance(made, Purchase):
            done(self.request, sentence_of(order))
            return redirect(self.request, purchase_url(made))
        done(
            self.request,
            _("Order %(number)s of %(total)s credits waits for a second look.")
            % {"number": order.order_number, "total": credits_text(order.credits)},
        )
        return redirect(self.request, draft_url(made))

    def take_files(self) -> bool:
        """Keep what was chosen with the form under its key, or take one back; whether that went."""
        chosen = self.request.FILES.getlist("files")
        drops = forms.UUIDField(required=False)
        if not chosen and "drop" not in self.request.POST:
            return True
        try:
            ask = asked(self.request, self.key_name)
            if chosen:
                # One more than are taken, read to one byte beyond the most: enough to refuse.
                uploads = [
                    Upload(one.name or "", one.read(MOST_BYTES + 1))
                    for one in chosen[: MOST_FILES + 1]
                ]
                keep_waiting(self.customer, uploads, ask, self.draft)
            elif dropped := drops.clean(self.request.POST["drop"]):
                drop_one(ask.key, dropped, self.draft)
        except (InvalidCommand, forms.ValidationError) as refusal:
            self.file_refusal = getattr(refusal, "message", "")
            return False
        return True

    # What it is asked.

    @property
    def is_typing(self) -> bool:
        """Whether only what typing changes is wanted."""
        return self.request.htmx.target == EFFECT

    @property
    def is_drafting(self) -> bool:
        """Whether the form is only being filled in."""
        aims = (EFFECT, FILES)
        return self.request.htmx.target in aims or any(
            name in self.request.POST for name in DRAFTING
        )

    @cached_property
    def draft(self) -> PurchaseDraft | None:
        """The draft that the address or the form names. Raises Http404 for any but an open one."""
        sent = self.request.POST if self.request.method == "POST" else self.request.GET
        if not (named := uuid_of(sent.get("draft", ""))):
            return None
        try:
            found = drafts.one_draft(self.of, named)
        except UnknownObject as error:
            raise Http404("no such draft") from error
        return found

    @cached_property
    def known(self) -> Known | None:
        """The draft and the version that the form was opened from."""
        version = str(self.request.POST.get("version", ""))
        if self.draft is None:
            return None
        shown = int(version) if version.isascii() and version.isdigit() and len(version) < 9 else 0
        return Known(self.draft.public_id, shown)

    @property
    def version(self) -> int:
        """The version of its draft that the form shows."""
        if self.request.method == "POST" and self.known is not None:
            return self.known.version
        return self.draft.version if self.draft is not None else 0

    @cached_property
    def files(self) -> list[PurchaseFile]:
        """What waits for the order with this form."""
        try:
            key = asked(self.request, self.key_name).key
        except InvalidCommand:
            key = ""
        return list(waiting(key, self.draft).order_by("pk")) if key or self.draft else []

    # What it stands on.

    @cached_property
    def licenses(self) -> list[License]:
        """The licenses that matter to an order."""
        return licenses_around(self.of, self.now)

    @cached_property
    def anchors(self) -> dict[int, Anchor]:
        """From where each renewal is counted."""
        return anchors_of(self.of, renewable(self.licenses))

    @cached_property
    def position(self) -> Position:
        """Where the customer stands; read only for a page that shows it."""
        return standing(self.of, now=self.now).live

    @cached_property
    def last(self) -> Purchase | None:
        """The customer's newest purchase."""
        return purchases_of(self.of).prefetch_related(None).first()

    @cached_property
    def around(self) -> Around:
        """What the form must know. The currency is likely that of the last price."""
        known = self.request.method != "POST" and self.last is not None
        currency = self.last.currency if known and self.last else ""
        open_ones = renewable(self.licenses)
        named = {one.pk: str(one.public_id) for one in open_ones}
        return Around(
            licenses=open_ones,
            url=self.url,
            today=clock.day_of(self.now),
            currency=currency if currency in CURRENCIES else CURRENCIES[0],
            asked_for=self.asked_for,
            terms=Terms(
                {named[pk]: anchor for pk, anchor in self.anchors.items()},
                together(self.licenses, self.now),
            ),
        )

    @cached_property
    def asked_for(self) -> CreditRequest | None:
        """The request that the address, the form or its draft names, if it is the customer's."""
        sent = self.request.POST if self.request.method == "POST" else self.request.GET
        told = str(sent.get("request", ""))
        if not told and self.draft is not None:
            told = self.draft.typed.get("request", "")
        named = uuid_of(told)
        return requests_of(self.of).filter(public_id=named).first() if named else None

    def wanted_lines(self) -> list[LikelyLine]:
        """The licenses a link asks for (a request, `renews`, `credits`), or the likely one."""
        if self.asked_for is not None:
            begins = max(self.asked_for.needed_on, self.around.today)
            return [LikelyLine(begins, self.asked_for.credits)]
        wanted = self.request.GET
        for license in self.around.licenses:
            if str(license.public_id) == wanted.get("renews"):
                every = ending_together(license, self.around.licenses)
                renewed = every if wanted.get("all") else every[:1]
                return [renewal_of(x, self.position, self.anchors.get(x.pk)) for x in renewed]
        credits = CreditsField(required=False).read(wanted.get("credits", ""))
        first_day = DayField(required=False).read(wanted.get("first_day", ""))
        if credits or first_day:
            return [LikelyLine(first_day or self.around.today, credits)]
        return [likely_line(self.position, self.licenses, self.anchors)]

    # How it is shown.

    def page(
        self, form: PurchaseForm, *, status: int = 200, taken: Purchase | None = None
    ) -> HttpResponse:
        """The form with its effect: the page, the whole form, or only what typing changes."""
        is_whole = not is_fragment(self.request)
        if is_whole:
            show_count(self.request)
        effect = effect_of(form.complete, self.position, self.licenses)
        context = {
            "form": form,
            "form_key": form_key(self.request, self.key_name),
            "effect": effect,
            "explain": Explain.of(self.customer, self.position) if self.customer else None,
            "customer": self.customer,
            "customer_name": self.name_of(form),
            "typing": self.request.htmx.trigger_name or "",
            "last": self.last if is_whole and self.customer else None,
            "taken": taken,
            "draft": self.draft,
            "version": self.version,
            "files": self.files,
            "file_refusal": self.file_refusal,
            **self.beside(),
        }
        target = self.request.htmx.target
        fragment = target if target in (EFFECT, FILES) else "order"
        response = render_page(self.request, PAGE, context, fragment=fragment, status=status)
        return announce(response, outlook_of(effect)) if self.is_typing else response

    def name_of(self, form: PurchaseForm) -> str:
        """Whom the order is for, by name."""
        return self.of.name

    def beside(self) -> dict[str, object]:
        """What else the page shows."""
        return {}

    def refused(self, form: PurchaseForm, refusal: CreditsError) -> HttpResponse:
        """The form again, with the purchase that is in its way if the person may see that."""
        form.refuse(refusal)
        taken = None
        if isinstance(refusal, OrderNumberTaken):
            seen = customers_for(self.request.user).filter(pk=refusal.purchase.customer_id)
            taken = refusal.purchase if seen.exists() else None
        conflict = isinstance(refusal, KeyConflict | DraftChanged)
        return self.page(form, status=CONFLICT if conflict else REFUSED, taken=taken)


def uuid_of(text: str) -> UUID | None:
    """The id that a text is, or None."""
    try:
        found: UUID | None = forms.UUIDField(required=False).clean(text)
    except forms.ValidationError:
        return None
    return found


def outlook_of(effect: Effect) -> str:
    """What the live region says while an order is typed."""
    if effect.short_now:
        return _("Still short today.")
    if effect.short is not None:
        return _("Still short from %(day)s.") % {"day": date_text(effect.short.at, DAY)}
    if effect.covered_until is not None:
        return _("Covered until %(day)s.") % {"day": last_day_text(effect.covered_until)}
    return _("Never short.")


def draft_url(draft: PurchaseDraft) -> str:
    """The page of an order that is not recorded yet."""
    kwargs = {"slug": draft.customer.slug, "public_id": draft.public_id}
    return reverse("billing:order-draft", kwargs=kwargs)


def sentence_of(order: Order) -> str:
    """What is said once an order is recorded."""
    total = credits_text(order.credits)
    return _("Order %(number)s is recorded: %(total)s credits.") % {
        "number": order.order_number,
        "total": total,
    }

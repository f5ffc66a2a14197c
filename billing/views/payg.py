"""Pay-as-you-go: the contract, what each feature is paid with, and the switch in three steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from billing.domain.billing_model import NO_CONTRACT, SwitchBillingModels, payg_features
from billing.domain.contracts import contracts_of
from billing.forms.payg import (
    Switches,
    chosen_in,
    drawn_units,
    first_problem,
    posted_units,
    switches_in,
)
from billing.web.payg_page import Contracts, FeatureRow, Review, rows_of
from credits import clock
from credits.domain.activity_words import day_text
from credits.domain.boundaries import shown_from
from credits.domain.commands import Answer, Asked
from credits.domain.figures import standing
from credits.domain.people import Right
from credits.domain.post import post
from credits.domain.preview import open_draft
from credits.domain.snapshot import one_snapshot
from credits.domain.sources import reporting
from credits.exceptions import (
    CreditsError,
    InvalidCommand,
    KeyConflict,
    ShortBalance,
    StaleView,
)
from credits.forms.allocations import UnreadableForm, seen_seq
from credits.web.access import CustomerRequest, customer_view
from credits.web.asking import asked, confirmed_shortfall, form_key, mint_key
from credits.web.feedback import done
from credits.web.htmx import announce, redirect, render_page

INVALID, CONFLICT = 422, 409
TRIED = Asked(source="portal", key="preview")
"""Who tries a switch: nobody yet, and nothing is kept."""

REVIEW = "review"
"""The button of the choices."""

NOTHING_CHOSEN = gettext_lazy(
    "Nothing was chosen that changes anything. Choose another billing model for a feature."
)


@require_safe
@customer_view(Right.VIEW)
def payg(request: CustomerRequest) -> HttpResponseBase:
    """The contract in force, and every feature that can be paid as one goes."""
    rows, contracts, now = page_rows(request)
    on_payg = sum(row.one.is_payg for row in rows)
    context = {
        "rows": rows,
        "contracts": contracts,
        "on_payg": on_payg,
        "may_manage": Right.ALLOCATE in request.rights and bool(contracts.current or on_payg),
        "now": now,
    }
    return render_page(request, "billing/payg.html", context)


@require_safe
@customer_view(Right.ALLOCATE)
def payg_choose(request: CustomerRequest) -> HttpResponseBase:
    """Step one: a billing model for each feature. What was chosen goes on to the review."""
    rows, contracts, now = page_rows(request)
    error = ""
    if REVIEW in request.GET:
        try:
            wanted = chosen_in(request.GET, [row.one for row in rows])
            if not wanted.all:
                raise InvalidCommand(str(NOTHING_CHOSEN))
            return redirect(request, review_url(request, wanted))
        except InvalidCommand as refusal:
            error = refusal.message
    return choices(request, rows, contracts, now, error)


@require_http_methods(["GET", "HEAD", "POST"])
@customer_view(Right.ALLOCATE)
def payg_review(request: CustomerRequest) -> HttpResponseBase:
    """Steps two and three: what the switches do, units that go back, and the act itself."""
    wanted = switches_in(request.GET)
    if request.method != "POST":
        return show(request, wanted, drawn=True)
    if request.POST.get("act") == "preview":
        with one_snapshot():
            return show(request, wanted)
    try:
        answer = switch(request, wanted)
    except CreditsError as error:
        with one_snapshot():
            status = CONFLICT if isinstance(error, KeyConflict) else INVALID
            return show(request, wanted, error, status=status)
    done(request, told_text(answer))
    return redirect(request, page_url(request))


def switch(request: CustomerRequest, wanted: Switches) -> Answer:
    """Post what was reviewed. Nothing is read of the features for it: a repeat is the same act."""
    form = posted_units(request.POST, wanted.to_credits)
    if not form.is_valid():
        raise UnreadableForm(first_problem(form))
    ask = asked(
        request,
        form_name(request),
        reason=form.cleaned_data["note"],
        confirmed_shortfall=confirmed_shortfall(request),
    )
    return post(
        SwitchBillingModels(
            customer=request.customer,
            asked=ask,
            to_payg=wanted.to_payg,
            to_credits=wanted.to_credits,
            units=form.stated,
            seen=seen_seq(request.POST),
        )
    )


def show(
    request: CustomerRequest,
    wanted: Switches,
    error: CreditsError | None = None,
    *,
    drawn: bool = False,
    status: int = 200,
) -> HttpResponseBase:
    """The review, or only its effect while typing; the choices again if there is none to show."""
    review = review_of(request, wanted, error, drawn=drawn)
    if len(review.changed) < max(len(wanted.all), 1) or (drawn and review.error):
        return refused(request, review)
    is_live = request.htmx.target == "effect"
    response = render_page(
        request,
        "billing/payg_review.html",
        {"review": review, "form": review.form, "choose_url": choose_url(request, wanted)},
        fragment="effect" if is_live else "",
        status=status,
    )
    return announce(response, review.said) if is_live else response


def review_of(
    request: CustomerRequest, wanted: Switches, error: CreditsError | None, *, drawn: bool
) -> Review:
    """What the switches would do, with what was typed and what is wrong with it."""
    customer = request.customer
    draft = open_draft(customer)
    live = draft.position
    features = payg_features(customer, live)
    contracts = Contracts.around(list(contracts_of(customer)), live.at)
    rows = rows_of(features, customer, live, contracts, wanted)
    sources = {pk: one.name for pk, one in reporting(customer).items()}
    back = [one for one in features if one.feature.key in wanted.to_credits]
    form = drawn_units(back, sources.keys(), None if drawn else request.POST)
    ends = [contracts.current.ends_at] if contracts.current and wanted.to_payg else []
    ends += [one.until for one in back if one.until]
    review = Review(
        customer=customer,
        draft=draft,
        rows=rows,
        switches=wanted,
        form=form,
        ends_at=max(ends, default=None),
        key=form_key(request, form_name(request)),
        seen=draft.seq if drawn or isinstance(error, StaleView) else seen_seq(request.POST),
        confirmed=confirmed_shortfall(request),
        reported=sources,
    )
    if isinstance(error, KeyConflict):
        review = replace(review, key=mint_key(request, form_name(request)))
    return tried(review, error, drawn=drawn)


def tried(review: Review, error: CreditsError | None, *, drawn: bool) -> Review:
    """The review with what the writer would make of it, without writing."""
    form = review.form
    if not drawn and not form.is_valid():
        return review
    if drawn and (closed := [row.refusal for row in review.changed if row.refusal]):
        return replace(review, error=" ".join(closed))
    units = {} if drawn else form.stated
    command = SwitchBillingModels(
        customer=review.customer,
        asked=TRIED,
        to_payg=review.switches.to_payg,
        to_credits=review.switches.to_credits,
        units=units,
    )
    try:
        preview = review.draft.preview(command)
    except CreditsError as refusal:
        return replace(review, error=refusal.message)
    if isinstance(error, ShortBalance):
        return replace(review, tried=preview, refusal=preview.judgment or error)
    return replace(review, tried=preview, error=error.message if error else "")


def refused(request: CustomerRequest, review: Review) -> HttpResponse:
    """The choices again, with why they cannot be reviewed."""
    now = review.draft.position.at
    contracts = Contracts.around(list(contracts_of(request.customer)), now)
    nothing = _("There is no such feature.") if review.switches.all else NOTHING_CHOSEN
    return choices(request, review.rows, contracts, now, review.error or str(nothing))


def choices(
    request: CustomerRequest,
    rows: Sequence[FeatureRow],
    contracts: Contracts,
    now: datetime,
    error: str = "",
) -> HttpResponse:
    """The page of the first step."""
    context: dict[str, Any] = {
        "rows": rows,
        "contracts": contracts,
        "now": now,
        "error": error,
        "no_contract": NO_CONTRACT,
        "may_continue": any(row.is_open for row in rows),
    }
    return render_page(
        request, "billing/payg_choose.html", context, status=INVALID if error else 200
    )


def page_rows(
    request: CustomerRequest, wanted: Switches | None = None
) -> tuple[list[FeatureRow], Contracts, datetime]:
    """The features live, the contracts, and the instant they are read at."""
    live = standing(request.customer, now=clock.now()).live
    contracts = Contracts.around(list(contracts_of(request.customer)), live.at)
    features = payg_features(request.customer, live)
    chosen = wanted or switches_in(request.GET)
    return rows_of(features, request.customer, live, contracts, chosen), contracts, live.at


def told_text(answer: Answer) -> str:
    """What was switched, until when it stays so at least, and where it is seen."""
    again = datetime.fromisoformat(answer.data["may_switch_from"])
    shown = shown_from(answer.operation.recorded_at)
    words = {
        "names": answer.operation.subject,
        "day": day_text(again),
        "hour": f"{shown:%H:%M}",
    }
    text = ngettext(
        "%(names)s: billing model changed. It may change again from %(day)s, 00:00 UTC.",
        "%(names)s: billing models changed. They may change again from %(day)s, 00:00 UTC.",
        len(answer.data["features"]),
    )
    return text % words + " " + _("Annual credits shows it from %(hour)s UTC.") % words


def form_name(request: CustomerRequest) -> str:
    """What the review's key is for."""
    return f"payg/{request.customer.public_id}"


def page_url(request: CustomerRequest) -> str:
    """The page of pay-as-you-go."""
    return reverse("billing:payg", kwargs={"slug": request.customer.slug})


def choose_url(request: CustomerRequest, wanted: Switches) -> str:
    """The first step, with what was chosen."""
    path = reverse("billing:payg-choose", kwargs={"slug": request.customer.slug})
    return f"{path}?{urlencode(wanted.query)}" if wanted.query else path


def review_url(request: CustomerRequest, wanted: Switches) -> str:
    """The second step."""
    path = reverse("billing:payg-review", kwargs={"slug": request.customer.slug})
    return f"{path}?{urlencode(wanted.query)}"

"""Releasing several features at once: a review of what it would do, then one act."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from credits.domain.boundaries import shown_from
from credits.domain.commands import Answer
from credits.domain.people import Right
from credits.domain.post import post
from credits.domain.release_many import ReleaseMany
from credits.domain.snapshot import one_snapshot
from credits.exceptions import CreditsError, InvalidCommand
from credits.forms.allocations import seen_seq
from credits.forms.notes import NoteForm
from credits.models import Feature
from credits.templatetags.figures import credits_text
from credits.views.allocation_reading import list_url
from credits.views.allocations import status_of, undo_url
from credits.views.choosing import all_holdings, chosen, of_keys
from credits.views.release_page import ReleasePage, form_name, release_page
from credits.web.access import CustomerRequest, customer_view
from credits.web.asking import asked
from credits.web.feedback import done
from credits.web.htmx import redirect, render_page

FEATURES = "features"
"""The name of the hidden field that says what is released: the features' keys, with spaces."""


@require_http_methods(["GET", "HEAD", "POST"])
@customer_view(Right.ALLOCATE)
def allocation_release(request: CustomerRequest) -> HttpResponse:
    """What releasing the features chosen would do; confirmed, all of it is done, or nothing."""
    if request.method != "POST":
        return show(request, release_page(request, chosen(request), list_url(request)))
    keys = request.POST.get(FEATURES, "").split()
    try:
        answer = release(request, keys)
    except CreditsError as error:
        with one_snapshot():
            rows = of_keys(all_holdings(request.customer), keys)
            page = release_page(request, rows, list_url(request), error)
            return show(request, page, status_of(error))
    shown = shown_from(answer.operation.recorded_at)
    text = told_text(answer)
    text += " " + _("Annual credits shows it from %(hour)s UTC.") % {"hour": f"{shown:%H:%M}"}
    done(request, text, undo_url(request, answer))
    return redirect(request, list_url(request))


def release(request: CustomerRequest, keys: list[str]) -> Answer:
    """Post what the page states. Raises what ReleaseMany and the form refuse."""
    form = NoteForm(request.POST)
    if not form.is_valid():
        raise InvalidCommand(str(form.errors["note"][0]))
    features = list(Feature.objects.filter(key__in=keys).select_related("group"))
    if len(features) < len(set(keys)):
        raise InvalidCommand(_("One of the features is no longer there. Choose again."))
    ask = asked(request, form_name(request.customer), reason=form.cleaned_data["note"])
    return post(
        ReleaseMany(
            customer=request.customer, asked=ask, features=features, seen=seen_seq(request.POST)
        )
    )


def told_text(answer: Answer) -> str:
    """Released 12,000 credits from 5 features."""
    data = answer.data
    text = ngettext(
        "Released %(credits)s credits from %(count)d feature.",
        "Released %(credits)s credits from %(count)d features.",
        data["features"],
    )
    released = credits_text(data["before"] - data["after"])
    return text % {"credits": released, "count": data["features"]}


def show(request: CustomerRequest, page: ReleasePage, status: int = 200) -> HttpResponse:
    """The page."""
    context = {"page": page, "action": request.get_full_path()}
    return render_page(request, "credits/allocation_release.html", context, status=status)

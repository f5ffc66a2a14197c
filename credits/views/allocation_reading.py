"""Opening the drawer of one allocation group, and drawing it again with what was typed."""

from __future__ import annotations

from dataclasses import replace

from django.http import Http404
from django.urls import reverse

from credits.domain.activity import acts_since
from credits.domain.allocate_many import SwitchOn
from credits.domain.allocations import Allocate, Release
from credits.domain.commands import Asked, Command
from credits.domain.groups import GroupSettings, read_group
from credits.domain.people import Right
from credits.domain.preview import Draft, Preview, open_draft
from credits.domain.sources import reporting
from credits.exceptions import (
    CreditsError,
    InvalidCommand,
    KeyConflict,
    ShortBalance,
    StaleView,
    UnknownObject,
)
from credits.forms.allocations import AllocationForm, UnreadableForm, seen_seq
from credits.forms.drawn import drawn
from credits.models import Customer, Feature
from credits.views.allocation_drawer import Drawer, Stated
from credits.web.access import CustomerRequest
from credits.web.asking import asked, confirmed_shortfall, form_key, mint_key
from credits.web.links import LIST_STATE, with_state

SWITCH_ON = "switch_on"
"""The name of the buttons that switch a feature on."""

TRIED = Asked(source="portal", key="preview")
"""Who tries an act: nobody yet, and nothing is kept."""


def form_name(customer: Customer, group: str) -> str:
    """What a drawer's key is for."""
    return f"allocate/{customer.public_id}/{group}"


def list_url(request: CustomerRequest) -> str:
    """The allocate page as it was when the drawer opened."""
    path = reverse("credits:allocation-list", kwargs={"slug": request.customer.slug})
    return with_state(path, **listed_state(request))


def listed_state(request: CustomerRequest) -> dict[str, str]:
    """The filter of the allocate page, carried along in the address."""
    return {name: request.GET.get(name, "") for name in LIST_STATE}


def open_group(customer: Customer, group: str) -> tuple[Draft, GroupSettings]:
    """A customer's books and a group in them. An unknown group is not found."""
    draft = open_draft(customer)
    try:
        return draft, read_group(draft.books, group)
    except UnknownObject as unknown:
        raise Http404(unknown.message) from None


def open_drawer(request: CustomerRequest, group: str) -> Drawer:
    """The drawer as it opens: filled with what is in force."""
    draft, settings = open_group(request.customer, group)
    feature = request.GET.get("feature", "")
    source = reporting(request.customer).get(settings.group.pk)
    is_payg = all(setting.payg for setting in settings.features)
    may_change = Right.ALLOCATE in request.rights and (settings.is_open or settings.held > 0)
    on = {s.feature.key for s in settings.features if s.is_on or s.feature.key == feature}
    return Drawer(
        customer=request.customer,
        rights=request.rights,
        draft=draft,
        settings=settings,
        close_url=list_url(request),
        form=drawn(settings, feature=feature)
        if may_change and source is None and not is_payg
        else None,
        key=form_key(request, form_name(request.customer, group)),
        seen=draft.seq,
        stated=Stated({s.feature.key: s.quantity for s in settings.features}, frozenset(on)),
        source=source,
    )


def redraw(
    request: CustomerRequest,
    group: str,
    error: CreditsError | None = None,
    *,
    release: bool = False,
    more: bool = False,
) -> Drawer:
    """The drawer with all that was typed, what it would do, and what is wrong with it.

    A stale form gets the new seq, since its newer figures are shown beside what was typed.
    """
    draft, settings = open_group(request.customer, group)
    if settings.group.pk in reporting(request.customer):
        return redraw_reported(request, open_drawer(request, group), error, release=release)
    form = drawn(settings, request.POST, more=more)
    stated = Stated(form.quantities, form.on or frozenset()) if form.is_valid() else Stated()
    tried = None
    if form.is_valid() or release:
        tried, error = try_out(draft, tried_command(draft, settings, form, release=release), error)
    if error is not None and not is_said(error, form):
        form.put(error)
    seen = seen_seq(request.POST)
    is_stale, is_used = isinstance(error, StaleView), isinstance(error, KeyConflict)
    features = [setting.feature.pk for setting in settings.all]
    return Drawer(
        customer=request.customer,
        rights=request.rights,
        draft=draft,
        settings=settings,
        close_url=list_url(request),
        form=form,
        key=next_key(request, form_name(request.customer, group), is_used=is_used),
        seen=draft.seq if is_stale or is_used else seen,
        stated=stated if not release else Stated(),
        tried=tried,
        refusal=error if isinstance(error, ShortBalance) else None,
        confirmed=confirmed_shortfall(request),
        stale=acts_since(request.customer, features, seen) if is_stale else (),
    )


def redraw_reported(
    request: CustomerRequest, drawer: Drawer, error: CreditsError | None, *, release: bool
) -> Drawer:
    """The drawer of units that a system reports, with why an act on them was refused."""
    customer, settings = request.customer, drawer.settings
    command: Command | None = None
    if release:
        command = Release(
            customer=customer,
            asked=TRIED,
            group=settings.group.key,
            features=settings.releasable,
        )
    elif features := switched_on(request, settings):
        command = SwitchOn(
            customer=customer, asked=TRIED, group=settings.group.key, features=features
        )
    tried = None
    if command is not None:
        tried, error = try_out(drawer.draft, command, error)
    is_short = isinstance(error, ShortBalance)
    name = form_name(customer, settings.group.key)
    return replace(
        drawer,
        key=next_key(request, name, is_used=isinstance(error, KeyConflict | StaleView)),
        tried=tried,
        refusal=error if isinstance(error, ShortBalance) else None,
        confirmed=confirmed_shortfall(request),
        error=error.message if error is not None and not is_short else "",
    )


def switched_on(request: CustomerRequest, settings: GroupSettings) -> list[Feature]:
    """The feature that a person asks to switch on."""
    key = request.POST.get(SWITCH_ON, "")
    return [setting.feature for setting in settings.features if setting.feature.key == key]


def try_out(
    draft: Draft, command: Command, error: CreditsError | None
) -> tuple[Preview | None, CreditsError | None]:
    """What an act would do, and why it is refused: for an earlier reason, if there was one."""
    try:
        return draft.preview(command), error
    except CreditsError as refused:
        return None, error or refused


def is_said(error: CreditsError, form: AllocationForm) -> bool:
    """Whether a refusal is said already: at a field, or where the shortfall is."""
    at_a_field = isinstance(error, UnreadableForm) and not form.is_valid()
    return at_a_field or form.has_said(error) or isinstance(error, ShortBalance)


def next_key(request: CustomerRequest, form: str, *, is_used: bool) -> str:
    """The key to go on with: the same for the same act, a new one where it can't be used."""
    try:
        asked(request, form)
    except InvalidCommand:
        return mint_key(request, form)
    return mint_key(request, form) if is_used else form_key(request, form)


def tried_command(
    draft: Draft, settings: GroupSettings, form: AllocationForm, *, release: bool = False
) -> Command:
    """What the form asks for, to be tried on open books."""
    customer, group = draft.books.customer, settings.group.key
    if release:
        features = settings.releasable
        return Release(customer=customer, asked=TRIED, group=group, features=features)
    return Allocate(
        customer=customer, asked=TRIED, group=group, quantities=form.quantities, on=form.on
    )

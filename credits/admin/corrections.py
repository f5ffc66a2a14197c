"""What support corrects: licenses, operations, and what a customer's features hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from django.forms import BaseForm
from django.http import Http404

from credits import clock
from credits.admin.correcting import Correction
from credits.admin.correction_forms import (
    ExtendForm,
    MoveForm,
    ReduceForm,
    ReleaseForm,
    SwitchForm,
    UnitsForm,
)
from credits.domain.activity import one_act
from credits.domain.allocations import NEVER_UNDONE, Allocate, Release, Undo
from credits.domain.billing_choice import SwitchBillingModel
from credits.domain.books import facts_of
from credits.domain.commands import Asked, Command
from credits.domain.groups import read_group
from credits.domain.licenses import ExtendLicense, ReduceLicense, VoidLicense
from credits.domain.moving import Move
from credits.domain.preview import Draft
from credits.domain.sources import reporting
from credits.exceptions import CreditsError, UnknownObject
from credits.forms.allocations import posted
from credits.forms.drawn import drawn
from credits.models import AllocationGroup, Customer, Feature, License, Operation
from credits.templatetags.figures import credits_text, last_day_text

# Licenses


class LicenseCorrection(Correction):
    """A later statement about a license."""

    record: License

    @property
    def is_offered(self) -> bool:
        return self.record.voided_at is None and self.record.ends_at > clock.now()

    @property
    def title(self) -> str:
        return f"{self.label} {self.record.label} of {self.record.customer.name}"

    @property
    def stands(self) -> str:
        """What the license holds."""
        held = credits_text(self.record.credits)
        return f"It holds {held} credits until the end of {last_day_text(self.record.ends_at)}, UTC"


class Extend(LicenseCorrection):
    """The same license goes on."""

    name = "extend"
    label = "Extend"
    form = ExtendForm
    button = "Extend the license"
    done = "The license was extended."

    @property
    def sentence(self) -> str:
        return f"{self.stands}. The same license goes on; a renewal is a purchase of its own."

    def command(self, form: Any, ask: Asked, seen: int | None) -> Command:
        return ExtendLicense(
            customer=self.record.customer,
            asked=ask,
            license=self.record,
            ends_at=form.cleaned_data["ends"],
        )


class Reduce(LicenseCorrection):
    """Fewer credits from now on."""

    name = "reduce"
    label = "Reduce"
    form = ReduceForm
    button = "Reduce the license"
    done = "The license was reduced."

    @property
    def sentence(self) -> str:
        return f"{self.stands}. From now on it holds fewer; what was before stays as it was."

    def command(self, form: Any, ask: Asked, seen: int | None) -> Command:
        return ReduceLicense(
            customer=self.record.customer,
            asked=ask,
            license=self.record,
            credits=form.cleaned_data["credits"],
        )


class Void(LicenseCorrection):
    """No credits from now on."""

    name = "void"
    label = "Void"
    button = "Void the license"
    done = "The license was voided."

    @property
    def sentence(self) -> str:
        return f"{self.stands}. It ends now, with whatever was planned after it."

    def command(self, form: Any, ask: Asked, seen: int | None) -> Command:
        return VoidLicense(customer=self.record.customer, asked=ask, license=self.record)


# Operations

UndoneElsewhere = Callable[[Operation], str]
UNDONE_ELSEWHERE: list[UndoneElsewhere] = []
"""Where operations that a higher app keeps more of are undone: each an address, or nothing."""


class Reverse(Correction):
    """An operation's facts are withdrawn, however old it is."""

    name = "undo"
    label = "Undo"
    button = "Undo it"
    done = "It was undone: its facts are withdrawn and the difference is booked."
    record: Operation

    @property
    def is_offered(self) -> bool:
        is_done = hasattr(self.record, "reversal") or self.record.kind in NEVER_UNDONE
        return not is_done and bool(facts_of(self.record))

    @property
    def title(self) -> str:
        return f"Undo: {self.words}"

    @cached_property
    def words(self) -> str:
        """What the operation did."""
        owner = self.record.customer
        act = one_act(owner, self.record.public_id) if owner is not None else None
        return act.words if act is not None else self.record.kind

    @property
    def sentence(self) -> str:
        by = self.record.actor.name if self.record.actor else self.record.source
        return (
            f"Recorded {self.record.recorded_at:%Y-%m-%d %H:%M} UTC by {by}. What it stated is "
            "withdrawn, as if it had not been said; later operations stand."
        )

    def elsewhere(self) -> str:
        found = (finder(self.record) for finder in UNDONE_ELSEWHERE)
        return next((address for address in found if address), "")

    def command(self, form: Any, ask: Asked, seen: int | None) -> Command:
        owner = self.record.customer
        if owner is None:
            raise UnknownObject("There is nothing like that to undo.")
        return Undo(customer=owner, asked=ask, operation=self.record.public_id)


# What a customer's features hold


class HoldingCorrection(Correction):
    """A correction of what a customer's features hold."""

    record: Customer

    @property
    def customer(self) -> Customer:
        return self.record

    @property
    def is_offered(self) -> bool:
        return False  # The chapter of the customer's groups links to it, for one of them.

    @property
    def title(self) -> str:
        return f"{self.label}: {self.record.name}"


class GroupCorrection(HoldingCorrection):
    """A correction of one allocation group, named in the address."""

    @cached_property
    def group(self) -> AllocationGroup | None:
        """The group that is named; None where the address names none."""
        if not (key := self.given.get("group", "")):
            return None
        found = AllocationGroup.objects.select_related("solution").filter(key=key)
        if (group := found.first()) is None:
            raise Http404("no such group")
        return group

    @property
    def key(self) -> str:
        """The group's key."""
        return self.group.key if self.group else ""

    @property
    def title(self) -> str:
        of = f"{self.group.solution.name}: {self.group.name}, " if self.group else ""
        return f"{self.label}: {of}{self.record.name}"

    @property
    def form_name(self) -> str:
        return f"{super().form_name}/{self.key}"

    def choose(self) -> Sequence[tuple[str, str]] | None:
        if self.group is not None:
            return None
        groups = AllocationGroup.objects.filter(features__rates__isnull=False).distinct()
        in_order = groups.select_related("solution").order_by("solution__position", "name", "pk")
        return [(group.key, f"{group.solution.name}: {group.name}") for group in in_order]

    def settings(self, draft: Draft) -> Any:
        """The group as it is now. A group without a rate is not found."""
        try:
            return read_group(draft.books, self.key)
        except UnknownObject as unknown:
            raise Http404(unknown.message) from None


class StateUnits(GroupCorrection):
    """Units by hand, also where a system reports them."""

    name = "units"
    label = "State units"
    button = "State these units"
    done = "The units were stated."

    @property
    def sentence(self) -> str:
        source = reporting(self.record).get(self.group.pk) if self.group else None
        if source is None:
            return "These units hold from now on, until somebody states others."
        return (
            f"Units are reported by {source.name}. What you state holds until its next report; "
            "nothing sticks."
        )

    def draw(self, draft: Draft, data: Any = None, *, more: bool = False) -> BaseForm:
        found = drawn(self.settings(draft), data, more=more)
        return UnitsForm(found.named, data)

    def sent(self, data: Any) -> BaseForm:
        return UnitsForm(posted(data).named, data)

    def command(self, form: Any, ask: Asked, seen: int | None) -> Command:
        return Allocate(
            customer=self.record,
            asked=ask,
            group=self.key,
            quantities=form.quantities,
            on=form.on,
            seen=seen,
            by_support=True,
        )

    def put(self, form: Any, error: CreditsError) -> None:
        if error.field in form.fields:
            form.add_error(error.field, error.message)
        elif not form.has_said(error):
            form.put(error)


class ReleaseFeatures(GroupCorrection):
    """Features off: their credits return at once."""

    name = "release"
    label = "Release"
    button = "Release them"
    done = "Released: the credits returned to the balance."
    sentence = (
        "Features that are off hold no credits; a running reservation stays to its end. Units go "
        "on being kept, and count again when the feature is on."
    )

    def draw(self, draft: Draft, data: Any = None, *, more: bool = False) -> BaseForm:
        settings = self.settings(draft)
        offered = settings.releasable or [setting.feature for setting in settings.features]
        if data is not None:
            # What was sent stays to be seen, although somebody may have released it meanwhile.
            offered = [setting.feature for setting in settings.all]
        initial = {"features": [feature.key for feature in settings.releasable]}
        return ReleaseForm(data, user=self.user, initial=initial, features=offered)

    def sent(self, data: Any) -> BaseForm:
        return ReleaseForm(data, user=self.user, features=self.features)

    @cached_property
    def features(self) -> list[Feature]:
        """Every feature of the group."""
        return list(Feature.objects.filter(group=self.group).order_by("position", "pk"))

    def command(self, form: Any, ask: Asked, seen: int | None) -> Command:
        named = set(form.cleaned_data["features"])
        return Release(
            customer=self.record,
            asked=ask,
            group=self.key,
            features=[feature for feature in self.features if feature.key in named],
            seen=seen,
        )


class SwitchBilling(HoldingCorrection):
    """Credits or pay-as-you-go."""

    name = "billing"
    label = "Switch billing"
    form = SwitchForm
    button = "Switch it"
    done = "The billing model was switched."
    sentence = (
        "On pay-as-you-go a feature holds no credits until its contract ends. It may be switched "
        "again from the 30th day after, and a switch cannot be undone."
    )

    def initial(self, draft: Draft) -> dict[str, Any]:
        return {"feature": self.given.get("feature", ""), "to": self.given.get("to", "")}

    def command(self, form: Any, ask: Asked, seen: int | None) -> Command:
        return SwitchBillingModel(
            customer=self.record,
            asked=ask,
            feature=form.cleaned_data["feature"].key,
            contract_ends_at=form.cleaned_data["contract_ends_at"],
        )


class MoveUnits(HoldingCorrection):
    """Units of one feature for another."""

    name = "move"
    label = "Move units"
    form = MoveForm
    button = "Move them"
    done = "The units were moved."
    sentence = "One feature gives whole units, and another gets what their credits pay for."

    def initial(self, draft: Draft) -> dict[str, Any]:
        return {"source": self.given.get("feature", "")}

    def command(self, form: Any, ask: Asked, seen: int | None) -> Command:
        told = form.cleaned_data
        return Move(
            customer=self.record,
            asked=ask,
            source=told["source"].key,
            units=told["units"],
            target=told["target"].key,
            seen=seen,
            by_support=True,
        )


OF_LICENSES = (Extend, Reduce, Void)
OF_OPERATIONS = (Reverse,)
OF_CUSTOMERS = (StateUnits, ReleaseFeatures, SwitchBilling, MoveUnits)

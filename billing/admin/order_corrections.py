"""How support corrects orders: amended, moved, voided line by line, cancelled."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.forms import BaseForm

from billing.domain.order_changes.amending import AmendOrder, amend_purchase
from billing.domain.order_changes.cancelling import cancel, cancel_purchase
from billing.domain.order_changes.moving import MoveOrder, move, move_purchase
from billing.domain.order_changes.voiding import VoidLine, WithdrawLine, void_line
from billing.forms.order_changes import AmendForm
from billing.models import WITHDRAWN_STATES, Purchase
from credits.admin.correcting import Correction
from credits.admin.correction_forms import REASON_LENGTH, WHY, CorrectionForm
from credits.admin.forms import CustomerField
from credits.domain.commands import Answer, Asked, Command
from credits.domain.post import answered
from credits.domain.preview import Draft
from credits.domain.restating import granted_terms
from credits.exceptions import CreditsError
from credits.models import License, LicenseTerm

ENDS, NEVER = "ends", "never"
HOW = (
    (ENDS, "It ends now; until now it was valid"),
    (NEVER, "It never was: taken out of the past as well"),
)


class OrderCorrection(Correction):
    """A correction of an order that stands."""

    record: Purchase

    @property
    def is_offered(self) -> bool:
        return self.record.state not in WITHDRAWN_STATES

    @property
    def title(self) -> str:
        return f"{self.label}: {self.record.order_number} of {self.record.customer.name}"

    @property
    def terms(self) -> list[LicenseTerm]:
        """What the order grants, license by license, as it stands."""
        return list(granted_terms(self.record.operation).values())


class CancelPurchase(OrderCorrection):
    """An order that should not have been entered: its licenses are withdrawn."""

    name = "cancel"
    label = "Cancel the order"
    button = "Cancel this order"
    done = "The order was cancelled and its licenses withdrawn."

    @property
    def title(self) -> str:
        return f"Cancel order {self.record.order_number} of {self.record.customer.name}"

    @property
    def sentence(self) -> str:
        return (
            "All its licenses are withdrawn, as if it had not been entered, and its number may be "
            "used again. To end one license, void that license."
        )

    def command(self, form: Any, ask: Asked, seen: int | None) -> Command:
        return cancel(self.record, ask)

    def carry_out(self, command: Command) -> Answer:
        return cancel_purchase(self.record, command)


class VoidLineForm(CorrectionForm):
    """Which license, and whether it ends or never was."""

    license = forms.ChoiceField()
    how = forms.ChoiceField(label="What is true of it", choices=HOW, widget=forms.RadioSelect)

    def __init__(self, *args: Any, licenses: list[License], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = [(str(license.public_id), license.label) for license in licenses]
        self.fields["license"] = forms.ChoiceField(choices=offered)
        self.order_fields(["license", "how", "reason"])


class VoidOne(OrderCorrection):
    """One license of the order ends now, or never was."""

    name = "void-line"
    label = "Void a license"
    button = "Void this license"
    done = "The license was voided."
    sentence = (
        "A license that ends now was valid until now. One that never was is taken out of the past "
        "as well, while nothing else was done to the order's licenses."
    )

    @property
    def licenses(self) -> list[License]:
        """The order's licenses, voided ones too: a repeat must read the same."""
        lines = self.record.lines.select_related("license").order_by("position")
        return [line.license for line in lines]

    def draw(self, draft: Draft, data: Any = None, *, more: bool = False) -> BaseForm:
        return self.sent(data)

    def sent(self, data: Any) -> BaseForm:
        return VoidLineForm(data, user=self.user, licenses=self.licenses, initial={"how": ENDS})

    def command(self, form: Any, ask: Asked, seen: int | None) -> Command:
        told = form.cleaned_data
        license = next(one for one in self.licenses if str(one.public_id) == told["license"])
        kind = WithdrawLine if told["how"] == NEVER else VoidLine
        return kind(customer=self.record.customer, asked=ask, purchase=self.record, license=license)

    def carry_out(self, command: Command) -> Answer:
        return void_line(self.record, cast(VoidLine | WithdrawLine, command))


class MoveOrderForm(CorrectionForm):
    """Who it is for."""

    to = CustomerField(
        label="The right customer",
        max_length=60,
        help_text="Its number or address part, like C-1001 or halden-energy.",
    )


class MovePurchase(OrderCorrection):
    """An order that is another customer's."""

    name = "move"
    label = "Move to another customer"
    form = MoveOrderForm
    button = "Move this order"
    done = "The order was moved."
    sentence = (
        "It is withdrawn here as if it had not been entered, and granted to the other customer "
        "with the same licenses, number, price, note and files. Neither customer is told who the "
        "other one is, so leave the names out of the reason. What it does here is shown first."
    )

    def command(self, form: Any, ask: Asked, seen: int | None) -> Command:
        return move(self.record, form.cleaned_data["to"], ask)

    def carry_out(self, command: Command) -> Answer:
        move_purchase(self.record, cast(MoveOrder, command))
        return answer_to(command)


class AdminAmendForm(AmendForm):
    """The same form as in the portal, with the days that are meant as a box of its own."""

    unusual = forms.BooleanField(
        label="Days far back, or over already, are meant",
        required=False,
    )

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.fields["reason"] = forms.CharField(
            max_length=REASON_LENGTH, widget=forms.Textarea(attrs={"rows": 2}), help_text=WHY
        )
        self.order_fields([name for name in self.fields if name not in ("unusual", "reason")])


class AmendPurchase(OrderCorrection):
    """An order that was typed wrong."""

    name = "amend"
    label = "Amend the order"
    button = "Amend this order"
    done = "The order was amended."
    sentence = (
        "Type over what was entered wrongly. Its licenses keep their numbers, and are as if they "
        "had been entered right; what was before is kept in the order's history."
    )

    def draw(self, draft: Draft, data: Any = None, *, more: bool = False) -> BaseForm:
        return self.sent(data)

    def sent(self, data: Any) -> BaseForm:
        return AdminAmendForm(data, purchase=self.record, terms=self.terms)

    def command(self, form: Any, ask: Asked, seen: int | None) -> Command:
        return AmendOrder(
            customer=self.record.customer,
            asked=ask,
            purchase=self.record,
            amendment=form.amendment(confirmed=form.cleaned_data["unusual"]),
        )

    def carry_out(self, command: Command) -> Answer:
        amend_purchase(self.record, cast(AmendOrder, command))
        return answer_to(command)

    def put(self, form: Any, error: CreditsError) -> None:
        form.refuse(error)


def answer_to(command: Command) -> Answer:
    """The answer that a command was given just now."""
    answer = answered(command)
    assert answer is not None  # noqa: S101 - it was carried out in this very request.
    return answer


OF_PURCHASES = (AmendPurchase, MovePurchase, VoidOne, CancelPurchase)

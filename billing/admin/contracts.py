"""Pay-as-you-go contracts at the support desk, and their place on customers' pages."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q
from django.forms import BaseForm
from django.http import HttpRequest

from billing.domain.contracts import (
    AGREEMENT_LENGTH,
    EnterContract,
    ExtendContract,
    enter_contract,
)
from billing.models import ContractChannel, PaygContract
from credits import clock
from credits.admin.correcting import CorrectingAdmin, Correction, correction_url
from credits.admin.correction_forms import ExtendForm, LastDayField
from credits.admin.corrections import UNDONE_ELSEWHERE
from credits.admin.forms import CustomerField, MakingForm
from credits.admin.links import add_url, customers_called, list_url, record_link, uuid_in
from credits.admin.making import MakingAdmin
from credits.admin.people import portal_tools
from credits.admin.records import SHOWN, Chapter, add_chapter
from credits.domain.commands import Asked, Command
from credits.models import Customer, Operation
from credits.templatetags.figures import day, days_left, instant, last_date, last_day_text


class FirstDayField(LastDayField):
    """A first day as YYYY-MM-DD: read as its 00:00 UTC."""

    def clean(self, value: Any) -> datetime | None:
        day_after = super().clean(value)
        return None if day_after is None else day_after - clock.DAY


class ContractForm(MakingForm):
    """A contract that a customer has made."""

    taken = ("customer",)

    customer = CustomerField(
        max_length=60, help_text="Its number or address part, like C-1001 or halden-energy."
    )
    channel = forms.ChoiceField(choices=ContractChannel, initial=ContractChannel.AWS)
    agreement = forms.CharField(
        max_length=AGREEMENT_LENGTH, help_text="The number under which the channel knows it."
    )
    starts = FirstDayField(label="First day", help_text="As YYYY-MM-DD, from 00:00 UTC on.")
    ends = LastDayField(
        label="Last day", help_text="As YYYY-MM-DD. Usable to the end of this day, UTC."
    )


class ProlongContract(Correction):
    """The same contract goes on."""

    name = "extend"
    label = "Extend"
    form = ExtendForm
    button = "Extend the contract"
    done = "The contract was extended, and the features under it with it."
    record: PaygContract

    @property
    def is_offered(self) -> bool:
        return self.record.ends_at > clock.now()

    @property
    def title(self) -> str:
        return f"Extend contract {self.record.agreement} of {self.record.customer.name}"

    @property
    def sentence(self) -> str:
        return (
            f"It runs until the end of {last_day_text(self.record.ends_at)}, UTC. The features "
            "under it stay on pay-as-you-go until the new last day."
        )

    def command(self, form: Any, ask: Asked, seen: int | None) -> Command:
        return ExtendContract(
            customer=self.record.customer,
            asked=ask,
            contract=self.record.public_id,
            ends_at=form.cleaned_data["ends"],
        )


def contract_state(contract: PaygContract) -> str:
    """In force with its days left, not started, or ended."""
    now = clock.now()
    if contract.starts_at > now:
        return "not started"
    return days_left(contract.ends_at, now)


@admin.register(PaygContract)
class PaygContractAdmin(CorrectingAdmin, MakingAdmin):
    """Pay-as-you-go contracts, entered here, and extended."""

    corrections = (ProlongContract,)
    list_display = ("agreement", "of", "channel", "first", "last", "state")
    list_filter = ("channel", "starts_at", "ends_at")
    list_select_related = ("customer", "operation")
    linked_by = ("customer",)
    search_fields = ("agreement",)
    search_help_text = "Agreement, or the customer."
    place_in_search = 7
    shelf = "Purchases and licenses"
    story = ("of", "agreement", "channel", "first", "last", "state", "recorded", "by", "public_id")
    making_form = ContractForm
    making_title = "Enter a contract"
    making_sentence = (
        "Under it the customer's admins may put features on pay-as-you-go. It changes no credits."
    )
    making_button = "Enter the contract"

    def words(self, word: str) -> Q:
        public_id = uuid_in(word)
        if public_id is not None:
            return Q(public_id=public_id) | Q(customer__public_id=public_id)
        return Q(agreement__icontains=word) | customers_called(word, "customer__")

    def told(self, record: Any) -> tuple[str, str]:
        return record.agreement, f"{record.customer.name} · {contract_state(record)}"

    def tools(self, request: HttpRequest, record: PaygContract) -> list[tuple[str, str]]:
        return [
            *self.correction_tools(request, record),
            *portal_tools(request, record.customer),
        ]

    def carry_out(self, request: HttpRequest, form: BaseForm, ask: Asked) -> Any:
        told = form.cleaned_data
        return enter_contract(
            EnterContract(
                customer=told["customer"],
                asked=ask,
                channel=told["channel"],
                agreement=told["agreement"],
                starts_at=told["starts"],
                ends_at=told["ends"],
            )
        )

    @admin.display(description="customer", ordering="customer__name")
    def of(self, contract: PaygContract) -> str:
        return record_link(contract.customer)

    @admin.display(description="first day", ordering="starts_at")
    def first(self, contract: PaygContract) -> str:
        return day(contract.starts_at)

    @admin.display(description="last day", ordering="ends_at")
    def last(self, contract: PaygContract) -> str:
        return last_date(contract.ends_at)

    @admin.display(description="state")
    def state(self, contract: PaygContract) -> str:
        return contract_state(contract)

    @admin.display(description="entered")
    def recorded(self, contract: PaygContract) -> str:
        return instant(contract.operation.recorded_at)

    @admin.display(description="operation")
    def by(self, contract: PaygContract) -> str:
        return record_link(contract.operation, contract.operation.kind)


def customer_contracts(request: HttpRequest, customer: Customer) -> Chapter:
    """A customer's contracts, and the way to enter one."""
    return Chapter(
        title="Pay-as-you-go contracts",
        columns=("Agreement", "Channel", "First day", "Last day", "State"),
        rows=[
            (
                record_link(contract),
                contract.get_channel_display(),
                day(contract.starts_at),
                last_date(contract.ends_at),
                contract_state(contract),
            )
            for contract in customer.contracts.all()[:SHOWN]
        ],
        empty="No contract was entered.",
        more_url=list_url(PaygContract, customer__id__exact=customer.pk),
        add_url=add_url(PaygContract, customer=customer.label)
        if request.user.has_perm("billing.add_paygcontract")
        else "",
        add="Enter a contract",
    )


def extending(operation: Operation) -> str:
    """An extension is not undone: the features are under the contract as it is now."""
    if operation.kind != ExtendContract.kind:
        return ""
    contract = PaygContract.objects.filter(public_id=operation.answer["contract"]).first()
    return correction_url(contract, ProlongContract.name) if contract is not None else ""


add_chapter(Customer, 51, customer_contracts)
UNDONE_ELSEWHERE.append(extending)

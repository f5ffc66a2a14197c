"""The forms of what support makes: shape and types only; the commands decide."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms

from credits.admin.links import number_in
from credits.domain.people import staff_made_by
from credits.models import Customer, OverAllocation, Role, User
from credits.roles import StaffRole

MOST_CUSTOMERS = 50


class CustomerField(forms.CharField):
    """A customer named by number (C-1001) or address part (halden-energy)."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        return find_customer(text) if text else None


class CustomersField(forms.CharField):
    """Several customers, separated by spaces or commas."""

    def clean(self, value: Any) -> Any:
        words = super().clean(value).replace(",", " ").split()
        if len(words) > MOST_CUSTOMERS:
            raise forms.ValidationError(f"At most {MOST_CUSTOMERS} customers at once.")
        return [find_customer(word) for word in words]


def find_customer(text: str) -> Customer:
    """The customer of a number or address part. Raises ValidationError if there is none."""
    number = number_in(text, "C")
    named = {"number": number} if number is not None else {"slug": text.lower()}
    customer = Customer.objects.filter(**named).first()
    if customer is None:
        raise forms.ValidationError(f"There is no customer {text}.")
    return customer


class MakingForm(forms.Form):
    """What every such form asks last: why."""

    taken: ClassVar[tuple[str, ...]] = ()
    """Fields that a link may fill in beforehand."""

    reason = forms.CharField(
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Kept with the operation.",
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user: User = user
        self.order_fields([name for name in self.fields if name != "reason"])


class CustomerForm(MakingForm):
    """A new customer."""

    name = forms.CharField(max_length=120)
    slug = forms.CharField(
        label="Address part",
        max_length=60,
        required=False,
        help_text="Small letters, digits and hyphens. Left empty, it is made from the name.",
    )
    domain = forms.CharField(
        label="Mail domain",
        max_length=253,
        required=False,
        help_text="By which support finds the customer, like example.org.",
    )
    over_allocation = forms.ChoiceField(
        label="Allocating beyond the balance",
        choices=OverAllocation,
        initial=OverAllocation.CONFIRM,
    )


class MemberForm(MakingForm):
    """A person for a customer."""

    taken = ("customer",)

    customer = CustomerField(
        max_length=60, help_text="Its number or address part, like C-1001 or halden-energy."
    )
    email = forms.CharField(label="Mail address", max_length=254)
    name = forms.CharField(
        max_length=120, required=False, help_text="Of a person who has no account yet."
    )
    role = forms.ChoiceField(choices=Role, initial=Role.VIEWER)


class StaffForm(MakingForm):
    """A person of the vendor, with a role that the one who asks may give."""

    email = forms.CharField(label="Mail address", max_length=254)
    name = forms.CharField(
        max_length=120, required=False, help_text="Of a person who has no account yet."
    )
    role = forms.ChoiceField()
    customers = CustomersField(
        label="Customers to look after",
        max_length=4_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="For a sales rep: numbers or address parts, separated by spaces.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        given = staff_made_by(self.user)
        offered = [(role.value, role.value) for role in StaffRole if role in given]
        self.fields["role"] = forms.ChoiceField(choices=offered)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("customers") and cleaned.get("role") != StaffRole.SALES_REP:
            self.add_error("customers", "Only a sales rep looks after customers.")
        return cleaned

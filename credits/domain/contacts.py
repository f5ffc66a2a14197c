"""Whom a customer's people can turn to."""

from __future__ import annotations

from credits.models import Customer, Membership, Role, User
from credits.roles import StaffRole


def sales_contacts(customer: Customer) -> list[User]:
    """The customer's sales reps; where none is assigned, the sales managers."""
    sellers = User.objects.filter(is_active=True).order_by("name", "email")
    reps = sellers.filter(groups__name=StaffRole.SALES_REP, assignments__customer=customer)
    managers = sellers.filter(groups__name=StaffRole.SALES_MANAGER)
    return list(reps) or list(managers)


def admin_contacts(customer: Customer) -> list[Membership]:
    """The customer's own admins who can log in, to be shown by their label.

    One who has not come since the invitation is listed whatever the account is.
    """
    admins = customer.memberships.filter(role=Role.ADMIN).select_related("user")
    return [one for one in admins if one.user.is_active or not one.has_come]

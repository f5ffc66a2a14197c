"""Staff roles: Django groups, made after each migration with the rights they need."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from django.contrib.auth.models import Group, Permission


class StaffRole(StrEnum):
    """The groups of the vendor's own people (docs/rules.md, roles)."""

    SALES_REP = "sales rep"
    SALES_MANAGER = "sales manager"
    SUPPORT = "support"
    OPERATOR = "operator"
    CATALOGUE_MANAGER = "catalogue manager"


VIEWED_BY_SUPPORT = ("credits", "billing", "estimator")
"""Support may look at every record of these apps in the admin, and change none there."""

MADE_BY_SUPPORT = (
    "add_customer",
    "add_membership",
    "add_usagesource",
    "add_paygcontract",
    "add_entitlement",
    "add_activationcode",
)
"""What support may make there, by commands; staff roles are a right of their own (people)."""

MADE_BY_CATALOGUE_MANAGERS = ("add_featurerate",)
"""What catalogue managers may enter there: dated rates."""

CATALOGUE = ("solution", "allocationgroup", "feature", "featurerate", "conversionrate")
"""The catalogue and its rates, which every role of the vendor may look at."""

READ_BY_OPERATORS = ("securityevent", "jobrun", "outgoingmail")
"""The log of the door, the runs of the jobs and the mail on its way: what an installation does."""


def create_staff_roles(**_: Any) -> None:
    """Make the groups and give them their admin permissions; a second run changes nothing."""
    groups = {role: Group.objects.get_or_create(name=role.value)[0] for role in StaffRole}
    view = Permission.objects.filter(
        content_type__app_label__in=VIEWED_BY_SUPPORT, codename__startswith="view_"
    )
    make = Permission.objects.filter(
        content_type__app_label__in=VIEWED_BY_SUPPORT, codename__in=MADE_BY_SUPPORT
    )
    catalogue = view.filter(content_type__model__in=CATALOGUE)
    groups[StaffRole.SUPPORT].permissions.set([*view, *make])
    enter = Permission.objects.filter(
        content_type__app_label="credits", codename__in=MADE_BY_CATALOGUE_MANAGERS
    )
    groups[StaffRole.CATALOGUE_MANAGER].permissions.set([*catalogue, *enter])
    own = view.filter(content_type__app_label="credits", content_type__model__in=READ_BY_OPERATORS)
    groups[StaffRole.OPERATOR].permissions.set([*catalogue, *own])

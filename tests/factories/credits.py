"""Valid minimal rows, made through the domain functions wherever the books are concerned."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

from factory import Factory, LazyFunction, Sequence  # type: ignore[attr-defined]
from factory.django import DjangoModelFactory

from credits.domain.allocations import Allocate
from credits.domain.boundaries import boundary_at, newest_boundary
from credits.domain.commands import Answer, Asked
from credits.domain.licenses import GrantLicenses, Lot
from credits.domain.people import AssignRep, CreateCustomer, Invite, MakeStaff
from credits.domain.post import post, post_office
from credits.domain.terms import term
from credits.models import Boundary, Customer, License, LicenseKind, OverAllocation, User

PASSWORD = "walnut-orbit-glacier"


def asked(key: str = "", **fields: Any) -> Asked:
    """An act asked by the tests, under its own new key unless one is given."""
    return Asked(source=fields.pop("source", "test"), key=key or uuid.uuid4().hex, **fields)


class UserFactory(DjangoModelFactory[User]):
    """A person with a password that all tests know."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    email = Sequence(lambda n: f"person{n}@example.org")
    name = Sequence(lambda n: f"Person {n}")

    @classmethod
    def _create(cls, model_class: type[User], *args: Any, **kwargs: Any) -> User:
        return model_class.objects.create_user(password=PASSWORD, **kwargs)


class CustomerFactory(Factory[Customer]):
    """A customer with empty books."""

    class Meta:
        model = Customer

    name = Sequence(lambda n: f"Customer {n}")
    slug = LazyFunction(lambda: f"customer-{uuid.uuid4().hex[:10]}")
    over_allocation = OverAllocation.CONFIRM

    @classmethod
    def _create(cls, model_class: type[Customer], *args: Any, **kwargs: Any) -> Customer:
        answer = post_office(CreateCustomer(asked=asked(), **kwargs))
        return model_class.objects.get(public_id=answer.data["customer"])


def make_user(**fields: Any) -> User:
    """A person with a password that all tests know."""
    return cast(User, UserFactory(**fields))


def make_customer(**fields: Any) -> Customer:
    """A customer with empty books."""
    return cast(Customer, CustomerFactory(**fields))


def make_member(customer: Customer, user: User, role: str) -> User:
    """Make a person a member of a customer."""
    post(Invite(customer=customer, asked=asked(), email=user.email, role=role))
    return user


def make_staff(user: User, role: str) -> User:
    """Give a person a staff role."""
    post_office(MakeStaff(asked=asked(), email=user.email, role=role))
    return User.objects.get(pk=user.pk)


def assign_rep(customer: Customer, rep: User) -> None:
    """Let a rep look after a customer."""
    post(AssignRep(customer=customer, asked=asked(), email=rep.email))


def grant(
    customer: Customer,
    credits: int,
    first_day: date,
    last_day: date,
    kind: str = LicenseKind.BOUGHT,
) -> License:
    """Grant one license over [first day, last day], UTC days, both usable."""
    starts_at, ends_at = term(first_day, last_day)
    lot = Lot(credits=credits, starts_at=starts_at, ends_at=ends_at, kind=kind)
    answer = post(GrantLicenses(customer=customer, asked=asked(), lots=[lot]))
    return License.objects.get(public_id=answer.data["licenses"][0])


def allocate(
    customer: Customer, feature: str, units: Decimal | int, *, group: str = "", **fields: Any
) -> Answer:
    """Allocate units to a feature; its group is its own unless named."""
    shortfall = fields.pop("confirmed_shortfall", 10**15)
    return post(
        Allocate(
            customer=customer,
            asked=asked(confirmed_shortfall=shortfall, **fields),
            group=group or feature,
            quantities={feature: Decimal(units)},
        )
    )


def publish(now: datetime) -> None:
    """Close the boundary that is due at an instant, as the worker would have by then."""
    due = boundary_at(now)
    newest = newest_boundary()
    if newest is None or newest < due:
        Boundary.objects.create(at=due, closed_at=now)

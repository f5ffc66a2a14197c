"""The people and customers that tests share: Alice manages, Bob views, Carol is elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from credits import clock
from credits.domain.catalogue import load_catalogue
from credits.models import Customer, FeatureRate, Role, User
from credits.roles import StaffRole
from tests.factories import credits as make

CATALOGUE = Path(__file__).parent.parent / "credits" / "data" / "catalogue.csv"

at = pytest.fixture(name="at")(lambda: clock.moved_to)
grant = pytest.fixture(name="grant")(lambda db: make.grant)
allocate = pytest.fixture(name="allocate")(lambda db: make.allocate)


@pytest.fixture(scope="session")
def catalogue_once(django_db_setup: None, django_db_blocker: Any) -> None:
    """The product's own catalogue, loaded once for all tests of a worker."""
    with django_db_blocker.unblock():
        load_catalogue(CATALOGUE.read_text(encoding="utf-8"))


@pytest.fixture
def catalogue(catalogue_once: None, db: None) -> None:
    """The catalogue is there, also after a test that emptied the database."""
    load_if_emptied()


def load_if_emptied() -> None:
    if not FeatureRate.objects.exists():
        load_catalogue(CATALOGUE.read_text(encoding="utf-8"))


@pytest.fixture
def customer(catalogue: None) -> Customer:
    return make.make_customer(name="Halden Energy")


@pytest.fixture
def other_customer(catalogue: None) -> Customer:
    return make.make_customer(name="Borealis Freight")


@pytest.fixture
def alice(customer: Customer) -> User:
    """Admin of the customer."""
    user = make.make_user(email="alice@example.org", name="Alice Brandt")
    return make.make_member(customer, user, Role.ADMIN)


@pytest.fixture
def bob(customer: Customer) -> User:
    """Viewer of the customer."""
    user = make.make_user(email="bob@example.org", name="Bob Nygaard")
    return make.make_member(customer, user, Role.VIEWER)


@pytest.fixture
def carol(other_customer: Customer) -> User:
    """Admin of the other customer."""
    user = make.make_user(email="carol@example.org", name="Carol Otieno")
    return make.make_member(other_customer, user, Role.ADMIN)


@pytest.fixture
def rep(customer: Customer) -> User:
    """Sales rep who looks after the customer, and not after the other one."""
    user = make.make_staff(
        make.make_user(email="rep@vendor.example", name="Rina Holm"), StaffRole.SALES_REP
    )
    make.assign_rep(customer, user)
    return user


@pytest.fixture
def manager(db: None) -> User:
    """Sales manager, who sees every customer."""
    user = make.make_user(email="manager@vendor.example", name="Milo Sand")
    return make.make_staff(user, StaffRole.SALES_MANAGER)


@pytest.fixture
def support(db: None) -> User:
    """Support engineer, who works in the admin."""
    user = make.make_user(email="support@vendor.example", name="Sam Ito")
    return make.make_staff(user, StaffRole.SUPPORT)


@pytest.fixture
def client_of(db: None) -> Callable[[User], Client]:
    """A test client that is logged in as a person."""

    def log_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return log_in

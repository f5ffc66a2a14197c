"""A suspension blocks access and leaves the credits; nothing is erased by it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from billing.domain.lifecycle import advance
from billing.domain.marketplaces.linking import follow
from billing.domain.marketplaces.providers import Item
from billing.domain.notices import send_notices
from billing.models import CustomerLife, Notice
from credits import clock
from credits.domain.access_state import (
    Cause,
    Stage,
    access_state,
    access_states,
    state_of,
    with_held,
)
from credits.domain.post import post
from credits.domain.purging import Purge
from credits.exceptions import NotAllowed
from credits.models import Customer, OutgoingMail, Role
from tests.billing.marketplaces.core import fake
from tests.billing.marketplaces.core.conftest import NOW
from tests.billing.marketplaces.core.fake import agreement, linked
from tests.billing.marketplaces.core.reading import levels, valid
from tests.factories import credits as make
from tests.oracle_access import suspended_stage

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def suspend(customer: Customer) -> Any:
    """Buys ten units, and says later that the marketplace suspends or reinstates them."""
    truth = agreement(items=[Item(fake.PLAN, 10)])
    found = linked(truth, customer)
    follow(found)

    def say(state: str) -> None:
        fake.aws().change(truth.reference, state=state)
        follow(found)

    return say


def stage(customer: Customer, after: timedelta = timedelta(seconds=1)) -> tuple[Stage, Any]:
    state = access_state(customer, clock.now() + after)
    return state.stage, state.cause


def test_a_suspension_locks_who_has_nothing_else_and_leaves_the_credits(
    customer: Customer, suspend: Any
) -> None:
    before = levels(customer)

    suspend("suspended")

    assert stage(customer) == (Stage.LOCKED, Cause.SUSPENSION)
    state = access_state(customer, clock.now())
    assert (state.ends_at, state.purge_from) == (NOW, None)
    assert levels(customer) == before
    assert valid(customer) == 10_000


def test_reinstated_the_pages_are_open_again(customer: Customer, suspend: Any) -> None:
    suspend("suspended")
    suspend("active")

    assert stage(customer) == (Stage.ACTIVE, Cause.LICENSE)


def test_a_suspension_begins_when_it_is_first_heard_of(customer: Customer, suspend: Any) -> None:
    suspend("suspended")
    with clock.moved_to(NOW + DAY):
        suspend("suspended")

        assert access_state(customer, clock.now()).ends_at == NOW


def test_another_license_keeps_the_pages_open(customer: Customer, suspend: Any) -> None:
    today = clock.day_of(NOW)
    make.grant(customer, 5, today, today + 9 * DAY)
    suspend("suspended")

    # Its own days and its grace; from then on nothing else is there.
    assert stage(customer) == (Stage.ACTIVE, Cause.LICENSE)
    assert stage(customer, 20 * DAY) == (Stage.GRACE, Cause.LICENSE)
    assert stage(customer, 41 * DAY) == (Stage.LOCKED, Cause.SUSPENSION)


def test_what_ends_meanwhile_has_ended(customer: Customer, suspend: Any) -> None:
    suspend("suspended")

    # 11 Nov 2027 and 30 days of grace.
    assert stage(customer, 380 * DAY) == (Stage.LOCKED, Cause.SUSPENSION)
    ended = access_state(customer, NOW + 400 * DAY)
    assert (ended.stage, ended.cause) == (Stage.LOCKED, Cause.LICENSE)
    assert ended.purge_from is not None


def test_a_suspended_contract_keeps_nothing_open(customer: Customer) -> None:
    truth = agreement(items=[Item(fake.PAYG, 1)])
    found = linked(truth, customer)
    follow(found)
    assert stage(customer) == (Stage.ACTIVE, Cause.CONTRACT)
    fake.aws().change(truth.reference, state="suspended")

    follow(found)

    assert stage(customer) == (Stage.LOCKED, Cause.SUSPENSION)


def test_nobody_is_marked_or_erased_by_a_suspension(customer: Customer, suspend: Any) -> None:
    suspend("suspended")
    for days in (1, 8, 31, 62, 63, 70):
        with clock.moved_to(NOW + days * DAY):
            advance(clock.now())

    life = CustomerLife.objects.get(customer=customer)
    assert (life.stage, life.marked_at) == ("active", None)
    with clock.moved_to(NOW + 70 * DAY), pytest.raises(NotAllowed):
        post(Purge(customer=customer, asked=make.asked(), as_of=clock.now()))


def test_it_is_told_once_and_nothing_of_erasing(customer: Customer, suspend: Any) -> None:
    make.make_member(customer, make.make_user(email="alice@borealis.example"), Role.ADMIN)
    suspend("suspended")
    for days in range(35):
        with clock.moved_to(NOW + days * DAY + timedelta(hours=1)):
            send_notices(clock.now())

    told = Notice.objects.filter(customer=customer, kind__in=("locked", "purge-ahead"))
    assert [(one.kind, one.facts["cause"]) for one in told] == [("locked", "suspension")]
    mail = OutgoingMail.objects.get(customer=customer, kind="locked")
    assert "is suspended since 20 Nov 2026" in mail.subject
    assert "nothing is erased because of it" in " ".join(mail.text.split())


def test_the_locked_page_says_so_in_its_own_words(
    customer: Customer, suspend: Any, client: Client
) -> None:
    alice = make.make_member(customer, make.make_user(), Role.ADMIN)
    client.force_login(alice)
    address = reverse("billing:annual-credits", kwargs={"slug": customer.slug})
    assert client.get(address).status_code == 200

    suspend("suspended")

    answer = client.get(address)
    text = " ".join(answer.content.decode().split())
    assert answer.status_code == 403
    assert "Access is suspended" in text
    assert "Nothing has ended. The marketplace suspended the purchase" in text
    assert "Nothing is erased because of a suspension." in text
    suspend("active")
    assert client.get(address).status_code == 200


def test_staff_read_it_in_the_banner(customer: Customer, suspend: Any, client: Client) -> None:
    rep = make.make_staff(make.make_user(), "sales rep")
    make.assign_rep(customer, rep)
    client.force_login(rep)
    suspend("suspended")

    answer = client.get(reverse("billing:license-list", kwargs={"slug": customer.slug}))

    assert answer.status_code == 200
    assert "Suspended by the marketplace since" in answer.content.decode()


def test_many_customers_are_read_in_one_query(
    customer: Customer, suspend: Any, django_assert_num_queries: Any
) -> None:
    suspend("suspended")
    other = make.make_customer(name="Other", slug="other-market")

    with django_assert_num_queries(1):
        states = access_states([customer.pk, other.pk], NOW)

    assert [state.stage for state in states.values()] == [Stage.LOCKED, Stage.NEW]


@pytest.mark.parametrize("since", [0, 5, 30])
@pytest.mark.parametrize("days", [3, 20, 60])
@pytest.mark.parametrize("is_trial", [True, False])
def test_each_day_is_as_the_oracle_says(
    customer: Customer, since: int, days: int, is_trial: bool
) -> None:
    today = clock.day_of(NOW)
    first = agreement(starts_at=NOW, ends_at=NOW + 50 * DAY)
    found = linked(first, customer)
    follow(found)
    kind = "trial" if is_trial else "bought"
    make.grant(customer, 7, today, today + (days - 1) * DAY, kind)
    with clock.moved_to(NOW + since * DAY):
        fake.aws().change(first.reference, state="suspended")
        follow(found)

    known = with_held(Customer.objects.filter(pk=customer.pk)).get()
    for day in range(100):
        at = clock.start_of(today) + day * DAY + timedelta(hours=12)
        expected = suspended_stage(
            others=[(0, days, is_trial)], suspended=[(0, 51, False)], since=since, day=day
        )
        assert state_of(known, at).stage == expected, day

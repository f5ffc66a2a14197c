"""How far each member has read, whoever marks at once, and what counts as unread."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from billing.domain.notices.inbox import (
    GROUP_OF,
    MOST_COUNTED,
    Asking,
    mark_read,
    notices,
    reader_of,
    unread_count,
)
from billing.models import InboxMark, Notice, NoticeKind
from credits import clock
from credits.domain.access import access_to
from credits.exceptions import NotAllowed, UnknownObject
from credits.models import Customer, Role, User
from tests.billing.notices_pages.telling import tell, tell_levels
from tests.factories import credits as make
from tests.races.racing import race


def unread(customer: Customer, *people: User) -> list[int]:
    return [unread_count(customer, person) for person in people]


def test_each_member_has_read_for_oneself(customer: Customer, alice: User, bob: User) -> None:
    _old, middle, newest = tell_levels(customer, (30, 20, 10))
    assert unread(customer, alice, bob) == [3, 3]

    mark_read(customer, alice, middle.public_id)
    assert unread(customer, alice, bob) == [1, 3]

    mark_read(customer, bob, newest.public_id)
    assert unread(customer, alice, bob) == [1, 0]


def test_a_mark_never_goes_back(customer: Customer, alice: User) -> None:
    old, newest = tell_levels(customer, (20, 10))

    mark_read(customer, alice, newest.public_id)
    mark_read(customer, alice, old.public_id)

    assert unread(customer, alice) == [0]
    assert InboxMark.objects.get().read_through == newest.pk


def test_what_was_told_before_a_person_came_is_not_unread(customer: Customer, alice: User) -> None:
    tell(customer, at=clock.now() - timedelta(days=9))
    joined = make.make_member(customer, make.make_user(email="new@example.org"), Role.VIEWER)
    assert unread(customer, joined) == [0]

    tell(customer)
    assert unread(customer, joined) == [1]
    found = notices(customer, Asking(is_unread=True), reader_of(customer, joined), size=50)
    assert len(found.notices) == 1


def test_the_frame_knows_the_count_and_counts_no_further_than_it_shows(
    customer: Customer, other_customer: Customer, alice: User, rep: User
) -> None:
    tell(other_customer)
    tell_levels(customer, range(1, MOST_COUNTED + 10))

    mine, reps = access_to(alice, customer.slug), access_to(rep, customer.slug)

    assert mine is not None
    assert mine.unread == MOST_COUNTED
    assert reps is not None
    assert reps.unread == 0


def test_another_customers_notice_marks_nothing(
    customer: Customer, other_customer: Customer, alice: User
) -> None:
    tell(customer)
    foreign = tell(other_customer)

    for public_id in (foreign.public_id, uuid4()):
        with pytest.raises(UnknownObject):
            mark_read(customer, alice, public_id)

    assert not InboxMark.objects.exists()


def test_nobody_but_a_member_marks(customer: Customer, rep: User, carol: User) -> None:
    notice = tell(customer)

    for person in (rep, carol):
        with pytest.raises(NotAllowed):
            mark_read(customer, person, notice.public_id)

    assert not InboxMark.objects.exists()


def test_a_place_in_another_customers_list_is_no_place_here(
    customer: Customer, other_customer: Customer
) -> None:
    tell_levels(customer, (20, 10))
    foreign = tell(other_customer)

    found = notices(customer, Asking(before=foreign.public_id), None, size=50)

    assert found.notices == ()


def test_pages_lead_through_the_whole_list_and_back(customer: Customer) -> None:
    told = [notice.public_id for notice in reversed(tell_levels(customer, range(1, 8)))]

    first = notices(customer, Asking(), None, size=3)
    second = notices(customer, Asking(before=first.older), None, size=3)
    last = notices(customer, Asking(before=second.older), None, size=3)
    back = notices(customer, Asking(after=last.newer), None, size=3)

    pages = (first, second, last)
    assert [n.public_id for page in pages for n in page.notices] == told
    assert (first.newer, last.older) == (None, None)
    assert back.notices == second.notices


def test_every_kind_is_in_a_group() -> None:
    assert set(GROUP_OF) == set(NoticeKind.values)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_mark_at_once_the_farther_stays(customer: Customer, alice: User) -> None:
    old, newest = tell_levels(customer, (20, 10))
    marks = [old, newest] * 4

    def marking(notice: Notice) -> None:
        mark_read(customer, alice, notice.public_id)

    found = race([lambda notice=notice: marking(notice) for notice in marks])  # type: ignore[misc]

    assert found == [None] * len(marks)
    assert [mark.read_through for mark in InboxMark.objects.all()] == [newest.pk]

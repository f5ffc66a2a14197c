"""Two customers with one member, erased at one moment: the account goes with the later one."""

from __future__ import annotations

from threading import Thread

import pytest
from django.db import connection, transaction

from credits.domain.erasing import PERSON, erase
from credits.models import Customer, Role, User
from tests.factories import credits as make

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]


def is_waited_for() -> bool:
    """Whether somebody waits for a lock of this connection's transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted"
            " AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))"
        )
        found: bool = cursor.fetchone()[0]
        return found


def test_a_member_of_two_customers_that_are_erased_at_once_is_erased(
    customer: Customer, other_customer: Customer
) -> None:
    both = make.make_user(name="Both Sides")
    for one in (customer, other_customer):
        make.make_member(one, both, Role.ADMIN)

    def erase_other() -> None:
        try:
            with transaction.atomic():
                erase(other_customer)
        finally:
            connection.close()

    later = Thread(target=erase_other)
    with transaction.atomic():
        erase(customer)
        later.start()
        while later.is_alive() and not is_waited_for():
            later.join(0.02)
    later.join()

    assert User.objects.get(pk=both.pk).name == PERSON

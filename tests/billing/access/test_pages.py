"""What people see of a customer's access: the line below the stripe, and the page of a lock."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.test import Client

from credits import clock
from credits.domain.access import access_to
from credits.domain.allocations import Undo
from credits.models import Operation, Role, User
from credits.roles import StaffRole
from tests.billing.access.story import TRIAL, contract
from tests.billing.story import Story, found_story, instant
from tests.demonstration import reading
from tests.factories import credits as make

pytestmark = pytest.mark.django_db

Open = Callable[..., str]


def text_of(html: str) -> str:
    """What is read, without the spaces that stand where a tag was."""
    return re.sub(r" (?=[.,:)])", "", reading.text_of(html))


@pytest.fixture
def story(catalogue: None) -> Story:
    """A customer with an admin, a viewer, a rep and support."""
    story = found_story()
    with clock.moved_to(instant("2025-11-02T09:00")):
        viewer = make.make_user(email="viewer@example.org", name="Jonas Lind")
        make.make_member(story.customer, viewer, Role.VIEWER)
        rep = make.make_user(email="rep@vendor.example", name="Rina Holm")
        make.assign_rep(story.customer, make.make_staff(rep, StaffRole.SALES_REP))
        make.make_staff(make.make_user(email="support@vendor.example"), StaffRole.SUPPORT)
    return story


@pytest.fixture
def people(story: Story) -> dict[str, User]:
    emails = ("viewer@example.org", "rep@vendor.example", "support@vendor.example")
    users = [story.admin, *(User.objects.get(email=email) for email in emails)]
    return dict(zip(("admin", "viewer", "rep", "support"), users, strict=True))


@pytest.fixture
def answer(story: Story, people: dict[str, User]) -> Callable[..., Any]:
    """What a person is answered on a page of the customer at an instant."""

    def get(who: str, when: str, page: str = "licenses/", **headers: str) -> Any:
        client = Client()
        client.force_login(people[who])
        with clock.moved_to(instant(when)):
            return client.get(f"/c/{story.customer.slug}/{page}", headers=headers or None)

    return get


@pytest.fixture
def notice(answer: Callable[..., Any]) -> Open:
    """The line below the stripe, as it reads; empty where there is none."""

    def read(who: str, when: str, page: str = "licenses/") -> str:
        html = answer(who, when, page).content.decode()
        _, found, rest = html.partition('<div class="access-notice')
        return text_of("<div" + rest.partition("</div>")[0]) if found else ""

    return read


def bought(story: Story) -> None:
    """One paid license until 31 March 2026: access ends on 30 April."""
    story.buy("2026-01-05T09:00", 1_000, "2026-01-05", "2026-03-31")


def tried(story: Story) -> None:
    """A trial until 3 March 2026."""
    story.buy("2026-01-05T09:00", 500, "2026-01-05", "2026-03-03", kind=TRIAL)


EVERYBODY = ("admin", "viewer", "rep", "support")
GRACE = (
    "The last paid license ended on 31 Mar 2026, end of day UTC. "
    "These pages close on 30 Apr 2026, end of day UTC (in 20 days)."
)
TRIED = "Trial until 3 Mar 2026, end of day UTC (in 43 days). These pages close with it."
LOCKED = "Access ended on 30 Apr 2026, end of day UTC"
KEPT = "Everything is kept until 30 May 2026, end of day UTC at least."


@pytest.mark.parametrize("who", EVERYBODY)
def test_nothing_is_said_while_all_is_well(story: Story, notice: Open, who: str) -> None:
    assert notice(who, "2026-01-04T00:00") == ""
    bought(story)

    assert notice(who, "2026-03-31T23:59:59") == ""


ENDS = {
    "admin": "Request credits",
    "viewer": "An admin can request credits.",
    "rep": "Enter a purchase",
    "support": "(in 20 days).",
}


@pytest.mark.parametrize("who", EVERYBODY)
def test_grace_says_what_ended_when_the_pages_close_and_what_to_do(
    story: Story, notice: Open, who: str
) -> None:
    bought(story)

    found = notice(who, "2026-04-11T00:00")
    assert GRACE in found
    assert found.endswith(ENDS[who])


@pytest.mark.parametrize("who", EVERYBODY)
def test_a_trial_says_its_last_day(story: Story, notice: Open, who: str) -> None:
    tried(story)

    assert TRIED in notice(who, "2026-01-20T00:00:01")


def test_a_trial_within_a_grace_says_both_days(story: Story, notice: Open) -> None:
    bought(story)
    story.buy("2026-04-02T09:00", 500, "2026-04-02", "2026-04-08", kind=TRIAL)

    found = notice("admin", "2026-04-08T12:00")
    assert "Trial until 8 Apr 2026, end of day UTC (in 1 day)." in found
    assert "These pages close on 30 Apr 2026, end of day UTC." in found


def test_a_trial_is_amber_from_15_days_before_its_end(story: Story, answer: Any) -> None:
    tried(story)

    early = answer("admin", "2026-02-16T23:59:59").content.decode()
    late = answer("admin", "2026-02-17T00:00").content.decode()
    assert '<div class="access-notice"' in early
    assert '<div class="access-notice warn"' in late


def test_the_end_of_a_contract_is_named(story: Story, notice: Open) -> None:
    contract(story, "2026-01-10T09:00", "2026-01-10", "2026-04-01")

    assert "The pay-as-you-go contract ended on 31 Mar 2026" in notice("admin", "2026-04-11T00:00")


@pytest.mark.parametrize("who", ["rep", "support"])
def test_staff_get_in_and_are_told(story: Story, answer: Any, notice: Open, who: str) -> None:
    bought(story)

    assert answer(who, "2026-05-13T00:00").status_code == 200
    found = notice(who, "2026-05-13T00:00")
    assert f"Locked: {LOCKED[0].lower()}{LOCKED[1:]}, and members see only how to renew." in found
    assert KEPT in found


@pytest.mark.parametrize("who", ["admin", "viewer"])
def test_a_member_of_a_locked_customer_reads_why_and_until_when(
    story: Story, answer: Any, notice: Open, who: str
) -> None:
    bought(story)

    found = answer(who, "2026-05-13T00:00", "annual-credits/")
    text = text_of(found.content.decode())
    assert found.status_code == 403
    assert "Access has ended" in text
    assert "The last paid license on 31 Mar 2026, end of day UTC, and the 30 days of" in text
    assert "grace after it on 30 Apr 2026, end of day UTC." in text
    assert "Everything until 30 May 2026, end of day UTC at least" in text
    assert "Rina Holm, rep@vendor.example" in text
    assert notice(who, "2026-05-13T00:00") == ""


def test_an_admin_is_led_to_the_request_and_a_viewer_to_the_admin(
    story: Story, answer: Any
) -> None:
    bought(story)
    request = f'href="/c/{story.customer.slug}/requests/new/"'

    admin = answer("admin", "2026-05-13T00:00").content.decode()
    viewer = answer("viewer", "2026-05-13T00:00").content.decode()
    assert request in admin
    assert request not in viewer
    assert f"An admin can request credits: {story.admin.name}" in text_of(viewer)


def test_the_frame_of_a_locked_customer_leads_only_out(story: Story, answer: Any) -> None:
    bought(story)

    html = answer("admin", "2026-05-13T00:00").content.decode()
    inside = f'href="/c/{story.customer.slug}/'
    links = [unescape(part.partition('"')[0]) for part in html.split(inside)[1:]]
    assert set(links) == {"requests/new/", "seats/add/"}
    assert "/logout/" in html


def test_an_open_page_of_a_locked_customer_says_so_too(
    story: Story, answer: Any, notice: Open
) -> None:
    bought(story)

    assert answer("admin", "2026-05-13T00:00", "requests/new/").status_code == 200
    assert f"{LOCKED}. {KEPT}" in notice("admin", "2026-05-13T00:00", "requests/new/")


def test_a_trial_and_a_void_are_named_as_what_ended(story: Story, answer: Any) -> None:
    tried(story)
    text = text_of(answer("admin", "2026-03-04T00:00").content.decode())
    assert "The trial on 3 Mar 2026, end of day UTC. No grace follows a trial." in text

    license = story.buy("2026-03-04T09:00", 500, "2026-03-04", "2026-12-31")
    story.void("2026-03-05T10:15", license)

    text = text_of(answer("admin", "2026-03-06T00:00").content.decode())
    assert "The last license was voided on 5 Mar 2026, 10:15 UTC." in text
    assert "Everything until 4 Apr 2026, 10:15 UTC at least" in text


def test_after_the_time_that_is_promised_the_page_says_it(story: Story, answer: Any) -> None:
    bought(story)

    text = text_of(answer("admin", "2026-05-31T00:00").content.decode())
    assert "It can be erased any day now." in text


def test_a_fragment_has_its_page_loaded_anew(story: Story, answer: Any) -> None:
    bought(story)
    headers = {"HX-Request": "true"}

    found = answer("admin", "2026-05-13T00:00", "licenses/", **headers)
    assert (found.status_code, found["HX-Refresh"], found.content) == (403, "true", b"")


def test_a_purchase_opens_the_pages_at_once(story: Story, answer: Any, notice: Open) -> None:
    bought(story)
    assert answer("admin", "2026-05-13T00:00").status_code == 403

    story.buy("2026-05-13T09:00", 1_000, "2026-06-01", "2027-05-31")

    assert answer("admin", "2026-05-13T09:01").status_code == 200
    assert notice("admin", "2026-05-13T09:01") == ""


def test_taking_the_only_purchase_back_locks_nobody(story: Story, answer: Any) -> None:
    bought(story)
    granted = Operation.objects.get(customer=story.customer, kind="grant")
    story.post("2026-01-06T09:00", Undo, operation=granted.public_id)

    assert answer("admin", "2026-05-13T00:00").status_code == 200


def test_the_lock_costs_no_page_a_query(
    story: Story, people: dict[str, User], django_assert_num_queries: Any
) -> None:
    bought(story)
    with django_assert_num_queries(1):
        access = access_to(people["admin"], story.customer.slug)
        assert access is not None
        assert access.state.ends_at is not None

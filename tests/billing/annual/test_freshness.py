"""How old the figures are, said from what was closed and not from what runs."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client, RequestFactory

from billing.web.context import Freshness, freshness
from credits import clock
from credits.models import Customer
from tests.billing.reading import logged_in, read, send, text_of
from tests.billing.story import NOON, Story, instant
from tests.factories import credits as make


def url(story: Story) -> str:
    return f"/c/{story.customer.slug}/annual-credits/"


def fresh(now: str, through: str) -> Freshness:
    return Freshness(instant(now), instant(through))


def test_the_frame_says_through_when_and_when_next(db: None) -> None:
    request = RequestFactory().get("/")
    request.customer = Customer(name="Halden Energy")  # type: ignore[attr-defined]
    make.publish(instant("2026-11-24T11:02"))

    with clock.moved_to(instant("2026-11-24T11:59:59")):
        found = freshness(request)["freshness"]

        assert found.through == instant("2026-11-24T09:00")
        assert found.next_update == instant("2026-11-24T12:00")
    assert found.late is False


def test_outside_a_customer_nothing_is_said() -> None:
    assert freshness(RequestFactory().get("/")) == {}


def test_before_the_first_boundary_nothing_is_late() -> None:
    found = Freshness(instant(NOON), None)

    assert (found.through, found.next_update, found.late) == (None, None, False)


@pytest.mark.parametrize(
    ("now", "missed"),
    [
        ("2026-11-24T12:00", 0),
        ("2026-11-24T12:14:59", 0),
        ("2026-11-24T12:15", 1),
        ("2026-11-24T13:14", 1),
        ("2026-11-24T13:15", 2),
        ("2026-11-24T08:00", 0),
    ],
)
def test_an_update_is_late_a_quarter_of_an_hour_after_its_hour(now: str, missed: int) -> None:
    found = fresh(now, "2026-11-24T09:00")

    assert found.missed == missed
    assert found.late is (missed > 0)


def test_an_hour_that_has_come_is_not_announced() -> None:
    assert fresh("2026-11-24T11:59", "2026-11-24T09:00").next_update == instant("2026-11-24T12:00")
    assert fresh("2026-11-24T12:00", "2026-11-24T09:00").next_update is None


def late_page(story: Story, now: str) -> Any:
    """The page at an instant, with no hour closed since 09:00."""
    make.publish(instant(NOON))
    return send(logged_in(story.admin), url(story), now)


def test_a_missed_hour_is_said_and_the_figures_stay_where_they_are(halden: Story) -> None:
    on_time = text_of(late_page(halden, "2026-11-24T12:10"))
    late = text_of(late_page(halden, "2026-11-24T14:20"))

    assert "Update late" not in on_time
    assert "2 hourly updates were missed" not in on_time
    assert "3 hourly updates were missed, so these figures still show" in late
    assert "Data only through" in late
    assert "shown with the next update" in late
    assert "shown from 12:00" not in late


def test_one_missed_hour_is_told_in_the_singular(halden: Story) -> None:
    assert "An hourly update was missed" in text_of(late_page(halden, "2026-11-24T12:30"))


def test_before_the_first_boundary_live_figures_stand_there(halden: Story) -> None:
    text = text_of(send(logged_in(halden.admin), url(halden), NOON))
    published = text_of(read(halden.admin, url(halden), NOON))

    assert "Not yet published" in text
    assert "The first published ones appear with the next updates." in text
    assert "Not shown yet" not in text
    assert "Not yet published" not in published
    assert "Not shown yet" in published


def test_the_page_reads_at_the_newest_closed_boundary_alone(halden: Story) -> None:
    """The clock makes no boundary: what is due and not closed is not shown."""
    make.publish(instant("2026-11-24T11:02"))

    answer = send(logged_in(halden.admin), url(halden), "2026-11-24T13:20")

    assert "through=2026-11-24T09:00Z" in answer.content.decode()


def test_a_clock_set_back_hides_nothing_that_was_published(halden: Story) -> None:
    make.publish(instant("2026-11-24T13:02"))

    page = text_of(send(logged_in(halden.admin), url(halden), "2026-11-24T09:30"))

    assert "310 endpoints" in page
    assert "Not shown yet" not in page


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ("2026-11-24T11:20", "on time"),
        ("2026-11-24T12:14", "on time"),
        ("2026-11-24T12:15", "late: through 2026-11-24 09:00 UTC"),
    ],
)
def test_health_says_what_was_closed_and_serves_all_the_same(
    db: None, client: Client, now: str, said: str
) -> None:
    make.publish(instant(NOON))

    with clock.moved_to(instant(now)):
        answer = client.get("/health")

    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["publication"]) == ("ok", said)

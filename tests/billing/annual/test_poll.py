"""A newer publication is offered to an open page, and changes nothing in it until asked for."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.billing.reading import logged_in, send, text_of
from tests.billing.story import NOON, Story, instant
from tests.factories import credits as make

SHOWN = "2026-11-24T09:00:00Z"
LATER = "2026-11-24T12:05"


def page(story: Story, query: str = "") -> str:
    return f"/c/{story.customer.slug}/annual-credits/{query}"


def poll(story: Story, query: str = f"?since={SHOWN}", now: str = LATER, **headers: str) -> Any:
    headers = {"HX-Request": "true", "HX-Target": "freshness", **headers}
    return send(logged_in(story.admin), page(story, f"freshness/{query}"), now, **headers)


def test_nothing_new_is_no_content(halden: Story) -> None:
    make.publish(instant(NOON))

    answer = poll(halden, now=NOON)

    assert answer.status_code == 204
    assert answer.content == b""


def test_a_publication_is_offered_with_its_hour(halden: Story) -> None:
    make.publish(instant(LATER))

    answer = poll(halden)
    text = text_of(answer)

    assert answer.status_code == 200
    assert "Show figures through Show 10:00 UTC" in text
    assert "09:00 UTC" in text
    assert "next update" not in text
    assert json.loads(answer["HX-Trigger"]) == {
        "portal:announce": {"text": "Newer figures are ready: through 10:00 UTC."}
    }
    assert "autofocus" not in answer.content.decode()
    assert "data-focus" not in answer.content.decode()


def test_what_was_offered_is_not_offered_again(halden: Story) -> None:
    make.publish(instant(LATER))
    html = poll(halden).content.decode()
    again = f"?since=2026-11-24T10:00:00Z&shown={SHOWN}"

    assert f'hx-get="{page(halden, "freshness/")}{again.replace("&", "&amp;")}"' in html
    assert poll(halden, again).status_code == 204

    make.publish(instant("2026-11-24T13:05"))
    later = text_of(poll(halden, again, "2026-11-24T13:05"))
    assert "09:00 UTC" in later
    assert "Show 11:00 UTC" in later


def test_the_figures_stay_until_they_are_asked_for(halden: Story) -> None:
    client = logged_in(halden.admin)
    make.publish(instant(NOON))
    assert "300 endpoints" in text_of(send(client, page(halden), NOON))

    make.publish(instant(LATER))
    part = send(client, page(halden), LATER, region="features", **{"X-Shown-At": SHOWN})
    assert "300 endpoints" in text_of(part)
    assert "310 endpoints" in text_of(send(client, page(halden), LATER))


def test_the_offer_keeps_how_the_reader_has_set_the_page(halden: Story) -> None:
    make.publish(instant(LATER))
    here = {"HX-Current-URL": f"http://testserver{page(halden, '?range=6m&sort=name')}"}
    elsewhere = {"HX-Current-URL": "http://testserver/c/other/forecast/"}

    assert (
        f'href="{page(halden, "?range=6m&amp;sort=name")}"' in poll(halden, **here).content.decode()
    )
    assert f'href="{page(halden)}"' in poll(halden, **elsewhere).content.decode()


@pytest.mark.parametrize(
    "query", ["", "?since=", "?since=yesterday", "?since=2026-13-01T00:00:00Z"]
)
def test_a_question_without_an_instant_has_no_answer(halden: Story, query: str) -> None:
    make.publish(instant(LATER))

    assert poll(halden, query).status_code == 204


def test_before_the_first_publication_there_is_nothing_to_offer(halden: Story) -> None:
    assert poll(halden).status_code == 204


def test_the_page_asks_once_a_minute(halden: Story) -> None:
    make.publish(instant(NOON))

    html = send(logged_in(halden.admin), page(halden), NOON).content.decode()

    assert f'data-polls hx-get="{page(halden, "freshness/")}?since={SHOWN}"' in html
    assert 'hx-trigger="every 60s"' in html


def test_live_figures_ask_for_nothing(halden: Story) -> None:
    html = send(logged_in(halden.admin), page(halden), NOON).content.decode()

    assert "data-polls" not in html


def test_a_stranger_learns_nothing_and_a_visitor_logs_in(halden: Story) -> None:
    make.publish(instant(LATER))
    path = page(halden, f"freshness/?since={SHOWN}")

    assert send(logged_in(make.make_user()), path, LATER).status_code == 404
    assert send(Client(), path, LATER).status_code == 302


def test_asking_reads_only_who_asks_and_the_newest_boundary(halden: Story) -> None:
    make.publish(instant(LATER))
    client = logged_in(halden.admin)
    path = page(halden, "freshness/?since=2026-11-24T10:00:00Z")

    with CaptureQueriesContext(connection) as captured:
        assert send(client, path, LATER).status_code == 204

    read = [q["sql"] for q in captured.captured_queries]
    read = [sql for sql in read if not sql.startswith(("SAVEPOINT", "RELEASE SAVEPOINT"))]
    assert len([sql for sql in read if "boundary" in sql]) == 1
    assert not [sql for sql in read if "ledger" in sql or "level" in sql or "operation" in sql]
    assert not [sql for sql in read if sql.startswith(("UPDATE", "INSERT"))]
    assert len(read) <= 6


def test_the_readers_own_time_stands_beside_utc(halden: Story) -> None:
    make.publish(instant(NOON))
    halden.admin.time_zone = "Europe/Berlin"
    halden.admin.save()

    text = text_of(send(logged_in(halden.admin), page(halden), NOON))

    assert "Data through 09:00 UTC (10:00 your time), next update 12:00 UTC" in text.replace(
        "as of ", "", 1
    )

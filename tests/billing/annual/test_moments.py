"""The "as of" menu: which hour is shown, and the way to other ones."""

from __future__ import annotations

from billing.web.annual_moments import moments
from tests.billing.reading import links_of, logged_in, read, send, text_of
from tests.billing.story import NOON, Story, instant


def url(story: Story) -> str:
    return f"/c/{story.customer.slug}/annual-credits/"


def machine(story: Story, query: str) -> str:
    return f"/c/{story.customer.slug}/time-machine/{query}"


def test_the_menu_names_the_hour_and_leads_to_others(halden: Story) -> None:
    page = read(halden.admin, url(halden), NOON)
    links = links_of(page)

    assert "As of 09:00 UTC" in text_of(page)
    for at in ("2026-11-23T09:00", "2026-11-17T09:00", "2026-10-31T23:59"):
        assert machine(halden, f"?at={at}") in links
        assert machine(halden, f"?at={at}&known={at}") in links
    assert f"/c/{halden.customer.slug}/allocate/" in links
    assert machine(halden, "") in links


def test_each_of_them_answers(halden: Story) -> None:
    shown = instant("2026-11-24T09:00")
    for moment in moments(halden.customer, shown):
        for link in (moment.url, moment.known_url):
            assert read(halden.admin, link, NOON).status_code == 200


def test_the_end_of_a_month_is_its_last_minute_also_on_the_first(halden: Story) -> None:
    ends = [
        moments(halden.customer, instant(day))[-1].at
        for day in ("2026-03-01T00:00", "2026-02-28T23:00")
    ]

    assert ends == [instant("2026-02-28T23:59"), instant("2026-01-31T23:59")]


def test_live_and_empty_books_have_no_hour_to_choose(halden: Story) -> None:
    unpublished = text_of(send(logged_in(halden.admin), url(halden), NOON))

    assert "As of" not in unpublished
    assert "Live figures" in unpublished

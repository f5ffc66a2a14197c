"""The page of the time machine: its two questions, their answers, and what they cost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest

from tests.billing.annual.test_queries import filled
from tests.billing.reading import links_of, read, statements_of, text_of
from tests.billing.story import NOON, Story, found_story

LIMIT = 9


def url(story: Story, query: str = "") -> str:
    return f"/c/{story.customer.slug}/time-machine/{query}"


def page(story: Story, query: str = "", **options: Any) -> Any:
    return read(story.admin, url(story, query), NOON, **options)


def test_asked_nothing_it_shows_the_present(halden: Story) -> None:
    text = text_of(page(halden))

    assert "Now 24 Nov 2026, 11:20 UTC, with all that is known." in text
    assert "Balance 12,890 credits free Total valid 52,000 Allocated 39,110" in text
    assert "Essentials package 20,150" in text


def test_both_clocks_are_asked_by_their_minutes(halden: Story) -> None:
    text = text_of(page(halden, "?at=2027-04-01T00:00&known=2026-11-24T09:41"))

    assert "At 1 Apr 2027, 00:00 UTC As known at 24 Nov 2026, 09:41 UTC." in text
    assert "Balance −2,100 credits short Total valid 37,000 Allocated 39,100" in text
    assert "L-201 " not in text


def test_one_clock_alone_leaves_the_other_at_now(halden: Story) -> None:
    text = text_of(page(halden, "?known=2026-11-24T09:00"))

    assert "At 24 Nov 2026, 11:20 UTC As known at 24 Nov 2026, 09:00 UTC." in text
    assert "Balance 13,550" in text


def test_what_the_page_showed_is_the_newest_update_by_then(halden: Story) -> None:
    text = text_of(page(halden, "?shown=2026-11-24T11:20"))

    assert (
        "At 24 Nov 2026, 11:20 UTC, Annual credits showed the figures through "
        "24 Nov 2026, 09:00 UTC"
    ) in text
    assert "Balance 13,550 credits free Total valid 52,000 Allocated 38,450" in text


def test_before_the_first_update_it_says_that_nothing_had_been_published(halden: Story) -> None:
    text = text_of(page(halden, "?shown=2026-11-24T11:19"))

    assert "At 24 Nov 2026, 11:19 UTC, nothing had been published" in text
    assert "No update was published by then, for any customer." in text
    assert "not yet published" in text


def test_every_figure_leads_to_its_rows_at_both_clocks(halden: Story) -> None:
    answer = page(halden, "?at=2026-10-01T00:00&known=2026-11-24T09:00")
    explained = [link for link in links_of(answer) if "/explain/?" in link]

    assert len(explained) > 6
    for link in explained:
        assert "at=2026-10-01T00:00Z&known=2026-11-24T09:00Z" in link
        assert read(halden.admin, link, NOON).status_code == 200


def test_an_explanation_leads_to_the_same_clocks(halden: Story) -> None:
    explain = (
        f"/c/{halden.customer.slug}/explain/"
        "?side=balance&at=2026-10-01T00:00Z&known=2026-11-24T09:00Z"
    )
    [link] = [one for one in links_of(read(halden.admin, explain, NOON)) if "time-machine" in one]

    assert link == url(halden, "?at=2026-10-01T00:00&known=2026-11-24T09:00")


def test_a_question_swaps_the_machine_alone(halden: Story) -> None:
    answer = page(halden, "?known=2026-11-24T09:00", region="machine")
    html = answer.content.decode()

    assert 'id="machine"' in html
    assert "<html" not in html
    assert "13,550" in answer["HX-Trigger"]


@pytest.mark.parametrize("name", ["at", "known", "shown"])
@pytest.mark.parametrize(
    "typed",
    [
        "0000-01-01T00:00",
        "0001-01-01T00:00",
        "10000-01-01T00:00",
        "2026-02-30T00:00",
        "2026-01-01T24:01",
        "2026-01-01T00:00:30",
        "2026-01-01T00:00+02:00",
        "yesterday",
        "\x07",
        "9" * 500,
    ],
)
def test_what_is_no_minute_is_answered_at_the_field(halden: Story, name: str, typed: str) -> None:
    answer = page(halden, f"?{name}={quote(typed)}")
    html = answer.content.decode()

    assert answer.status_code == 422
    assert "(UTC) must be a minute from 2000 to 2199" in text_of(answer)
    assert f'type="text" name="{name}"' in html
    assert "\x07" not in html
    assert "Valid by license" not in html


@pytest.mark.parametrize("name", ["known", "shown"])
def test_what_lies_ahead_is_known_to_nobody(halden: Story, name: str) -> None:
    answer = page(halden, f"?{name}=2026-11-24T11:21")

    assert answer.status_code == 422
    assert "must be a minute that has passed, up to 24 Nov 2026, 11:20." in text_of(answer)


def test_empty_books_have_zeros_and_say_why(story: Story) -> None:
    text = text_of(page(story, "?at=2026-01-01T00:00"))

    assert "Balance 0 credits free" in text
    assert "No license was valid then." in text
    assert "No feature held credits then." in text


def test_long_tables_have_pages(story: Story) -> None:
    answer = page(filled(story, 50), "?feature-page=2")

    assert "26–50 of 50" in text_of(answer)
    assert "1–25 of 50" in text_of(answer)


def costs(story: Story) -> list[int]:
    return [
        len(statements_of(story.admin, url(story, query), NOON))
        for query in ("", "?at=2026-11-01T00:00&known=2026-11-02T00:00", f"?shown={NOON}")
    ]


def test_the_page_costs_the_same_with_few_licenses_and_with_many(story: Story) -> None:
    few = filled(story, 5)
    many = filled(replace(found_story("Many"), numbers=few.numbers), 50)

    assert costs(few) == costs(many)
    assert max(costs(many)) <= LIMIT

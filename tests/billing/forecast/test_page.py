"""The page of the forecast: what it says, what it answers, what it costs."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest

from tests.billing.annual.test_queries import filled
from tests.billing.reading import download, links_of, read, statements_of, text_of
from tests.billing.story import NOON, Story, found_story

LIMIT = 8


def url(story: Story, query: str = "") -> str:
    return f"/c/{story.customer.slug}/forecast/{query}"


def page(story: Story, query: str = "", **options: Any) -> Any:
    return read(story.admin, url(story, query), NOON, **options)


def test_the_page_says_until_when_the_credits_last(halden: Story) -> None:
    text = text_of(page(halden))

    assert "Balance now 12,890 credits free" in text
    assert "First short: −2,110 on 1 Apr 2027, when L-201 ends" in text
    assert "features hold credits on 1 Apr 2027 and would be touched" in text


def test_the_table_tells_each_date_with_its_change_and_the_balance_after_it(
    halden: Story,
) -> None:
    text = text_of(page(halden))

    assert (
        "1 Apr 2027 first short in 128 days L-201 ends, last day 31 Mar 2027 "
        "−15,000 37,000 39,110 −2,110"
    ) in text


def test_every_balance_leads_to_its_rows(halden: Story) -> None:
    explained = [link for link in links_of(page(halden)) if "/explain/?" in link]

    assert len(explained) > 5
    for link in explained:
        assert read(halden.admin, link, NOON).status_code == 200


def test_a_day_is_answered_with_its_figures_and_their_rows(halden: Story) -> None:
    answer = page(halden, "?on=2027-04-01")

    assert "At the end of 1 Apr 2027 UTC, as known now: Balance −2,110 credits short" in text_of(
        answer
    )
    assert "37,000 valid − 39,110 allocated" in text_of(answer)
    own = [link for link in links_of(answer) if "at=2027-04-01T23:59:59.999999Z" in link]
    assert len(own) == 3
    assert "Balance −2,110" in text_of(read(halden.admin, own[0], NOON))


def test_the_last_day_of_a_license_still_counts_it(halden: Story) -> None:
    assert "52,000 valid − 39,110 allocated" in text_of(page(halden, "?on=2027-03-31"))


def test_a_question_swaps_its_own_part_alone(halden: Story) -> None:
    answer = page(halden, "?on=2027-04-01", region="answer")
    html = answer.content.decode()

    assert 'id="answer"' in html
    assert "<html" not in html
    assert "What is known to happen" not in html
    assert "2,110" in answer["HX-Trigger"]


@pytest.mark.parametrize(
    "typed",
    ["0000-01-01", "10000-01-01", "2027-02-30", "soon", "\x07", "2027-04-01\x1b", "9" * 500],
)
def test_what_is_no_day_is_answered_at_the_field(halden: Story, typed: str) -> None:
    answer = page(halden, f"?on={quote(typed)}")

    assert answer.status_code == 422
    assert "Date must be a day that exists, written like 2027-04-01." in text_of(answer)
    assert 'type="text" name="on"' in answer.content.decode()
    assert not {b"\x07", b"\x1b"} & {bytes([byte]) for byte in answer.content}
    assert "Balance now 12,890" in text_of(answer)


def test_a_text_that_no_database_takes_is_refused_with_the_request(halden: Story) -> None:
    assert page(halden, "?on=%00").status_code == 400


@pytest.mark.parametrize("typed", ["2026-11-23", "2200-01-01", "9999-12-31"])
def test_a_day_outside_the_forecast_is_answered_at_the_field(halden: Story, typed: str) -> None:
    answer = page(halden, f"?on={typed}")

    assert answer.status_code == 422
    assert "A forecast is for a day from 24 Nov 2026 to 31 Dec 2199." in text_of(answer)


def test_nothing_typed_asks_nothing(halden: Story) -> None:
    answer = page(halden, "?on=")

    assert answer.status_code == 200
    assert "At the end of" not in text_of(answer)


def test_a_shortage_of_today_is_told_with_its_cause(story: Story) -> None:
    story.buy("2026-01-02T09:00", 9_000, "2026-01-02", "2026-10-31")
    story.allocate("2026-01-05T09:00", "endpoint-essentials", 100, group="endpoint-packages")

    text = text_of(page(story))

    assert "Balance now −6,500 credits short" in text
    assert "Short since 1 Nov 2026: license L-201 with 9,000 ended on 31 Oct 2026." in text
    assert "Nothing that is known ahead ends the shortage." in text
    assert "1 feature holds credits now" in text
    assert "The figures stay as they are" in text


def test_empty_books_say_what_will_be_here(story: Story) -> None:
    answer = page(story)

    assert "Nothing is known ahead" in text_of(answer)
    assert not [link for link in links_of(answer) if link.endswith(".ics") or "_export" in link]


def test_the_file_has_the_lines_of_the_page(halden: Story) -> None:
    file = download(halden.admin, url(halden, "?_export=csv"), NOON)
    rows = list(csv.DictReader(io.StringIO(file)))

    assert rows[0] == {
        "Date (UTC)": "2027-04-01",
        "What happens": "L-201 ends, last day 31 Mar 2027",
        "Change": "-15000",
        "Valid": "37000",
        "Allocated": "39110",
        "Balance after": "-2110",
    }
    assert len(rows) == text_of(page(halden)).count(" last day ")


def costs(story: Story) -> list[int]:
    return [
        len(statements_of(story.admin, url(story, query), NOON, region=region))
        for query, region in [("", ""), ("?on=2027-04-01", ""), ("?on=2027-04-01", "answer")]
    ]


def test_the_page_costs_the_same_with_few_licenses_and_with_many(story: Story) -> None:
    few = filled(story, 5)
    many = filled(replace(found_story("Many"), numbers=few.numbers), 50)

    assert costs(few) == costs(many)
    assert max(costs(many)) <= LIMIT


def test_the_cause_of_a_shortage_costs_one_more(story: Story) -> None:
    story.allocate("2026-01-10T09:00", "xdr-for-cloud", 80)
    story.allocate("2026-07-01T09:00", "xdr-for-cloud", 20)

    assert max(costs(story)) <= LIMIT + 1


def test_contracts_and_reservations_ahead_cost_nothing_more(halden: Story) -> None:
    halden.buy("2026-01-02T09:00", 90_000, "2026-01-02", "2028-12-31")
    before = costs(halden)
    halden.allocate("2026-01-10T09:00", "xdr-for-cloud", 80)
    halden.allocate("2026-07-01T09:00", "xdr-for-cloud", 20)

    assert costs(halden) == before
    assert max(before) <= LIMIT

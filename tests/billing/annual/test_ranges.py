"""The history's ranges: spans and days of one's own, past and ahead, kept in the address."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from billing.domain.annual import Reach
from tests.billing.reading import links_of, read, text_of
from tests.billing.story import NOON, Story, instant


def url(story: Story, query: str = "") -> str:
    return f"/c/{story.customer.slug}/annual-credits/{query}"


def history(story: Story, query: str) -> Any:
    return read(story.admin, url(story, query), NOON, region="history")


def told(story: Story, first: str, last: str) -> list[tuple[str, int, int, str]]:
    reach = Reach.of_days(date.fromisoformat(first), date.fromisoformat(last))
    points = story.page(NOON).course_over(reach).points
    return [(p.at.date().isoformat(), p.figure.valid, p.figure.allocated, p.what) for p in points]


@pytest.mark.parametrize(
    ("span", "starts", "ends"),
    [("1m", "2026-10-24", "2026-12-24"), ("2y", "2024-11-24", "2028-11-24")],
)
def test_the_shortest_and_the_longer_span(halden: Story, span: str, starts: str, ends: str) -> None:
    course = halden.page(NOON).course(span)

    assert course.start == instant(f"{starts}T00:00")
    assert course.end == instant(f"{ends}T00:00")


def test_days_of_the_past_are_told_to_the_end_of_the_last_one(halden: Story) -> None:
    assert told(halden, "2026-04-01", "2026-09-01") == [
        ("2026-04-01", 22_000, 6_250, ""),
        ("2026-05-01", 22_000, 8_750, ""),
        ("2026-09-01", 52_000, 8_750, ""),
    ]


def test_days_ahead_begin_with_what_is_known_for_the_first(halden: Story) -> None:
    assert told(halden, "2027-05-01", "2027-12-31") == [
        ("2027-05-01", 37_000, 38_450, ""),
        ("2027-09-01", 7_000, 38_450, "L-203 ends"),
        ("2028-01-01", 0, 38_450, "L-202 ends"),
    ]


def test_days_around_today_tell_both(halden: Story) -> None:
    found = told(halden, "2026-11-10", "2027-04-01")

    assert [day for day, *_ in found] == ["2026-11-10", "2026-11-19", "2027-04-01"]


def test_one_day_is_a_range(halden: Story) -> None:
    assert told(halden, "2026-09-01", "2026-09-01") == [("2026-09-01", 52_000, 8_750, "")]


def test_an_end_in_the_past_is_marked_and_named(story: Story) -> None:
    story.buy("2025-11-02T09:00", 12_000, "2025-11-02", "2026-10-19")
    story.buy("2026-04-10T09:00", 9_000, "2026-04-10", "2027-04-09")

    points = story.page(NOON).course("1y").points
    chart = history(story, "").content.decode()

    assert [(p.what, p.ending) for p in points if p.ending and not p.is_ahead] == [
        ("L-201 ended", ("L-201",))
    ]
    assert "L-201 ended" in chart
    assert 'class="mark past"' in chart


def test_a_license_that_lost_its_credits_otherwise_is_not_said_to_have_ended(
    story: Story,
) -> None:
    license = story.buy("2026-04-10T09:00", 9_000, "2026-04-10", "2027-04-09")
    story.void("2026-06-10T09:00", license)

    points = story.page(NOON).course("1y").points

    assert points[-1].figure.valid == 0
    assert not any(point.what for point in points)


def test_days_of_ones_own_are_asked_for_by_the_address(halden: Story) -> None:
    query = "?range=days&from=2026-04-01&to=2026-09-01&history=table&sort=name"

    page = read(halden.admin, url(halden, query), NOON)
    text = text_of(page)

    assert page.status_code == 200
    assert "1 Apr 2026 to 1 Sep 2026" in text
    assert "1 Sep 2026 52,000 8,750 43,250" in text
    assert url(halden, "?history=table&sort=name&range=6m") in links_of(page)


def test_a_form_asks_for_them_and_keeps_the_rest_of_the_address(halden: Story) -> None:
    html = read(halden.admin, url(halden, "?q=email&history=table"), NOON).content.decode()
    form = html[html.index('class="menu range"') :]
    form = form[: form.index("</form>")]

    assert 'method="get"' in form
    assert 'name="range" value="days"' in form
    assert 'name="q" value="email"' in form
    assert 'name="history" value="table"' in form
    assert 'type="date" name="from" value="2025-11-24"' in form
    assert 'type="date" name="to" value="2027-11-23"' in form


def test_a_part_pushes_the_days_into_the_address(halden: Story) -> None:
    answer = history(halden, "?range=days&from=2026-04-01&to=2026-09-01")

    assert answer["HX-Push-Url"] == url(halden, "?range=days&from=2026-04-01&to=2026-09-01")
    assert "The history shows 1 Apr 2026 to 1 Sep 2026." in answer["HX-Trigger"]


WRONG = [
    ("", "2026-09-01", "From must be a day from 2000 to 2199 that exists"),
    ("2026-02-30", "2026-09-01", "You entered 2026-02-30."),
    ("2026-04-01", "tomorrow", "To must be a day from 2000 to 2199 that exists"),
    ("1999-12-31", "2026-09-01", "You entered 1999-12-31."),
    ("2026-09-02", "2026-09-01", "To must be 2 Sep 2026, the first day, or later."),
    ("2010-01-01", "2026-09-01", "A range has at most 10 years"),
    ("2026-04-01", "<script>", "You entered &lt;script&gt;."),
]


@pytest.mark.parametrize(("first", "last", "said"), WRONG)
def test_days_that_cannot_be_shown_get_a_sentence_at_their_field(
    halden: Story, first: str, last: str, said: str
) -> None:
    page = read(halden.admin, url(halden, f"?range=days&from={first}&to={last}"), NOON)
    html = page.content.decode()

    assert page.status_code == 422
    assert said in html
    assert 'class="menu range" open' in html
    assert html.count("data-focus") == 1
    assert 'aria-current="true" hx-get="' in html
    assert "Balance" in html


def test_wrong_days_leave_the_other_parts_of_the_page_alone(halden: Story) -> None:
    seen = {"HX-Current-URL": f"http://testserver{url(halden, '?range=days&from=x&to=y')}"}

    answer = read(halden.admin, url(halden, "?sort=name"), NOON, region="features", **seen)

    assert answer.status_code == 200


def test_a_long_table_lists_the_newest_and_leads_to_the_earlier_ones(story: Story) -> None:
    story.buy("2025-11-02T09:00", 90_000, "2025-11-02", "2028-11-01")
    first = date(2026, 3, 1)
    for n in range(204):
        story.allocate(f"{first + timedelta(days=n)}T09:00", "email-core", 1 + n)

    answer = history(story, "?history=table&range=1y")
    text = text_of(answer)
    earlier = next(link for link in links_of(answer) if "from=" in link)

    assert "5 earlier changes" in text
    assert " 4 Mar 2026" not in text
    assert " 4 Mar 2026" in text_of(history(story, earlier.partition("/annual-credits/")[2]))

from __future__ import annotations

import csv
import io
import re

import pytest

from credits.models import Role, User
from tests.billing.reading import download, links_of, read, text_of
from tests.billing.story import NOON, Story
from tests.factories import credits as make

LATER = "2026-11-24T13:00"


def url(story: Story, query: str = "") -> str:
    return f"/c/{story.customer.slug}/annual-credits/{query}"


@pytest.fixture
def viewer(story: Story) -> User:
    user = make.make_user()
    story.at(NOON, lambda: make.make_member(story.customer, user, Role.VIEWER))
    return user


def test_the_headline_answers_how_much_and_until_when(halden: Story) -> None:
    text = text_of(read(halden.admin, url(halden), NOON))

    assert "Balance 13,550 credits free" in text
    assert "First short: −1,450 on 1 Apr 2027, when L-201 ends" in text
    assert "Total valid 52,000 3 licenses; next ends 31 Mar 2027, 128 days left" in text
    assert "Allocated 38,450 6 features in 5 solutions; 73.9 % of valid" in text


def test_what_is_not_shown_yet_stands_beside_it(halden: Story) -> None:
    text = text_of(read(halden.admin, url(halden), NOON))

    assert "2 changes, −660." in text
    assert "Essentials package +10 endpoints at 09:41 UTC (−650), shown from 12:00 UTC" in text
    assert "With them the balance is 12,890 and the first shortfall −2,110 on 1 Apr 2027" in text


def test_every_figure_leads_to_its_rows_at_the_boundary(halden: Story) -> None:
    explained = [
        link for link in links_of(read(halden.admin, url(halden), NOON)) if "/explain/" in link
    ]

    assert len(explained) > 15
    live = [link for link in explained if re.search("(through|known)=2026-11-24T11:20Z", link)]
    assert len(live) == 2
    for link in explained:
        if link in live:
            continue
        ahead = "at=2027-04-01T00:00Z&known=2026-11-24T09:00Z"
        assert link.endswith("through=2026-11-24T09:00Z") or ahead in link or "_export" in link
    for link in explained:
        assert read(halden.admin, link, NOON).status_code == 200


def test_a_shortage_is_told_in_words_with_what_helps(story: Story) -> None:
    story.buy("2025-11-02T09:00", 12_000, "2025-11-02", "2026-10-19")
    story.buy("2026-04-10T09:00", 9_000, "2026-04-10", "2027-04-09")
    story.allocate("2026-04-12T09:00", "email-core", 600)

    answer = read(story.admin, url(story), NOON)
    text = text_of(answer)

    assert "Balance −6,000 credits short" in text
    assert "Short since 20 Oct 2026: license L-201 with 12,000 ended on 19 Oct 2026." in text
    helps = "Estimate what to buy · Request credits · Release credits · Move credits"
    assert f"What helps: {helps}" in text
    assert "−6,000 short" in answer.content.decode()


def test_sales_is_offered_the_purchase_that_fills_the_gap(story: Story) -> None:
    story.allocate("2026-04-12T09:00", "email-core", 600)
    manager = make.make_staff(make.make_user(), "sales manager")

    links = links_of(read(manager, url(story), NOON))

    assert f"/c/{story.customer.slug}/purchases/new/?credits=15000" in links


def test_empty_books_say_what_will_be_here_and_the_one_thing_to_do(
    story: Story, viewer: User
) -> None:
    answer = read(story.admin, url(story), NOON)

    assert "No credits yet" in text_of(answer)
    assert f"/c/{story.customer.slug}/estimates/new/" in links_of(answer)
    assert f"/c/{story.customer.slug}/estimates/new/" not in links_of(
        read(viewer, url(story), NOON)
    )


def test_live_figures_say_that_they_are_not_published(story: Story) -> None:
    story.buy("2026-11-24T09:40", 5_000, "2026-11-24", "2027-11-23")

    text = text_of(read(story.admin, url(story), NOON))

    assert "Not yet published" in text
    assert "The first published ones appear at 12:00 UTC." in text
    assert "Balance 5,000 credits free" in text


def test_a_viewer_is_offered_no_allocation(halden: Story, viewer: User) -> None:
    assert "Allocate credits" in text_of(read(halden.admin, url(halden), NOON))
    assert "Allocate credits" not in text_of(read(viewer, url(halden), NOON))


def test_the_frame_says_how_old_the_figures_are(halden: Story) -> None:
    text = text_of(read(halden.admin, url(halden), NOON))

    assert "09:00 UTC, next update 12:00 UTC" in text


def test_a_part_of_the_page_comes_alone(halden: Story) -> None:
    for region in ("features", "history", "purchases"):
        answer = read(halden.admin, url(halden), NOON, region=region)
        html = answer.content.decode()

        assert f'id="{region}"' in html
        assert "<h1" not in html
        assert "HX-Request" in answer["Vary"]


def test_a_part_keeps_the_boundary_of_its_page(halden: Story) -> None:
    seen = {"X-Shown-At": "2026-11-24T09:00:00Z"}

    kept = read(halden.admin, url(halden), LATER, region="features", **seen)
    fresh = read(halden.admin, url(halden), LATER)

    assert "300 endpoints" in text_of(kept)
    assert "through=2026-11-24T09:00Z" in kept.content.decode()
    assert "310 endpoints" in text_of(fresh)


def test_a_part_of_an_old_page_loads_the_whole_page_again(halden: Story) -> None:
    for seen in ("2026-11-22T09:00:00Z", "yesterday", "2026-13-01T00:00:00Z"):
        headers = {"X-Shown-At": seen}
        answer = read(halden.admin, url(halden, "?sort=name"), NOON, region="features", **headers)

        assert answer.status_code == 204
        assert answer["HX-Redirect"] == url(halden, "?sort=name")


def test_a_part_leaves_what_the_address_says_of_the_others(halden: Story) -> None:
    seen = {"HX-Current-URL": f"http://testserver{url(halden, '?range=6m&sort=name')}"}

    answer = read(halden.admin, url(halden, "?sort=-rate&model="), NOON, region="features", **seen)

    assert answer["HX-Push-Url"] == url(halden, "?range=6m&sort=-rate")


def test_features_are_narrowed_by_the_address(halden: Story) -> None:
    def names(query: str) -> str:
        return text_of(read(halden.admin, url(halden, query), NOON, region="features"))

    assert "Private Access" in names("")
    assert "Internet Access" not in names("")
    assert "Internet Access" in names("?use=all&per_page=50")
    assert "Private Access" not in names("?q=email+core")
    assert "Core package" in names("?q=email+core")
    assert "Email Sensor" not in names("?solution=cloud-risk-management")
    assert "Cloud accounts" in names("?model=tiered")
    assert "Sum 38,450" in names("")
    assert "Sum 6,450" in names("?solution=email-collaboration-security")


UNMEANT = (
    "?solution=nothing&model=nothing&use=nothing",
    "?sort=evil&page=-1&per_page=7",
    "?page=99999999999999999999",
    "?range=9y&history=nothing",
    "?q=%3Cscript%3Ealert(1)%3C/script%3E",
    "?q=" + "a" * 500,
    "?bought-sort=evil&bought-page=x",
)


def test_what_an_address_cannot_mean_is_left_out(halden: Story) -> None:
    for query in UNMEANT:
        answer = read(halden.admin, url(halden, query), NOON)

        assert answer.status_code == 200, query
        assert "<script>alert" not in answer.content.decode()


def test_features_sort_by_each_column_both_ways(halden: Story) -> None:
    def order(sort: str) -> list[str]:
        answer = read(halden.admin, url(halden, f"?use=all&sort={sort}"), NOON)
        table = answer.context["page"].table
        return [row.record.line.feature.key for row in table.rows]

    for by in ("name", "solution", "model", "units", "rate", "credits", "since"):
        assert order(by) != order(f"-{by}"), by


def test_history_is_a_chart_or_a_table_over_a_range(halden: Story) -> None:
    chart = read(halden.admin, url(halden), NOON, region="history").content.decode()
    table = text_of(
        read(halden.admin, url(halden, "?history=table&range=6m"), NOON, region="history")
    )

    assert "L-201 ends, −1,450" in chart.replace("\n", " ") or "L-201 ends" in chart
    assert "1 Apr 2027 L-201 ends 37,000 38,450 −1,450 short" in table
    assert "1 May 2026" not in table


def test_the_export_is_the_filtered_list(halden: Story) -> None:
    query = "?solution=email-collaboration-security&_export=csv&_table=features&_columns=all"

    file = download(halden.admin, url(halden, query), NOON)
    rows = list(csv.DictReader(io.StringIO(file)))

    assert [(row["Key"], row["Units"], row["Rate"], row["Credits"]) for row in rows] == [
        ("email-core", "250", "25", "6250"),
        ("email-sensor", "40", "5", "200"),
        ("", "", "", "6450"),
    ]


def test_a_stranger_finds_nothing(halden: Story, carol: User) -> None:
    assert read(carol, url(halden), NOON).status_code == 404
    assert read(carol, url(halden, "?_export=csv"), NOON).status_code == 404

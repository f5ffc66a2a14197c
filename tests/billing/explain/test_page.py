from __future__ import annotations

import csv
import io
import uuid

from credits.models import Customer, Operation, User
from tests.billing.reading import download, links_of, read, text_of
from tests.billing.story import NOON, Story, found_story


def url(story: Story, query: str = "", file: str = "") -> str:
    return f"/c/{story.customer.slug}/explain/{file}{query}"


def test_a_figure_is_explained_on_its_own_page(halden: Story) -> None:
    text = text_of(read(halden.admin, url(halden), NOON))

    assert "Balance 13,550 At 24 Nov 2026, 09:00 UTC, as known then." in text
    assert "Valid 52,000 L-203 1 row 30,000" in text
    assert "Balance = 52,000 valid − 38,450 allocated 13,550" in text


def test_the_drawer_has_the_same_rows(halden: Story) -> None:
    query = "?side=allocated&feature=endpoint-essentials"

    drawer = read(halden.admin, url(halden, query), NOON, region="drawer")
    text = text_of(drawer)

    assert "<h1" not in drawer.content.decode()
    assert 'role="dialog"' in drawer.content.decode()
    assert "Essentials package: 19,500 allocated" in text
    assert "2 Sep 2026 300 endpoints × 65 Allocated · Maria Keller" in text
    assert "Sum of all rows 19,500" in text


def test_each_row_leads_to_its_operation(halden: Story) -> None:
    links = links_of(read(halden.admin, url(halden, "?feature=email-core"), NOON))
    operation = Operation.objects.filter(kind="allocate", customer=halden.customer).earliest("pk")

    assert f"/c/{halden.customer.slug}/activity/{operation.public_id}/" in links


def test_two_clocks_are_named(halden: Story) -> None:
    query = "?side=balance&at=2027-04-01T00:00:00Z&known=2026-11-24T09:00:00Z"

    text = text_of(read(halden.admin, url(halden, query), NOON))

    assert "Balance −1,450 short" in text
    assert "At 1 Apr 2027, 00:00 UTC, as known at 24 Nov 2026, 09:00 UTC." in text
    assert "1 license that nets to zero, 2 rows 0" in text


UNREADABLE = (
    "?at=yesterday",
    "?at=2026-02-30T00:00:00Z",
    "?at=2026-11-24T09:00:00",
    "?known=0001-01-01T00:00:00%2B23:59",
    "?known=9999-12-31T23:59:59-12:00",
    "?side=both",
    "?license=L-204",
    "?side=valid&feature=email-core",
    "?feature=email-core&solution=email-collaboration-security",
    "?feature=" + "x" * 90,
)
ABSENT = ("?feature=nothing", "?solution=nothing", f"?license={uuid.uuid4()}", "?feature=%C3%A9")


def test_an_address_that_names_no_figure_gets_a_sentence(story: Story) -> None:
    for query in UNREADABLE:
        answer = read(story.admin, url(story, query), NOON)

        assert answer.status_code == 404, query
        assert "The address does not say which figure to explain" in text_of(answer), query
        assert read(story.admin, url(story, f"{query}&_export=csv"), NOON).status_code == 404, query


def test_what_does_not_exist_is_not_found(story: Story) -> None:
    for query in ABSENT:
        assert read(story.admin, url(story, query), NOON).status_code == 404, query


def test_another_customers_license_is_not_found(halden: Story) -> None:
    other = found_story("Borealis Freight")
    license = other.buy("2026-01-02T09:00", 9_000, "2026-01-02", "2027-03-31")

    own = read(other.admin, url(other, f"?license={license.public_id}"), NOON)
    foreign = read(halden.admin, url(halden, f"?license={license.public_id}"), NOON)

    assert own.status_code == 200
    assert foreign.status_code == 404


def test_a_stranger_finds_nothing(halden: Story, carol: User, other_customer: Customer) -> None:
    assert read(carol, url(halden), NOON).status_code == 404
    assert read(carol, url(halden, "?side=balance&_export=csv"), NOON).status_code == 404


def test_what_holds_nothing_has_no_rows(story: Story) -> None:
    text = text_of(read(story.admin, url(story, "?feature=email-core"), NOON))

    assert "Core package: 0 allocated" in text
    assert "There are no rows, so the figure is 0." in text


def test_the_file_has_every_row_and_no_formula(story: Story) -> None:
    story.buy("2025-12-02T09:00", 900_000, "2025-12-02", "2027-03-31", "=cmd|' /C calc'!A0")
    for number in range(1, 61):
        story.allocate(f"2026-01-01T09:{number - 1:02}", "email-sensor", 61 - number)

    file = download(story.admin, url(story, "?side=balance&_export=csv"), NOON)
    rows = list(csv.DictReader(io.StringIO(file)))

    assert len(rows) == 61 + 1
    assert rows[0]["Order number"] == "'=cmd|' /C calc'!A0"
    assert rows[1]["Fact"] == "60 users × 5"
    assert (rows[2]["Credits"], rows[2]["Adds to the figure"]) == ("-5", "5")
    assert rows[2]["Recorded"] == "2026-01-01T09:01:00Z"
    assert sum(int(row["Adds to the figure"]) for row in rows[:-1]) == 899_995
    assert rows[-1]["Adds to the figure"] == "899995"

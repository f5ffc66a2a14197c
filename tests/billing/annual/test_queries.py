"""What the pages cost: the same few statements, however much there is to show."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from credits.domain.allocations import Allocate
from credits.domain.catalogue import load_catalogue
from tests.billing.reading import statements_of
from tests.billing.story import NOON, Story, found_story
from tests.cast import CATALOGUE

LIMIT = 12
LATE = "2026-11-24T09:30"


def filled(story: Story, many: int) -> Story:
    """So many licenses, purchases and features that hold credits, and one change not shown."""
    lines = [
        f"sandbox-analysis,Sandbox Analysis,f{n},F{n},f{n},Feature {n},seat,seats,per_unit,"
        f"1,1,,,,no,,2024-01-01,,no,contract,"
        for n in range(many)
    ]
    load_catalogue(CATALOGUE.read_text(encoding="utf-8") + "\n".join(lines) + "\n")
    for n in range(many):
        story.buy(f"2026-01-02T09:{n:02}", 1_000, "2026-01-02", f"2027-03-{1 + n % 28:02}")
    for n in range(many):
        story.allocate(f"2026-02-02T09:{n:02}", f"f{n}", 10)
    story.allocate(LATE, "f1", 12)
    return story


def queries(story: Story, url: str, region: str = "") -> int:
    return len(statements_of(story.admin, url, NOON, region=region))


def costs(story: Story) -> list[int]:
    """What the page, each of its parts and an explanation take."""
    page = f"/c/{story.customer.slug}/annual-credits/"
    explain = f"/c/{story.customer.slug}/explain/?side=balance"
    return [
        queries(story, f"{page}?per_page=100"),
        queries(story, f"{page}?sort=rate", "features"),
        queries(story, f"{page}?range=3y", "history"),
        queries(story, f"{page}?bought-sort=credits", "purchases"),
        queries(story, explain),
        queries(story, explain, "drawer"),
    ]


def test_the_page_costs_no_more_with_many_than_with_few(story: Story) -> None:
    few = filled(story, 5)
    # Order numbers are unique in a channel, so the second story goes on from the first.
    many = filled(replace(found_story("Many"), numbers=few.numbers), 50)

    *parts, page, drawer = costs(few)
    assert costs(many)[:4] == parts
    # An explanation of many tells their sums alone.
    assert max(costs(many)[4:]) <= min(page, drawer)
    assert max(costs(few) + costs(many)) <= LIMIT - 1


def test_a_shortage_with_a_release_not_shown_yet_stays_within_the_limit(story: Story) -> None:
    story.allocate("2026-02-02T09:00", "email-core", 100)
    story.post(
        LATE,
        Allocate,
        group="email-core",
        quantities={"email-core": Decimal(90)},
    )

    assert queries(story, f"/c/{story.customer.slug}/annual-credits/") <= LIMIT


def test_a_page_of_empty_books_costs_little(story: Story) -> None:
    assert queries(story, f"/c/{story.customer.slug}/annual-credits/") <= 7

"""Annual credits in every state: empty, short, huge, long names, large figures, on paper."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings

from billing.tables.features import FeatureTable
from credits.domain.catalogue import load_catalogue
from tests.billing.reading import links_of, read, text_of
from tests.billing.story import NOON, Story
from tests.cast import CATALOGUE

LONG = "Extended detection and response for distributed industrial sites of every size and kind"
MOST = 999_999_999


def url(story: Story, query: str = "") -> str:
    return f"/c/{story.customer.slug}/annual-credits/{query}"


def more_solutions(*names: str) -> None:
    """Catalogue solutions beyond the first eight, each with one feature at one credit a seat."""
    lines = [
        f"more-{n},{name},more-{n},M{n},more-{n},{name} feature,seat,seats,per_unit,"
        f"1,1,,,,no,,2024-01-01,,no,contract,"
        for n, name in enumerate(names)
    ]
    load_catalogue(CATALOGUE.read_text(encoding="utf-8") + "\n".join(lines) + "\n")


def test_the_smallest_of_many_solutions_are_one_slice_and_told_apart(story: Story) -> None:
    names = [f"Extra {letter}" for letter in "ABCDEFGHI"]
    more_solutions(*names)
    story.buy("2026-01-02T09:00", 90_000, "2026-01-02", "2027-03-01")
    story.allocate("2026-02-02T09:00", "email-core", 100)
    for n in range(len(names)):
        story.allocate(f"2026-02-02T09:1{n}", f"more-{n}", 900 - 100 * n)

    page = read(story.admin, url(story), NOON)
    text, links = text_of(page), links_of(page)

    assert "Extra G 300" in text
    assert "2 in Other Extra H 200 Extra I 100" in text
    assert "Other 300 4.3 %" in text
    assert any("solution=more-7" in link for link in links)
    assert any("solution=more-8" in link for link in links)


def test_names_of_120_characters_and_figures_of_9_digits_are_whole(story: Story) -> None:
    name = (LONG + " " + LONG)[:109].strip()
    more_solutions(name)
    story.buy("2026-01-02T09:00", MOST, "2026-01-02", "2027-03-01")
    story.allocate("2026-02-02T09:00", "more-0", 987_654_321)

    page = read(story.admin, url(story), NOON)
    text = text_of(page)

    assert "Balance 12,345,678 credits free" in text
    assert f"{name} 987,654,321 100.0 %" in text
    assert f"{name} feature" in text
    assert "longer" in page.content.decode()


def test_nothing_allocated_is_said_and_drawn_as_free(story: Story) -> None:
    story.buy("2026-01-02T09:00", 5_000, "2026-01-02", "2027-03-01")

    page = read(story.admin, url(story), NOON)
    text = text_of(page)

    assert "Balance 5,000 credits free" in text
    assert "Nothing is allocated, so no date will be short." in text
    assert "Allocated 0 No feature holds credits" in text
    assert "Nothing is allocated. Credits that are allocated show here by solution." in text
    assert ">free 5,000</text>" in page.content.decode()


def test_what_is_allocated_beyond_what_is_valid_is_hatched_and_named(story: Story) -> None:
    story.buy("2025-11-02T09:00", 12_000, "2025-11-02", "2026-10-19")
    story.buy("2026-04-10T09:00", 9_000, "2026-04-10", "2027-04-09")
    story.allocate("2026-04-12T09:00", "email-core", 600)

    page = read(story.admin, url(story), NOON)
    html = page.content.decode()

    assert 'fill="url(#over-hatch)"' in html
    assert ">9,000 valid</text>" in html
    assert ">−6,000 short</text>" in html
    assert "</span>Email 15,000</li>" in html


def test_of_many_licenses_the_next_to_end_are_drawn_until_all_are_asked_for(
    story: Story,
) -> None:
    for n in range(14):
        story.buy(f"2026-01-02T09:{n:02}", 100, "2026-01-02", f"2027-03-{1 + n:02}")

    page = read(story.admin, url(story, "?range=6m"), NOON)
    everything = url(story, "?range=6m&licenses=all")
    whole = read(story.admin, everything, NOON, region="licenses")

    assert "8 more licenses" in text_of(page)
    assert f"{everything}#licenses" in links_of(page)
    assert page.content.decode().count('class="lane"') == 6
    assert whole.content.decode().count('class="lane"') == 14
    assert "14 licenses listed." in whole["HX-Trigger"]
    assert f"{url(story, '?range=6m')}#licenses" in links_of(whole)
    assert "<h1" not in whole.content.decode()


def test_a_few_licenses_have_nothing_to_fold(halden: Story) -> None:
    assert 'id="licenses-fold"' not in read(halden.admin, url(halden), NOON).content.decode()


def test_the_paper_says_whose_figures_they_are_and_how_old(halden: Story) -> None:
    text = text_of(read(halden.admin, url(halden), NOON))

    assert "Halden Energy · Data through 24 Nov 2026, 09:00 UTC" in text


def test_the_paper_has_no_navigation_and_whole_tables() -> None:
    folder = Path(settings.BASE_DIR) / "static" / "css"
    printed = printed_rules(folder / "annual.css") + printed_rules(folder / "portal.css")

    hidden = " ".join(rule for rule, body in printed if "display: none" in body)
    for part in (".top", ".stripe", ".side", ".bottomnav", ".title .menu", ".tools"):
        assert part in hidden, part
    assert any(".on-paper" in rule and "display: block" in body for rule, body in printed)
    assert any(".scroll.tall" in rule and "max-height: none" in body for rule, body in printed)


def printed_rules(path: Path) -> list[tuple[str, str]]:
    """Selectors and declarations of a style sheet's part for paper."""
    css = path.read_text(encoding="utf-8")
    parts = [part.partition("\n}\n")[0] for part in css.split("@media print {")[1:]]
    return [rule for part in parts for rule in re.findall(r"([^{}]+)\{([^{}]*)\}", part)]


def test_an_ordinary_page_is_light(halden: Story) -> None:
    assert len(read(halden.admin, url(halden), NOON).content) < 60_000


def test_a_license_number_never_breaks_in_a_sentence(halden: Story) -> None:
    html = read(halden.admin, url(halden), NOON).content.decode()

    assert 'when <span class="nb">L-201</span> ends' in html


def test_many_features_come_in_pages() -> None:
    assert FeatureTable.page_size == 10

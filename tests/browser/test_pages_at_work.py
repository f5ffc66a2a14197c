"""What stays where it is while one works: focus, place, chosen columns, what was typed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.portal import Portal, running
from tests.browser.walking import TOO_WIDE, WIDTHS

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

HUGE, ADELE = "corvane-group", "adele.fontane@corvane.example"
TABLES = (
    ("annual-credits/?use=all", "#features"),
    ("licenses/", "#table"),
    ("activity/", "#table"),
    ("forecast/", "#happenings"),
)


@pytest.fixture(scope="module")
def portal(django_db_setup: None, django_db_blocker: Any, browser: Browser) -> Iterator[Portal]:
    with django_db_blocker.unblock(), running(browser) as portal:
        portal.context(ADELE)
        yield portal


@pytest.fixture
def reader(portal: Portal) -> Iterator[Page]:
    """A page of the customer whose tables are long. The content policy refuses nothing on it."""
    page = portal.context(ADELE).new_page()
    yield page
    refused = page.evaluate("() => window.refused")
    page.close()
    assert refused == []


@pytest.mark.parametrize(("path", "region"), TABLES)
def test_a_table_keeps_the_reader_where_he_is(reader: Page, path: str, region: str) -> None:
    reader.goto(f"/c/{HUGE}/{path}")
    used = [
        name
        for name, selector in (
            ("sort", f"{region} th a[hx-get]"),
            ("filter", "main form[hx-get] input[type=search]"),
            ("page", f"{region} nav.pager a[rel=next]"),
        )
        if use(reader, name, selector)
    ]

    assert used


def use(page: Page, how: str, selector: str) -> bool:
    """Sort, filter or turn the page by the keyboard, and look where that leaves one."""
    control = page.locator(selector).first
    if not control.count() or not control.is_visible():
        return False
    control.evaluate("(e) => { e.scrollIntoView({block: 'center'}); e.focus(); }")
    page.evaluate(
        "() => { document.querySelector('#live').textContent = ''; window.swapped = false;"
        " document.addEventListener('htmx:afterSettle', () => (window.swapped = true),"
        " {once: true}); }"
    )
    before = page.evaluate("() => window.scrollY")
    page.keyboard.press("e" if how == "filter" else "Enter")
    page.wait_for_function("() => window.swapped")
    page.wait_for_function("() => document.querySelector('#live').textContent !== ''")
    kept, after = page.evaluate("() => [document.activeElement !== document.body, window.scrollY]")

    assert kept, f"{how}: the focus is lost"
    # Another page of a table begins at its top; anything else leaves the page where it is.
    assert how == "page" or abs(after - before) < 4, f"{how}: from {before} to {after}"
    return True


def test_a_table_tells_on_a_phone_that_it_is_one(reader: Page) -> None:
    reader.set_viewport_size({"width": 390, "height": 900})
    reader.goto(f"/c/{HUGE}/licenses/")

    for name in ("table", "rowgroup", "row", "cell"):
        assert reader.locator(f"#table [role={name}]").count(), name


@pytest.mark.parametrize("columns", ["feature_key.units_words.since", "all"])
def test_columns_that_a_reader_chose_stay_at_every_width(reader: Page, columns: str) -> None:
    every = (
        "feature_key.solution.model.units.units_words.rate.block.credits.share.since"
        if columns == "all"
        else columns
    )
    reader.goto(f"/c/{HUGE}/annual-credits/?columns={every}")
    for width in WIDTHS:
        reader.set_viewport_size({"width": width, "height": 900})
        cells = reader.locator("#features tbody tr").first.locator("td")

        assert [cells.nth(n).is_visible() for n in range(cells.count())] == [True] * (
            every.count(".") + 2
        ), width
        assert reader.evaluate(TOO_WIDE) == [], width


def test_a_wrong_range_is_told_mended_and_gone_back_to(reader: Page) -> None:
    reader.goto(f"/c/{HUGE}/annual-credits/")
    reader.locator("#range-own").click()
    reader.locator("#range-from").fill("2026-12-01")
    reader.locator("#range-to").fill("2026-11-01")
    reader.get_by_role("button", name="Show these days").click()
    expect(reader.locator("#range-to_error")).to_contain_text("You entered 1 Nov 2026.")

    reader.locator("#range-to").fill("2027-01-31")
    reader.get_by_role("button", name="Show these days").click()
    expect(reader.locator("#history .days")).to_have_text("1 Dec 2026 to 31 Jan 2027")
    reader.go_back()

    expect(reader.locator("#range-to_error")).to_contain_text("You entered 1 Nov 2026.")

"""Every page and drawer of the demonstration: usable by all, at any width, light in weight."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import override_settings
from playwright.sync_api import Browser

from config.demonstration.stories import REP, SUPPORT
from tests.browser.large import EMAIL, SLUG, make_large
from tests.browser.portal import Portal, running
from tests.browser.walking import Findings, Walk

# The mark makes the test database; the rows of the module lie outside of its transactions.
pytestmark = [pytest.mark.browser, pytest.mark.django_db]

TOURS = {
    "short": ("tessa.vaughn@borealis.example", "borealis-freight", "/"),
    "in grace": ("hanne.torvik@torvik.example", "torvik-tools", "/"),
    "huge": ("adele.fontane@corvane.example", "corvane-group", "/"),
    "empty": ("noor.haddad@quill.example", "quill-and-ember", "/"),
    "ordinary": ("maria.keller@halden.example", "halden-energy", "/"),
    "locked": ("ruth.sayer@saltmarsh.example", "saltmarsh-press", "/"),
    "sales": (REP, "meridian-clinics", "/", "/c/meridian-clinics/annual-credits/"),
    "large": (EMAIL, SLUG, "/"),
    "support": (SUPPORT, "torvik-tools", "/admin/"),
    "visitor": (
        "",
        "",
        "/estimate/?feature=endpoint-core,endpoint-pro,ztsa-sandbox&q.laptops=300&q.servers=5",
    ),
}
"""Who walks through which customer, and where the walk begins; links lead on from there.

Those whose pages differ most come first: they are examined most closely."""
EXAMINED: Counter[tuple[str, str]] = Counter()
"""What the tours have examined so far, all together."""
FEWEST = {"ordinary": 25, "huge": 20, "empty": 10, "short": 20, "large": 20, "sales": 15}
"""So many pages and drawers are seen at least; on a locked customer's way there is one page."""


@pytest.fixture(scope="module")
def portal(django_db_setup: None, django_db_blocker: Any, browser: Browser) -> Iterator[Portal]:
    visited = override_settings(ANONYMOUS_ESTIMATES=True)
    with visited, django_db_blocker.unblock(), running(browser) as portal:
        make_large()
        # Logged in here: what a test writes is seen by no server.
        for email, *_ in TOURS.values():
            portal.context(email)
        yield portal


@pytest.mark.parametrize("tour", TOURS)
def test_every_page_of_a_tour_is_open_to_all_fits_and_is_light(portal: Portal, tour: str) -> None:
    email, slug, *starts = TOURS[tour]
    found = Findings(examined=EXAMINED)

    Walk(portal, email, slug, found, refusal=403 if tour == "locked" else 0).go(starts)

    faults = found.told()
    assert not faults, faults
    assert found.views >= FEWEST.get(tour, 1)

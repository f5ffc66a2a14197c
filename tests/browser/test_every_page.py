"""Every page and drawer of the demonstration: usable by all, at any width, light in weight."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from config.demonstration.stories import REP, SUPPORT
from tests.browser.large import EMAIL, SLUG, make_large
from tests.browser.portal import Portal, running
from tests.browser.walking import Findings, Walk

# The mark makes the test database; the rows of the module lie outside of its transactions.
pytestmark = [pytest.mark.browser, pytest.mark.django_db]

TOURS = {
    "ordinary": ("maria.keller@halden.example", "halden-energy", "/"),
    "huge": ("adele.fontane@corvane.example", "corvane-group", "/"),
    "empty": ("noor.haddad@quill.example", "quill-and-ember", "/"),
    "short": ("tessa.vaughn@borealis.example", "borealis-freight", "/"),
    "in grace": ("hanne.torvik@torvik.example", "torvik-tools", "/"),
    "locked": ("ruth.sayer@saltmarsh.example", "saltmarsh-press", "/"),
    "sales": (REP, "meridian-clinics", "/", "/c/meridian-clinics/annual-credits/"),
    "large": (EMAIL, SLUG, "/"),
    "support": (SUPPORT, "torvik-tools", "/admin/"),
}
"""Who walks through which customer, and where the walk begins; links lead on from there."""
FEWEST = {"ordinary": 25, "huge": 20, "empty": 10, "short": 20, "large": 20, "sales": 15}
"""So many pages and drawers are seen at least; on a locked customer's way there is one page."""


@pytest.fixture(scope="module")
def portal(django_db_setup: None, django_db_blocker: Any, browser: Browser) -> Iterator[Portal]:
    with django_db_blocker.unblock(), running(browser) as portal:
        make_large()
        # Logged in here: what a test writes is seen by no server.
        for email, *_ in TOURS.values():
            portal.context(email)
        yield portal


@pytest.mark.parametrize("tour", TOURS)
def test_every_page_of_a_tour_is_open_to_all_fits_and_is_light(portal: Portal, tour: str) -> None:
    email, slug, *starts = TOURS[tour]
    found = Findings()

    Walk(portal, email, slug, found, refusal=403 if tour == "locked" else 0).go(starts)

    faults = found.told()
    assert not faults, faults
    assert found.views >= FEWEST.get(tour, 1)

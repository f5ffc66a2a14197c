"""How a person works a page: by mouse or by keyboard alone. Presses are counted."""

from __future__ import annotations

import time

from playwright.sync_api import Locator, Page, expect

MOST_TABS = 150
"""Further than this nobody tabs; a page has its skip link and its keys for that."""

HAS_FOCUS = "element => element === document.activeElement"


class Hands:
    """One person at one page. `presses` counts what was clicked, or entered by keyboard."""

    def __init__(self, page: Page, *, keys: bool = False) -> None:
        self.page = page
        self.keys = keys
        self.presses = 0
        self.started = time.monotonic()

    @property
    def seconds(self) -> float:
        """Since the hands were put on the page."""
        return time.monotonic() - self.started

    def press(self, target: Locator) -> None:
        """Follow a link or push a button."""
        self.presses += 1
        if not self.keys:
            target.click()
            return
        self.reach(target)
        self.page.keyboard.press("Enter")

    def pick(self, target: Locator, arrow: str) -> None:
        """Choose a radio button; by keyboard an arrow leads to it from the one chosen."""
        self.presses += 1
        if not self.keys:
            target.check()
            return
        name = target.get_attribute("name")
        group = self.page.locator(f"input[type=radio][name='{name}']")
        self.reach(group.locator("visible=true").and_(self.page.locator(":checked")).first)
        self.page.keyboard.press(arrow)
        expect(target).to_be_checked()

    def choose(self, target: Locator) -> None:
        """Check a box or a radio button."""
        self.presses += 1
        if not self.keys:
            target.check()
            return
        self.reach(target)
        self.page.keyboard.press("Space")
        expect(target).to_be_checked()

    def select(self, field: Locator, value: str) -> None:
        """Choose of a list: a press like any other."""
        self.presses += 1
        if self.keys:
            self.reach(field)
        field.select_option(value)

    def write(self, field: Locator, text: str) -> None:
        """Replace what a field holds; that costs no press beyond the one that reaches it."""
        if not self.keys:
            field.fill(text)
            return
        self.reach(field)
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)

    def reach(self, target: Locator) -> None:
        """Tab to it, from wherever the focus is."""
        target.wait_for()
        for _ in range(MOST_TABS):
            if target.evaluate(HAS_FOCUS):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{MOST_TABS} tabs do not reach {target}")

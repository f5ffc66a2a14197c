"""One walk through every page in a real browser, which notes whatever is wrong on the way."""

from __future__ import annotations

import gzip
import re
from collections import Counter, defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.contrib.staticfiles import finders
from django.urls import Resolver404, resolve
from playwright.sync_api import ConsoleMessage, Page, Response

from tests.browser.portal import Portal

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDTHS = (1920, 1280, 1024, 768, 500, 390, 320)
NARROW = 320
ADMIN = re.compile(r"admin:\w+_(changelist|change|add|delete|history)$")
"""Such pages of the admin are alike for all models, so that one of each is seen."""
STATIC = "/static/"
STILL = 0.02
EXAMINED = 4
"""Walks in which a page is examined for everybody's use. Further ones, with other data in the same
templates, only see whether all of it fits."""
LOOKS = 3
"""A browser short of time draws a page in pieces. A fault of the page is there at every look."""
HTML_LIMIT, ASSETS_LIMIT, REQUESTS_LIMIT = 60_000, 250_000, 8
DRAWN = "() => new Promise((done) => requestAnimationFrame(() => done()))"

RUN_AXE = """
async ([values, kind]) => {
  const found = await axe.run(document, {
    runOnly: {type: kind, values}, resultTypes: ["violations"], preload: false,
  });
  return found.violations.flatMap((rule) => rule.nodes.map((node) => [
    rule.id, node.target.join(" "), node.any.concat(node.all, node.none)[0]?.message ?? "",
  ]));
}
"""

TOO_WIDE = """
() => {
  const wide = [], page = document.documentElement;
  const name = (e) => e.tagName.toLowerCase() + (e.id ? `#${e.id}` : "")
    + [...e.classList].map((c) => `.${c}`).join("");
  if (page.scrollWidth > page.clientWidth)
    wide.push(`the page scrolls sideways by ${page.scrollWidth - page.clientWidth} px`);
  const scrolls = (e) => /auto|scroll/.test(getComputedStyle(e).overflowX);
  const texts = "a, button, summary, label, h1, h2, h3, p, td, th, li, .v, .chip, input, select";
  for (const e of document.querySelectorAll(texts)) {
    if (!e.checkVisibility({visibilityProperty: true})) continue;
    const box = e.getBoundingClientRect(), style = getComputedStyle(e);
    if (box.width <= 1 || box.height <= 1 || e.closest(".sr-only, .skip, svg")) continue;
    let inner = e.parentElement;
    while (inner && !scrolls(inner)) inner = inner.parentElement;
    if (!inner && (box.right > page.clientWidth + 1 || box.left < -1))
      wide.push(`${name(e)} leaves the page: ${e.textContent.trim().slice(0, 40)}`);
    // What is typed into a field may always be longer than the field.
    const hidden = /hidden|clip/.test(style.overflowX) && e.tagName !== "INPUT";
    if (hidden && e.scrollWidth > e.clientWidth + 1 && style.textOverflow !== "ellipsis")
      wide.push(`${name(e)} is cut: ${e.textContent.trim().slice(0, 40)}`);
  }
  return [...new Set(wide)].slice(0, 4);
}
"""


@dataclass
class Findings:
    """What was wrong: by proof, what, and the places where it was seen."""

    of: dict[str, dict[str, list[str]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )
    views: int = 0
    examined: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often each route was examined, pages and drawers apart; shared by the walks."""

    def note(self, proof: str, what: str, where: str) -> None:
        places = self.of[proof][what]
        if where not in places:
            places.append(where)

    def told(self) -> str:
        """One line for each fault with the first places it was seen at."""
        return "\n".join(
            f"{proof}: {what}  [{len(places)}: {', '.join(places[:3])}]"
            for proof, faults in sorted(self.of.items())
            for what, places in sorted(faults.items())
        )


class Walk:
    """A person's walk: opens pages, and looks at each in every way."""

    def __init__(
        self, portal: Portal, email: str, slug: str, findings: Findings, refusal: int = 0
    ) -> None:
        """`refusal` is the status that is no complaint: a locked customer's page is a 403."""
        self.slug = slug
        self.refusal = refusal
        self.opened: Counter[tuple[str, str]] = Counter()
        self.findings = findings
        self.who = email.partition("@")[0]
        self.page: Page = portal.context(email).new_page()
        self.answers: list[Response] = []
        self.where = ""
        self.at = ("", "")
        self.is_examined = False
        self.page.on("response", lambda answer: self.answers.append(answer))
        self.page.on("console", self.listen)
        self.page.on("pageerror", lambda error: self.complain(str(error)))
        self.page.on("requestfailed", lambda asked: self.complain(f"failed: {asked.url}"))

    def listen(self, said: ConsoleMessage) -> None:
        if said.type == "error":
            self.complain(said.text)

    def complain(self, text: str) -> None:
        # The accessibility checker tries styles of its own, which the policy refuses.
        is_expected = self.refusal and f"status of {self.refusal}" in text
        if not self.is_examined and not is_expected:
            self.findings.note("complaints", text, self.where)

    def go(self, starts: Iterable[str]) -> None:
        """One page of every route that links lead to, and one drawer of each."""
        queue = deque(starts)
        while queue:
            url = queue.popleft()
            if not self.is_new(url, "page"):
                continue
            self.open(url)
            self.look()
            for drawer in self.links("a[data-drawer]", "href"):
                if self.is_new(drawer, "drawer") and self.open_drawer(drawer):
                    self.look()
                    self.close_drawer()
            queue += self.links("a[href]", "href")
        self.page.close()

    def links(self, selector: str, name: str) -> list[str]:
        """Where the page leads to, without what leads out of the customer."""
        found: list[str] = self.page.locator(selector).evaluate_all(
            "(all, name) => all.map((e) => new URL(e.getAttribute(name), location.href))"
            ".filter((url) => url.origin === location.origin)"
            ".map((url) => url.pathname + url.search)",
            name,
        )
        own = f"/c/{self.slug}/"
        return [url for url in found if not url.startswith("/c/") or url.startswith(own)]

    def is_new(self, url: str, what: str) -> bool:
        """Whether no page of its route was opened before; a file is no page."""
        parts = urlsplit(url)
        try:
            route = ADMIN.sub(r"admin:\1", resolve(parts.path).view_name)
        except Resolver404:
            return False
        if "_export" in parts.query or parts.path.endswith((".csv", ".ics", ".xlsx", ".pdf")):
            return False
        self.opened[route, what] += 1
        self.at = (route, what)
        return self.opened[route, what] == 1

    def open(self, url: str) -> None:
        """The first view of a page: what it weighs, whether it stays still."""
        self.where = f"{self.who} {url}"
        self.answers.clear()
        html = self.page.goto(url, wait_until="load")
        self.page.evaluate(DRAWN)
        # What comes before the page itself is a late answer to the page before.
        began = next(n for n, answer in enumerate(self.answers) if answer == html)
        answers = [one for one in self.answers[began:] if not 300 <= one.status < 400]
        for answer in answers:
            if answer.status >= 400 and answer.status != self.refusal:
                self.complain(f"{answer.status} {urlsplit(answer.url).path}")
        self.weigh(html, answers)
        shifted = self.shifted()
        if shifted > STILL:
            self.findings.note("weight", f"the layout shifts by {shifted:.3f}", self.where)
        for refused in self.page.evaluate("() => window.refused"):
            self.complain(f"refused by the content policy: {refused}")

    def shifted(self) -> float:
        """What moved while the page was drawn; another look where a browser may have been slow."""
        for look in range(LOOKS):
            if look:
                self.page.reload(wait_until="load")
                self.page.evaluate(DRAWN)
            shifted = float(self.page.evaluate("() => window.shifted"))
            if shifted <= STILL:
                break
        return shifted

    def weigh(self, html: Response | None, answers: list[Response]) -> None:
        assert html is not None
        paths = [urlsplit(answer.url).path for answer in answers]
        assets = [path.removeprefix(STATIC) for path in paths if path.startswith(STATIC)]
        size, weight = len(html.body()), sum(packed(asset) for asset in assets)
        if size > HTML_LIMIT:
            fault = f"{urlsplit(html.url).path}: HTML of {size:,} bytes"
            self.findings.note("weight", fault, self.where)
        # The admin's own pages come with the files of the framework.
        is_own = not urlsplit(html.url).path.startswith("/admin/")
        if is_own and len(paths) > REQUESTS_LIMIT:
            self.findings.note("weight", f"{len(paths)} requests: {paths}", self.where)
        if weight > ASSETS_LIMIT:
            self.findings.note("weight", f"assets of {weight:,} bytes", self.where)

    def look(self) -> None:
        """What is on the screen now, in both color schemes and at every width."""
        self.findings.views += 1
        self.page.evaluate(AXE)
        self.findings.examined[self.at] += 1
        if self.findings.examined[self.at] <= EXAMINED:
            self.examine()
        for width in WIDTHS:
            self.page.set_viewport_size({"width": width, "height": 900})
            for what in self.page.evaluate(TOO_WIDE):
                self.findings.note("width", what, f"{self.where} at {width}")
        self.ask_axe(["target-size"], "rule", f"at {NARROW}")
        self.page.set_viewport_size({"width": 1280, "height": 900})

    def examine(self) -> None:
        """Whether everybody can use what is on the screen, in the light and in the dark."""
        self.ask_axe(TAGS, "tag", "")
        # The colors are all that differs in the dark.
        self.page.emulate_media(color_scheme="dark")
        self.page.evaluate("() => document.getAnimations().forEach((one) => one.finish())")
        self.ask_axe(["color-contrast"], "rule", "in the dark")
        self.page.emulate_media(color_scheme="light")

    def ask_axe(self, rules: list[str], kind: str, how: str) -> None:
        self.is_examined = True
        found: Any = self.page.evaluate(RUN_AXE, [rules, kind])
        self.is_examined = False
        for rule, target, message in found:
            self.findings.note("axe", f"{rule}: {target}: {message}", f"{self.where} {how}")

    def open_drawer(self, url: str) -> bool:
        """Open the drawer that a link of this page leads to."""
        link = self.page.locator(f'a[data-drawer][href="{url}"]:visible').first
        if not link.count():
            return False
        self.where = f"{self.who} drawer {url}"
        link.click()
        self.page.locator("#drawer > .drawer").wait_for()
        return True

    def close_drawer(self) -> None:
        self.page.keyboard.press("Escape")
        self.page.locator("#drawer > .drawer").wait_for(state="detached")


@cache
def packed(asset: str) -> int:
    """What a static file weighs as it is sent in production: compressed."""
    found = finders.find(asset)
    assert found, asset
    return len(gzip.compress(Path(found).read_bytes(), 6))

"""Figures and changes that lead to no rows: the few kinds there are, why, and what proves each.

A kind says of which figures it is, and what holds of them: `fault` says what is wrong with one of
it, or nothing. What belongs to no kind, and leads to no rows either, is a fault of the page.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from config.demonstration.stories import SALTMARSH as LOCKED
from tests.demonstration.crawling import Seen
from tests.demonstration.marking import without_signs
from tests.demonstration.shown import Shown, changes_of, figures_of, route_of, rows_in
from tests.pages.markup import Element

ALLOCATE = ("credits:allocation-list", "credits:allocation-edit", "credits:allocation-move")
ESTIMATES = ("estimator:estimate-edit", "estimator:estimate-new")
WRITTEN_DOWN = {
    "billing:purchase-detail",
    "billing:request-detail",
    "credits:activity-detail",
    "estimator:estimate-edit",
    "estimator:estimate-version",
    "estimator:estimate-links",
}
"""Pages of an order, a request, an operation, a saved estimate: they say what somebody wrote."""
LISTS = (
    "billing:request-list",
    "billing:sales-purchases",
    "billing:sales-requests",
    "estimator:estimate-list",
    "estimator:estimate-versions",
    "estimator:sales-estimates",
)
"""Lists of them, each row leading to its page."""
RANGE = re.compile(r"(\d+)–(\d+) of (\d+)")


@dataclass(frozen=True)
class Kind:
    """Figures of one kind: why they need no rows, which they are, and what must hold of each."""

    reason: str
    holds: Callable[[Shown], object]
    fault: Callable[[Shown], str]


def nothing(_figure: Shown) -> str:
    """Nothing beyond what makes it one of its kind."""
    return ""


def row_of(figure: Shown) -> Element:
    """The row or item of a list that it stands in."""
    return figure.around("tr", "li") or figure.holder


def differs(what: str, said: int, found: int) -> str:
    return "" if said == found else f"{what}: {found:,} on the page"


def is_in_effect(figure: Shown) -> bool:
    """Whether it stands beside the figure that is, as what would be."""
    table = figure.around("table")
    return table is not None and "effect" in table.classes and any(explained_in(figure))


def explained_in(figure: Shown) -> Iterator[Shown]:
    return (one for one in figures_of(figure.page, row_of(figure)) if one.is_explained)


def effect_fault(figure: Shown) -> str:
    """What is, and by how much it would change, make what would be."""
    cells = row_of(figure)
    is_, *would = figures_of(figure.page, cells)
    changes = changes_of(figure.page, cells)
    if not is_.is_explained or len(would) != 1:
        return "it does not stand beside one figure that is"
    if figure.around("th") or not changes or changes[0].holder.tag != "td":
        return ""
    return differs("the change", is_.value + changes[0].value, would[0].value)


def drawn_fault(figure: Shown) -> str:
    """A drawing shows what is written beside it."""
    written = {one.text for one in figures_of(figure.page) if not one.around("svg")}
    return "" if figure.text in written else "it stands in the drawing only"


def is_rest(figure: Shown) -> bool:
    words = row_of(figure).text
    return "Other" in words or "more feature" in words


def rest_fault(figure: Shown) -> str:
    """With those that are listed, the rest makes the whole; or its own members do."""
    table = figure.around("table", "ul")
    if table is None:
        return "it stands in no list"
    members = [one for row in table.all(css="members") for one in figures_of(figure.page, row)]
    if members:
        return differs("its members", figure.value, sum(one.value for one in members))
    whole = sum(one.value for one in figures_of(figure.page, table))
    wholes = {one.value for one in figures_of(figure.page) if is_whole(one)}
    return "" if whole in wholes else f"with what is listed it makes {whole:,}, no whole"


def is_whole(figure: Shown) -> bool:
    """Whether all that is allocated, at some instant, is explained by it."""
    return figure.is_explained and "side=allocated" in figure.url


def is_total(figure: Shown) -> object:
    return figure.page.route in ALLOCATE and figure.around(".pager", ".all", ".group")


def total_fault(figure: Shown) -> str:
    """The sum of what is listed; over several pages, that of all that is allocated."""
    table = figure.page.tree
    pager = next(table.all(css="pager"), None)
    shown = RANGE.search(without_signs(pager.text)) if pager else None
    if shown is None:
        return "nothing says how much is listed"
    if not is_whole_range(shown):
        wholes = {one.value for one in figures_of(figure.page) if is_whole(one)}
        return "" if figure.value in wholes or not wholes else "it is not all that is allocated"
    if figure.around(".all"):
        boxes = [box for box in table.all(tag="input") if box.attributes.get("name") == "f"]
        return differs("sum", figure.value, sum(int(b.attributes["data-credits"]) for b in boxes))
    rows = [row for row in rows_in(table) if "group" not in row.classes]
    held = [one for row in rows for one in figures_of(figure.page, row) if one.around(".amount")]
    return differs("sum", figure.value, sum(one.value for one in held))


def arithmetic_fault(figure: Shown) -> str:
    """A group's products add up to what it holds together."""
    block = figure.around(".arith")
    if block is None:
        return ""
    products = [one.value for one in figures_of(figure.page, block)]
    if "Together" in block.text:
        return differs("together", products.pop(), sum(products))
    drawer = figure.around(".drawer")
    held = figures_of(figure.page, drawer) if drawer is not None else []
    features = {one.url: one.value for one in held if "?feature=" in one.url}
    return differs("held", sum(products), sum(features.values())) if features else ""


def estimate_fault(figure: Shown) -> str:
    """The lines and the reserve make the level, the change, and what remains of the balance."""
    tree = figure.page.tree
    lines = next(tree.all(css="lines"), None)
    level = next(tree.all(css="big"), None)
    if level is None:
        return ""
    total = figures_of(figure.page, level)[0].value
    if lines is not None:
        own = [one for body in lines.all(tag="tbody") for one in figures_of(figure.page, body)]
        for reserve in lines.all(css="reserve"):
            own += figures_of(figure.page, reserve)
        own = [one for one in own if one.around(".amount")]
        if fault := differs("the lines", total, sum(one.value for one in own)):
            return fault
    return remaining_fault(figure)


def compare_fault(figure: Shown) -> str:
    """Of estimates side by side the lines make each level, and the sentences each difference."""
    page = figure.page
    for table in page.tree.all(css="differences"):
        (foot,) = table.all(tag="tfoot")
        sums = changes_of(page, foot)
        told = sum(one.value for body in table.all(tag="tbody") for one in changes_of(page, body))
        if fault := differs("the sentences", sums[-1].value if sums else 0, told):
            return fault
    lines = next(page.tree.all(css="by-line"), None)
    if lines is None:
        return ""
    (foot,) = lines.all(tag="tfoot")
    for place, level in enumerate(figures_of(page, foot)):
        cells = [list(row.all(tag="td"))[place] for row in rows_in(lines)]
        found = sum(figures_of(page, cell)[0].value for cell in cells if figures_of(page, cell))
        if fault := differs(f"the lines of column {place}", level.value, found):
            return fault
    return ""


def remaining_fault(figure: Shown) -> str:
    """The balance today, which is explained, with the change makes the remaining balance."""
    table = next(figure.page.tree.all(css="effect"), None)
    if table is None:
        return "no balance stands beside it"
    today, remaining = figures_of(figure.page, table)
    change = sum(one.value for one in changes_of(figure.page, table))
    if not today.is_explained:
        return "the balance today leads nowhere"
    return differs("the remaining balance", today.value + change, remaining.value)


def reality_fault(figure: Shown) -> str:
    """Estimated with what makes the difference is what is held: in each line, and in all."""
    page = figure.page
    parts = next(page.tree.all(css="effect"))
    said = [one for one in figures_of(page, parts) if one.around("td")]
    estimated, held = said[0].value, said[-1]
    if not held.is_explained:
        return "what is held leads nowhere"
    change = sum(one.value for one in changes_of(page, parts))
    if fault := differs("the parts", held.value, estimated + change):
        return fault
    lines = next(t for t in page.tree.all(tag="table") if t.attributes.get("id") == "reality")
    rows = [row for row in rows_in(lines) if figures_of(page, row)]
    for row in rows:
        *before, after = (one.value for one in figures_of(page, row))
        moved = next((one.value for one in changes_of(page, row)), 0)
        if fault := differs("a line", after, sum(before) + moved):
            return fault
    all_held = sum(figures_of(page, row)[-1].value for row in rows)
    return differs("the lines", held.value, all_held)


def links_of(figure: Shown) -> set[str]:
    """The routes that links of its row lead to."""
    found = (link.attributes.get("href", "") for link in row_of(figure).all(tag="a"))
    return {route_of(url) for url in found}


def is_written_down(figure: Shown) -> bool:
    """Whether it stands on the page of what was written down, or its row leads there."""
    own = {figure.page.route, figure.leads_to} & WRITTEN_DOWN
    is_told = "credits:activity-detail" in links_of(figure)
    is_listed = figure.page.route in LISTS or figure.around("#purchases")
    return bool(own or is_told or (is_listed and links_of(figure) & WRITTEN_DOWN))


def is_footed(figure: Shown) -> object:
    is_estimate = figure.page.route in (*ESTIMATES, "estimator:estimate-version")
    return figure.around("tfoot") and not is_estimate


def foot_fault(figure: Shown) -> str:
    """The sum of its column, where all rows stand on one page."""
    table, cell = figure.around("table"), figure.around("td")
    if table is None or cell is None or cell.parent is None or is_paged(figure, table):
        return ""
    place = cells_of(cell.parent).index(cell)
    column = [cells_of(row)[place] for row in rows_in(table)]
    return differs(
        "the column",
        figure.value,
        sum(one.value for held in column for one in figures_of(figure.page, held)),
    )


def cells_of(row: Element) -> list[Element]:
    return [one for one in row.children if isinstance(one, Element) and one.tag in ("td", "th")]


def is_paged(figure: Shown, table: Element) -> bool:
    """Whether further rows of its table stand on other pages."""
    pagers = (figure.around("section", "main", "root") or table).all(css="pager")
    ranges = (RANGE.search(without_signs(pager.text)) for pager in pagers)
    return any(found and not is_whole_range(found) for found in ranges)


def is_whole_range(found: re.Match[str]) -> bool:
    """Whether 1–25 of 25, and not of 40, is listed."""
    first, last, count = map(int, found.groups())
    return last - first + 1 == count


def forecast_fault(figure: Shown) -> str:
    """A change leads from the balance before it to the one after it, in the order of time."""
    page = figure.page
    tables = [t for t in page.tree.all(tag="table") if any(changes_of(page, t))]
    rows = [row for table in tables for row in rows_in(table) if changes_of(page, row)]
    days = [next(row.all(tag="time")).attributes["datetime"] for row in rows]
    if days != sorted(days):
        return ""
    place = next(i for i, row in enumerate(rows) if row is row_of(figure))
    after = balance_of(page, rows[place])
    before = balance_of(page, rows[place - 1]) if place else balance_now(page)
    if after is None:
        return "the balance after it leads nowhere"
    return "" if before is None else differs("the change", figure.value, after - before)


def balance_now(page: Seen) -> int | None:
    """The balance that the forecast begins with; None on a fragment without it."""
    main = next(page.tree.all(css="main"), None)
    return figures_of(page, main)[0].value if main is not None else None


def balance_of(page: Seen, row: Element) -> int | None:
    """The explained balance that a row of the forecast ends with."""
    figures = figures_of(page, row)
    return figures[-1].value if figures and figures[-1].is_explained else None


def pending_fault(figure: Shown) -> str:
    """The changes make what they sum to, and with it the balance shown is the live one."""
    block = figure.around(".pending")
    if block is None:
        return ""
    whole, *parts = [change.value for change in changes_of(figure.page, block)]
    if fault := differs("the changes", whole, sum(parts)):
        return fault
    live = figures_of(figure.page, block)[0]
    main = next(figure.page.tree.all(css="main"), None)
    shown = figures_of(figure.page, main)[:1] if main else []
    if not shown or not live.is_explained:
        return "" if live.is_explained else "the live balance leads nowhere"
    return differs("the live balance", shown[0].value + whole, live.value)


def seat_fault(figure: Shown) -> str:
    """Seats that were converted lead to their license; a code that waits gives none yet."""
    is_code = "Not activated" in row_of(figure).text
    return "" if "billing:license-detail" in links_of(figure) or is_code else "it has no license"


LOCKED_OUT = Kind(
    "who is locked out asks for what is missing; no rows are open until it is renewed",
    lambda figure: figure.page.url.startswith(f"/c/{LOCKED.slug}/requests/"),
    nothing,
)

FIGURES = (
    Kind(
        "what would be stands beside what is, which is explained",
        is_in_effect,
        effect_fault,
    ),
    Kind(
        "a button or a box says how much its act is about",
        lambda figure: figure.around("button", "label", "option") and not figure.around(".all"),
        nothing,
    ),
    Kind(
        "a drawing shows the figures of the table that belongs to it",
        lambda figure: figure.around("svg"),
        drawn_fault,
    ),
    Kind(
        "the rest of a list is what its explained whole leaves",
        is_rest,
        rest_fault,
    ),
    Kind(
        "a list says the sum of its explained figures",
        is_total,
        total_fault,
    ),
    Kind(
        "units times rate are written out: the product explains itself",
        lambda figure: figure.around(".arith"),
        arithmetic_fault,
    ),
    Kind(
        "an estimate is no figure of the books: its lines are its rows",
        lambda figure: figure.page.route in ESTIMATES and not figure.around(".finds"),
        estimate_fault,
    ),
    Kind(
        "estimates side by side are no figures of the books: their lines are their rows",
        lambda figure: figure.page.route == "estimator:estimate-compare",
        compare_fault,
    ),
    Kind(
        "what was estimated and what makes the difference add up to what is held",
        lambda figure: figure.page.route == "estimator:estimate-reality",
        reality_fault,
    ),
    Kind(
        "a list ends with the sum of its figures",
        is_footed,
        foot_fault,
    ),
    Kind(
        "what somebody wrote down is a source of its own: an order, a request, an estimate",
        is_written_down,
        nothing,
    ),
    Kind(
        "a rate and its example are no credits that anybody holds",
        lambda figure: (
            (figure.page.route == "billing:solution-feature" and figure.around(".plain"))
            or (figure.page.route in ESTIMATES and figure.around(".finds"))
        ),
        nothing,
    ),
    LOCKED_OUT,
    Kind(
        "the desk says in its sentence what the newest order was of",
        lambda figure: (
            figure.page.route == "billing:purchase-new"
            and figure.around(".title")
            and not figure.around("table")
        ),
        nothing,
    ),
    Kind(
        "seats and what they were converted to: the row leads to the license, if there is one",
        lambda figure: figure.page.route == "billing:seat-list",
        seat_fault,
    ),
    Kind(
        "the arithmetic of a converted license stands on its own page",
        lambda figure: figure.page.route == "billing:license-detail" and figure.around("section"),
        nothing,
    ),
    Kind(
        "the desk says beside a license that ends what it gives, as its page does",
        lambda figure: figure.page.route == "billing:sales-expiring" and figure.around("td"),
        nothing,
    ),
    Kind(
        "what sales would be asked to enter is nothing that anybody holds",
        lambda figure: figure.page.route == "estimator:estimate-hand-over",
        nothing,
    ),
)

CHANGES = (
    Kind(
        "a change stands with the operation that made it",
        is_written_down,
        nothing,
    ),
    Kind(
        "what an act would change stands between what is and what would be",
        is_in_effect,
        effect_fault,
    ),
    Kind(
        "a change ahead stands between two explained balances",
        lambda figure: figure.page.route == "billing:forecast",
        forecast_fault,
    ),
    Kind(
        "what is not shown yet makes the live balance of the one shown",
        lambda figure: figure.around(".pending"),
        pending_fault,
    ),
    Kind(
        "what was estimated and what makes the difference add up to what is held",
        lambda figure: figure.page.route == "estimator:estimate-reality",
        reality_fault,
    ),
    Kind(
        "an estimate changes nothing yet: its lines are its rows",
        lambda figure: figure.page.route in ESTIMATES,
        estimate_fault,
    ),
    Kind(
        "what makes the difference of two estimates stands beside it, and adds up",
        lambda figure: figure.page.route == "estimator:estimate-compare",
        compare_fault,
    ),
    Kind(
        "how much a customer grew is the sum of what its days changed",
        lambda figure: figure.page.route == "billing:sales-growing" and figure.around("td"),
        nothing,
    ),
    LOCKED_OUT,
)


def fault_of(figure: Shown, kinds: tuple[Kind, ...]) -> tuple[str, str]:
    """Why a figure leads to no rows, and what is wrong with that; nothing where it is right."""
    kind = next((kind for kind in kinds if kind.holds(figure)), None)
    if kind is None:
        return "", "it leads to no rows"
    return kind.reason, kind.fault(figure)

"""Every figure of every customer of the demonstration is the sum of the rows it leads to."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from html import unescape

import pytest
from django.test import Client

from config.demonstration.acts import Story
from config.demonstration.replay import LogIn
from config.demonstration.stories import REP, STORIES, SUPPORT
from config.demonstration.stories import SALTMARSH as LOCKED
from credits.domain.pricing import PRICERS
from credits.domain.verify import verify_books
from credits.models import Customer, Feature, FeatureRate, License, Role, User
from tests.demonstration.reading import (
    Figure,
    check,
    explained,
    explained_pages,
    figures_of,
    file_sums,
    get,
    text_of,
)

HUGE, ADELE = "corvane-group", "adele.fontane@corvane.example"
FREE = "free"
NEXT_PAGE = re.compile(r'href="([^"]*)" rel="next"')

BUSY = [story for story in STORIES if story.acts]
every_customer = pytest.mark.parametrize("story", STORIES, ids=lambda story: story.slug)
every_busy_customer = pytest.mark.parametrize("story", BUSY, ids=lambda story: story.slug)


def readers(story: Story) -> list[str]:
    """Everybody who may read the customer's figures: its own people, its rep, and support."""
    people = [] if story == LOCKED else [email for email, _, _ in story.people]
    return [*people, REP, SUPPORT]


def first_reader(story: Story) -> str:
    """The customer's admin, or the rep of a customer whose own people are locked out."""
    return readers(story)[0]


def client_for(email: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(email=email))
    return client


@cache
def shown_at_boundary(email: str, slug: str, *, further: bool = True) -> list[Figure]:
    """Every figure of Annual credits, over all pages of its features or on the first.

    Read once: nothing changes while the clock is held.
    """
    client, path = client_for(email), f"/c/{slug}/annual-credits/"
    pages = [get(client, path)]
    if further:
        pages.append(get(client, f"{path}?per_page=200"))
        while onward := NEXT_PAGE.search(pages[-1]):
            pages.append(get(client, path + unescape(onward.group(1))))
    return once(figure for page in pages for figure in figures_of(page))


def shown_live(client: Client, slug: str) -> list[Figure]:
    """Every figure of the allocate page, of the licenses, and of the first ones' own pages."""
    licenses = License.objects.filter(customer__slug=slug).values_list("public_id", flat=True)[:5]
    paths = ["allocate/", "licenses/", *(f"licenses/{public_id}/" for public_id in licenses)]
    return once(f for path in paths for f in figures_of(get(client, f"/c/{slug}/{path}")))


def once(figures: Iterator[Figure]) -> list[Figure]:
    return list(dict.fromkeys(figures))


def model_of(figure: Figure) -> str:
    """The allocation model that a feature's figure comes from; nothing for other figures."""
    key = figure.asked.get("feature")
    if key is None:
        return ""
    return FeatureRate.objects.filter(feature__key=key).latest("at").model


def to_follow(figures: list[Figure], slug: str) -> list[Figure]:
    """All of them; of the customer with hundreds of features and licenses one for each model."""
    if slug != HUGE:
        return figures
    kept: dict[str, int] = defaultdict(int)
    followed = []
    for figure in figures:
        subject = model_of(figure) or ("license" if "license" in figure.asked else "")
        kept[subject] += 1
        if not subject or kept[subject] == 1:
            followed.append(figure)
    return followed


@every_busy_customer
def test_every_figure_at_the_boundary_is_the_sum_of_its_rows(
    told: list[LogIn], story: Story
) -> None:
    client = client_for(first_reader(story))
    figures = shown_at_boundary(first_reader(story), story.slug)

    for figure in to_follow(figures, story.slug):
        check(client, figure)

    assert {figure.asked["side"] for figure in figures} == {"balance", "valid", "allocated"}


@every_customer
def test_every_live_figure_is_the_sum_of_its_rows(told: list[LogIn], story: Story) -> None:
    client = client_for(first_reader(story))
    figures = shown_live(client, story.slug)

    for figure in to_follow(figures, story.slug):
        check(client, figure)

    assert {figure.asked["side"] for figure in figures} >= {"valid", "allocated"}


@every_busy_customer
def test_the_figures_of_a_page_add_up(told: list[LogIn], story: Story) -> None:
    figures = shown_at_boundary(first_reader(story), story.slug)
    boundary = figures[0].asked["at"]
    whole = {
        figure.asked["side"]: figure.value
        for figure in figures
        if figure.asked.keys() == {"side", "at", "known"} and figure.asked["at"] == boundary
    }
    features = [figure.value for figure in figures if "feature" in figure.asked]

    assert whole["balance"] == whole["valid"] - whole["allocated"]
    assert sum(features) == whole["allocated"]


def test_each_of_hundreds_of_features_is_explained_over_pages(told: list[LogIn]) -> None:
    client = client_for(ADELE)
    figures = shown_at_boundary(ADELE, HUGE)
    names = dict(Feature.objects.values_list("key", "name"))
    shown = [(names[f.asked["feature"]], f.value) for f in figures if "feature" in f.asked]
    allocated = next(f for f in figures if f.asked["side"] == "allocated")

    pages = explained_pages(client, allocated)
    sums = [group for page in pages for group in page.sums]

    assert len(shown) > 390
    assert sorted((group.name, group.value) for group in sums) == sorted(shown)
    assert {(page.total, page.allocated) for page in pages} == {(allocated.value,) * 2}
    for group in sums[:: len(sums) // 5]:
        check(client, group.figure)
    assert file_sums(client, allocated) == (0, allocated.value)


@every_busy_customer
def test_everybody_reads_the_same_figures_and_rows(told: list[LogIn], story: Story) -> None:
    first = client_for(first_reader(story))
    figures = shown_at_boundary(first_reader(story), story.slug, further=False)
    expected = [explained(first, figure) for figure in figures[:4]]

    for email in readers(story)[1:]:
        client = client_for(email)
        assert shown_at_boundary(email, story.slug, further=False) == figures
        assert [explained(client, figure) for figure in figures[:4]] == expected
        assert file_sums(client, figures[0]) == (expected[0].valid, expected[0].allocated)


def test_the_new_customer_has_no_figure_yet(told: list[LogIn]) -> None:
    client = client_for("noor.haddad@quill.example")

    assert shown_at_boundary("noor.haddad@quill.example", "quill-and-ember") == []
    assert {figure.value for figure in shown_live(client, "quill-and-ember")} == {0}


@every_customer
def test_the_books_of_every_customer_hold(told: list[LogIn], story: Story) -> None:
    assert verify_books(Customer.objects.get(slug=story.slug)) == []


def test_every_model_of_the_catalogue_is_explained(told: list[LogIn]) -> None:
    client = client_for(ADELE)
    figures = to_follow(shown_at_boundary(ADELE, HUGE), HUGE)
    seen = {model_of(figure) for figure in figures if model_of(figure) and figure.value}
    for figure in figures:
        if "feature" in figure.asked:
            check(client, figure)
    catalogue = set(FeatureRate.objects.values_list("model", flat=True))

    # What is free holds nothing, so that its figure has no rows to add up.
    assert seen == catalogue - {FREE} == set(PRICERS) - {FREE}


def test_what_is_free_is_explained_as_nothing(told: list[LogIn]) -> None:
    client = client_for(ADELE)

    page = get(client, f"/c/{HUGE}/explain/?side=allocated&feature=collaboration-sensor")

    assert FeatureRate.objects.get(feature__key="collaboration-sensor").model == FREE
    assert "Collaboration Sensor: 0 allocated" in text_of(page)


def test_a_viewer_is_among_the_readers() -> None:
    roles = {role for story in STORIES for _, _, role in story.people}

    assert roles == {Role.ADMIN, Role.VIEWER}

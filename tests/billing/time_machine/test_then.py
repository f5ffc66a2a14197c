"""Figures at any instant, as known at any instant, and what the page showed."""

from __future__ import annotations

import pytest

from billing.domain.time_machine import present, shown, then
from credits.domain.boundaries import published_by
from credits.domain.figures import figure, level, levels
from credits.models import Boundary, Side
from tests.billing.story import NOON, Story, instant

AFTER = "2026-11-24T12:00"


def close(at: str, closed_at: str) -> Boundary:
    return Boundary.objects.create(at=instant(at), closed_at=instant(closed_at))


@pytest.mark.parametrize("at", ["2026-01-01T00:00", "2026-10-19T23:59", NOON, "2027-04-01T00:00"])
@pytest.mark.parametrize("known", ["2026-04-10T08:59", "2026-09-02T09:00", AFTER])
def test_the_parts_are_the_levels_and_sum_to_the_figure(halden: Story, at: str, known: str) -> None:
    customer, here, then_known = halden.customer, instant(at), instant(known)
    found = then(customer, at=here, known=then_known)

    assert found.figure == figure(customer, at=here, known=then_known)
    assert sum(one.credits for one in found.licenses) == found.figure.valid
    assert sum(one.credits for one in found.features) == found.figure.allocated
    for one in found.licenses:
        assert one.credits == level(customer, at=here, known=then_known, license_id=one.license.pk)
    for held in found.features:
        assert held.credits == level(
            customer, at=here, known=then_known, feature_id=held.feature.pk
        )


def test_what_nets_to_zero_is_no_level(story: Story) -> None:
    story.buy("2026-01-02T09:00", 5_000, "2026-01-02", "2026-03-31")
    story.allocate("2026-01-05T09:00", "email-core", 20)
    story.release("2026-01-06T09:00", "email-core")
    at = instant("2026-04-01T00:00")

    assert levels(story.customer, at=at, known=at) == {}
    before = levels(story.customer, at=instant("2026-03-31T23:59"), known=at)
    assert {side: n for (side, _), n in before.items()} == {Side.VALID: 5_000}


def test_levels_are_the_customers_own(halden: Story, story: Story) -> None:
    at = instant(AFTER)
    own = levels(halden.customer, at=at, known=at)

    assert own
    assert levels(type(halden.customer)(pk=-1), at=at, known=at) == {}


def test_an_extension_counts_from_when_it_was_known(story: Story) -> None:
    license = story.buy("2026-01-02T09:00", 5_000, "2026-01-02", "2027-03-31")
    story.extend("2026-02-02T09:00", license, "2027-07-01T00:00")
    at = instant("2027-05-01T00:00")

    assert then(story.customer, at=at, known=instant("2026-02-02T08:59")).figure.valid == 0
    assert then(story.customer, at=at, known=instant("2026-02-02T09:01")).figure.valid == 5_000


def test_the_boundary_in_force_is_the_newest_closed_by_then(halden: Story) -> None:
    close("2026-11-24T08:00", "2026-11-24T10:00:03")
    close("2026-11-24T09:00", "2026-11-24T11:40")

    found = {
        asked: getattr(published_by(instant(f"2026-11-24T{asked}")), "at", None)
        for asked in ("10:00", "10:00:03", "11:39", "11:40", "23:00")
    }

    assert found == {
        "10:00": None,
        "10:00:03": instant("2026-11-24T08:00"),
        "11:39": instant("2026-11-24T08:00"),
        "11:40": instant("2026-11-24T09:00"),
        "23:00": instant("2026-11-24T09:00"),
    }


def test_the_page_showed_the_figures_at_the_boundary_as_known_at_it(halden: Story) -> None:
    close("2026-11-24T09:00", "2026-11-24T11:00:02")
    found = shown(halden.customer, instant(NOON))
    page = halden.page(NOON)

    assert found.is_published
    assert (found.then.at, found.then.known) == (page.position.at, page.position.known)
    assert found.then.figure == page.position.figure
    assert {one.license.pk: one.credits for one in found.then.licenses} == dict(
        page.position.by_license
    )
    assert {one.feature.pk: one.credits for one in found.then.features} == dict(
        page.position.by_feature
    )


def test_before_the_first_boundary_nothing_had_been_published(halden: Story) -> None:
    close("2026-11-24T09:00", "2026-11-24T11:00:02")
    asked = instant("2026-11-24T11:00")
    found = shown(halden.customer, asked)

    assert found.boundary is None
    assert not found.is_published
    assert found.then.figure == figure(halden.customer, at=asked, known=asked)


def test_before_anything_of_the_customer_was_visible_the_live_figures_stood_there(
    story: Story,
) -> None:
    story.buy("2026-11-24T10:30", 5_000, "2026-11-24", "2027-11-23")
    close("2026-11-24T09:00", "2026-11-24T11:00:02")
    found = shown(story.customer, instant(NOON))

    assert found.boundary is not None
    assert not found.is_published
    assert found.then.figure.valid == story.page(NOON).position.figure.valid == 5_000


def test_now_is_never_before_the_customers_own_last_write(halden: Story) -> None:
    assert present(halden.customer, now=instant("2026-01-01T00:00")) == instant("2026-11-24T10:02")
    assert present(halden.customer, now=instant(NOON)) == instant(NOON)

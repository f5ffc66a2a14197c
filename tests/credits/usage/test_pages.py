"""What pages show of units that a system reports."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client

from credits import clock
from credits.domain.post import post
from credits.domain.usage import ReportUsage
from credits.models import Customer, OverAllocation, User
from tests.credits.domain.acts import DAY, NOON, allocate, held, nothing_written, release
from tests.credits.usage.reports import SANDBOX, report, set_source
from tests.credits.views.pages import HTMX, form, forms, words
from tests.credits.views.test_allocation_counts import counted
from tests.factories import credits as make

HOUR = timedelta(hours=1)
BUNDLE = "ztsa-internet-ai"


@pytest.fixture
def admin(alice: User, licensed: Customer, client_of: Callable[[User], Client]) -> Client:
    """Alice, who may allocate, is logged in."""
    return client_of(alice)


def drawer_url(customer: Customer, group: str = SANDBOX) -> str:
    return f"/c/{customer.slug}/allocate/{group}/"


def sent(client: Client, customer: Customer, group: str = SANDBOX) -> dict[str, str]:
    """The form of the drawer as it opens."""
    page = client.get(drawer_url(customer, group), headers=HTMX)
    return form(page, action=f"/allocate/{group}/").fields


def test_the_drawer_says_who_reports_and_asks_for_no_units(
    admin: Client, reported: Customer
) -> None:
    report(reported, 310, NOON - HOUR)

    page = admin.get(drawer_url(reported), headers=HTMX)

    said = words(page)
    assert "Reported by Endpoint inventory, last 15 Jun 2027, 11:00 UTC" in said
    assert "310 endpoints" in said
    assert "stale" not in said
    assert "Ask support to enter them by hand." in said
    (own,) = forms(page)
    assert not any(name.startswith(("q.", "a.", "on.")) for name in own.fields)
    assert ("act", "release", "Release all 2,170") in own.buttons


def test_a_silent_source_is_shown_as_stale_and_counts_on(admin: Client, reported: Customer) -> None:
    report(reported, 310, NOON - HOUR)

    with clock.moved_to(NOON + 3 * DAY):
        drawer = words(admin.get(drawer_url(reported), headers=HTMX))
        listed = words(admin.get(f"/c/{reported.slug}/allocate/"))

    for said in (drawer, listed):
        assert "last 15 Jun 2027, 11:00 UTC stale since 17 Jun 2027, 11:00 UTC" in said
    assert "310 endpoints 7 2,170" in listed


def test_the_list_says_who_reports(admin: Client, reported: Customer) -> None:
    listed = words(admin.get(f"/c/{reported.slug}/allocate/"))

    assert "Sandbox submission Reported by Endpoint inventory, no report yet" in listed
    assert "stale" not in listed


def test_a_viewer_sees_who_reports_and_no_button(
    bob: User, reported: Customer, client_of: Callable[[User], Client]
) -> None:
    report(reported, 310, NOON - HOUR)

    page = client_of(bob).get(drawer_url(reported), headers=HTMX)

    assert "Reported by Endpoint inventory" in words(page)
    assert "You may look at this." in words(page)
    assert forms(page) == []


def test_a_customer_releases_what_a_system_reports(admin: Client, reported: Customer) -> None:
    report(reported, 310, NOON - HOUR)

    response = admin.post(drawer_url(reported), {**sent(admin, reported), "act": "release"})

    assert response.status_code == 303
    assert held(reported, SANDBOX) == 0


def test_a_customer_switches_on_again_what_was_released(admin: Client, reported: Customer) -> None:
    report(reported, 310, NOON - HOUR)
    release(reported, SANDBOX)
    page = admin.get(drawer_url(reported), headers=HTMX)
    (own,) = forms(page)
    assert ("switch_on", SANDBOX, "Switch Sandbox submission on") in own.buttons
    assert "Sandbox submission off 310 endpoints" in words(page)

    response = admin.post(drawer_url(reported), {**own.fields, "switch_on": SANDBOX})

    assert response.status_code == 303
    assert held(reported, SANDBOX) == 2_170
    said = words(admin.get(response["Location"]))
    assert "Sandbox submission: 0 → 2,170 credits (+2,170)." in said
    activity = words(admin.get(f"/c/{reported.slug}/activity/"))
    assert "Allocated Sandbox submission: Sandbox submission on" in activity


def test_what_is_on_without_units_has_no_switch(admin: Client, reported: Customer) -> None:
    (own,) = forms(admin.get(drawer_url(reported), headers=HTMX))

    assert own.buttons == []


def test_switching_on_below_zero_asks_first(admin: Client, reported: Customer) -> None:
    report(reported, 2_000, NOON - HOUR)
    release(reported, SANDBOX)
    own = sent(admin, reported) | {"switch_on": SANDBOX}

    with nothing_written(reported):
        asking = admin.post(drawer_url(reported), own)
    assert asking.status_code == 422
    assert "This takes the balance to -4,000 credits." in words(asking)
    again = form(asking, action=f"/allocate/{SANDBOX}/").fields | {"switch_on": SANDBOX}
    done = admin.post(drawer_url(reported), {**again, "confirmed_shortfall": "4000"})

    assert done.status_code == 303
    assert held(reported, SANDBOX) == 14_000


def test_switching_on_is_refused_where_the_customer_refuses_shortages(
    admin: Client, reported: Customer
) -> None:
    reported.over_allocation = OverAllocation.REFUSE
    reported.save(update_fields=["over_allocation"])
    report(reported, 2_000, NOON - HOUR)
    release(reported, SANDBOX)

    with nothing_written(reported):
        response = admin.post(drawer_url(reported), sent(admin, reported) | {"switch_on": SANDBOX})

    assert response.status_code == 422
    assert "refuse that. Nothing was changed." in words(response)


def test_parts_of_a_bundle_are_switched_on_one_by_one(admin: Client, licensed: Customer) -> None:
    set_source(licensed, BUNDLE, "Access service")
    report(licensed, {"units": 20}, NOON - HOUR, group=BUNDLE)
    assert held(licensed, "ztsa-internet-access") == 0

    for key in ("ztsa-internet-access", "ztsa-ai-access"):
        own = sent(admin, licensed, BUNDLE)
        done = admin.post(drawer_url(licensed, BUNDLE), own | {"switch_on": key})
        assert done.status_code == 303

    assert held(licensed, "ztsa-internet-ai-bundle") == 1_700


def test_switching_on_needs_what_the_feature_requires(admin: Client, licensed: Customer) -> None:
    set_source(licensed, "ztsa-sandbox", "Access service")
    report(licensed, 10, NOON - HOUR, group="ztsa-sandbox")
    release(licensed, "ztsa-sandbox")
    own = sent(admin, licensed, "ztsa-sandbox") | {"switch_on": "ztsa-sandbox"}

    with nothing_written(licensed):
        response = admin.post(drawer_url(licensed, "ztsa-sandbox"), own)

    assert response.status_code == 422
    assert "needs Internet Access, which holds no credits" in words(response)


@pytest.mark.parametrize("key", ["", "email-core", "²", "x" * 5_000])
def test_switching_on_what_is_not_there_is_refused(
    admin: Client, reported: Customer, key: str
) -> None:
    own = sent(admin, reported) | {"switch_on": key}

    with nothing_written(reported):
        response = admin.post(drawer_url(reported), own)

    assert response.status_code == 422


def test_a_viewer_switches_nothing_on(
    bob: User, reported: Customer, client_of: Callable[[User], Client]
) -> None:
    response = client_of(bob).post(drawer_url(reported), {"switch_on": SANDBOX})

    assert response.status_code == 403


def test_activity_says_who_reported_what_and_for_when(admin: Client, reported: Customer) -> None:
    report(reported, 300, NOON - DAY)
    report(reported, 310, NOON - HOUR)
    report(reported, 310, NOON)
    report(reported, 12, NOON, by_hand=True, reason="It is down")
    set_source(reported, name=None)

    said = words(admin.get(f"/c/{reported.slug}/activity/"))

    for sentence in (
        "Endpoint inventory reports the units of Sandbox submission from now on",
        "Endpoint inventory reported Sandbox submission: 0 → 300 endpoints, "
        "for 14 Jun 2027, 12:00 UTC",
        "Endpoint inventory reported Sandbox submission: 300 → 310 endpoints, "
        "for 15 Jun 2027, 11:00 UTC",
        "Endpoint inventory reported Sandbox submission: unchanged, for 15 Jun 2027, 12:00 UTC",
        "Entered by hand for Sandbox submission: 310 → 12 endpoints, for 15 Jun 2027, 12:00 UTC",
        "Units of Sandbox submission are stated by hand again",
    ):
        assert sentence in said


def test_packages_are_told_by_name(admin: Client, licensed: Customer) -> None:
    set_source(licensed, "endpoint-packages", "Endpoint inventory")
    packages = {"endpoint-core": 10, "endpoint-pro": 2}
    report(licensed, packages, NOON - HOUR, group="endpoint-packages")

    said = words(admin.get(f"/c/{licensed.slug}/activity/"))

    assert (
        "Endpoint inventory reported Endpoint packages: Core package 0 → 10 endpoints, "
        "Pro package 0 → 2 endpoints, for" in said
    )


def test_a_figure_is_explained_by_the_report(admin: Client, reported: Customer) -> None:
    allocate(reported, "email-core", 10)
    report(reported, 310, NOON - 3 * HOUR)

    with clock.moved_to(NOON + 4 * HOUR):
        said = words(admin.get(f"/c/{reported.slug}/explain/?side=allocated"))

    assert "310 endpoints x 7, reported 15 Jun 2027, 09:00 UTC by Endpoint inventory" in said
    assert "10 users x 25 " in said
    assert "10 users x 25, reported" not in said


def test_pages_ask_the_same_of_one_source_and_of_many(admin: Client, reported: Customer) -> None:
    urls = [f"/c/{reported.slug}/allocate/", drawer_url(reported)]
    before = [count(admin, url) for url in urls]
    for group in ("email-core", "email-sensor", "cloud-risk", "endpoint-packages"):
        set_source(reported, group, "Directory")
    report(reported, 10, NOON - HOUR, group="email-core")

    assert [count(admin, url) for url in urls] == before


def count(client: Client, url: str) -> int:
    with counted() as asked:
        assert client.get(url, headers=HTMX).status_code == 200
    return len(asked)


def test_a_report_asks_little(reported: Customer) -> None:
    command = ReportUsage(
        customer=reported,
        asked=make.asked(),
        group=SANDBOX,
        quantities={SANDBOX: Decimal(10)},
        at=NOON - HOUR,
    )
    with counted() as asked:
        post(command)

    assert len(asked) <= 14, "\n".join(asked)


def test_annual_credits_says_which_system_is_silent(admin: Client, reported: Customer) -> None:
    report(reported, 310, NOON - HOUR)
    url = f"/c/{reported.slug}/annual-credits/"

    with clock.moved_to(NOON + DAY):
        assert "stale" not in words(admin.get(url))
    with clock.moved_to(NOON + 3 * DAY):
        said = words(admin.get(url))

    assert (
        "Live: units of Sandbox submission are reported by Endpoint inventory, stale since "
        "17 Jun 2027, 11:00 UTC. The last ones go on counting." in said
    )

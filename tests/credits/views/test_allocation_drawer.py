"""The drawer as it opens, and what it shows while a person types."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from django.test import Client

from credits.models import Customer, Operation, User
from tests.credits.views.pages import HTMX, drawer, send, words
from tests.factories import credits as make

LIVE = HTMX | {"HX-Target": "effect"}


def opened(client: Client, customer: Customer, group: str, query: str = "") -> str:
    response = client.get(f"/c/{customer.slug}/allocate/{group}/{query}")
    assert response.status_code == 200
    return words(response)


def previewed(client: Client, customer: Customer, group: str, **typed: str) -> str:
    """What the plain button "Show effect" answers."""
    sent = drawer(client, customer.slug, group)
    before = Operation.objects.count()
    response = client.post(sent.action, sent.filled(act="preview", **typed))
    assert response.status_code == 200
    assert Operation.objects.count() == before
    return words(response)


def test_a_whole_page_shows_the_drawer_over_the_list(admin: Client, licensed: Customer) -> None:
    page = opened(admin, licensed, "email-core")

    assert "Balance, live 15,000" in page
    assert "Core package Email and Collaboration Security · per user" in page


def test_htmx_gets_the_drawer_alone(admin: Client, licensed: Customer) -> None:
    response = admin.get(f"/c/{licensed.slug}/allocate/email-core/", headers=HTMX)

    page = response.content.decode()
    assert "<html" not in page
    assert 'role="dialog"' in page
    assert 'aria-labelledby="drawer-title"' in page


def test_it_opens_with_what_is_in_force(admin: Client, licensed: Customer) -> None:
    make.allocate(licensed, "email-core", 120)

    sent = drawer(admin, licensed.slug, "email-core")
    page = opened(admin, licensed, "email-core")

    assert sent.fields["q.email-core"] == "120"
    assert ("act", "release", "Release all 3,000") in sent.buttons
    assert "120 users x 25 credits = 3,000 credits" in page


def test_what_was_released_opens_empty(admin: Client, licensed: Customer) -> None:
    make.allocate(licensed, "email-core", 120)
    send(admin, drawer(admin, licensed.slug, "email-core"), act="release")

    sent = drawer(admin, licensed.slug, "email-core")

    assert sent.fields["q.email-core"] == ""
    assert not [text for _, _, text in sent.buttons if "Release" in text]


def test_packages_ask_for_one_number_each_and_leave_closed_ones_out(
    admin: Client, licensed: Customer
) -> None:
    sent = drawer(admin, licensed.slug, "endpoint-packages")

    assert [name for name in sent.fields if name.startswith("q.")] == [
        "q.endpoint-core",
        "q.endpoint-essentials",
        "q.endpoint-pro",
        "q.endpoint-xdr",
    ]


def test_a_bundle_group_opens_with_the_feature_one_came_for(
    admin: Client, licensed: Customer
) -> None:
    bare = drawer(admin, licensed.slug, "ztsa-internet-ai")
    asked = drawer(admin, licensed.slug, "ztsa-internet-ai", "?feature=ztsa-internet-access")

    assert not [name for name in bare.fields if name.startswith("on.")]
    assert "on.ztsa-internet-access" in asked.fields
    assert "on.ztsa-ai-access" not in asked.fields


def test_the_bundle_says_what_both_parts_would_cost(admin: Client, licensed: Customer) -> None:
    page = previewed(
        admin, licensed, "ztsa-internet-ai", units="120", **{"on__ztsa_internet_access": "on"}
    )

    assert "120 users x 60 credits = 7,200 credits" in page
    assert (
        "With AI Secure Access on, the bundle costs 85 per user instead of 110: "
        "10,200 credits in all." in page
    )
    assert "Internet Access 0 7,200 +7,200" in page
    assert "Balance today 15,000 7,800 -7,200" in page
    assert "Allocate 7,200 credits" in page


def test_units_without_any_switch_hold_nothing(admin: Client, licensed: Customer) -> None:
    page = previewed(admin, licensed, "ztsa-internet-ai", units="120")

    assert "Nothing is switched on, so nothing holds credits." in page


@pytest.mark.parametrize(
    ("group", "typed", "arithmetic"),
    [
        ("network-virtual-sensor", {"q__network_virtual_sensor": "500.1"},
         "500.1 Mbps → 2 blocks of 500 x 12,500 credits = 25,000 credits"),
        ("network-virtual-sensor", {"q__network_virtual_sensor": "500"},
         "500 Mbps → 1 block of 500 x 12,500 credits = 12,500 credits"),
        ("file-security-sdk", {"q__file_security_sdk": "1,200,000"},
         "1,200,000 scans → 3 blocks of 500,000 x 5,000 credits = 15,000 credits"),
        ("sandbox-daily-reserve", {"q__sandbox_daily_reserve": "1"},
         "1 reserved submission per day x 50 credits = 50 credits"),
        ("file-security-storage-buckets", {"q__file_security_storage_buckets": "3"},
         "3 buckets x 9,636 credits = 28,908 credits"),
        ("collaboration-sensor", {"q__collaboration_sensor": "400"},
         "400 users x 0 credits = 0 credits"),
    ],
)  # fmt: skip
def test_the_arithmetic_is_written_out(
    admin: Client, licensed: Customer, group: str, typed: dict[str, str], arithmetic: str
) -> None:
    assert arithmetic in previewed(admin, licensed, group, **typed)


def test_packages_and_accounts_are_added_up(admin: Client, licensed: Customer) -> None:
    packages = previewed(
        admin,
        licensed,
        "endpoint-packages",
        q__endpoint_core="10",
        q__endpoint_pro="2",
    )
    accounts = previewed(
        admin,
        licensed,
        "cloud-risk",
        **{"a.cloud-risk.1.name": "production", "a.cloud-risk.1.units": "2200"},
        **{"a.cloud-risk.2.name": "lab", "a.cloud-risk.2.units": "9000"},
    )

    assert "Core package: 10 endpoints x 45 = 450" in packages
    assert "Together = 1,050 credits" in packages
    assert "production: 2,200 resources → 5 blocks of 500 x 1,000 = 5,000" in accounts
    assert (
        "lab: 9,000 resources → 18 blocks of 500 x 1,000 = 8,000 (the most an account holds)"
        in accounts
    )
    assert "Together = 13,000 credits" in accounts


def test_the_effect_names_the_first_short_date(admin: Client, licensed: Customer) -> None:
    page = previewed(admin, licensed, "email-core", q__email_core="500")

    assert "First short date 1 Apr 2027, L-202 ends 10,000 -2,500 short -12,500" in page


def test_the_effect_says_that_a_shortage_is_gone(admin: Client, licensed: Customer) -> None:
    make.allocate(licensed, "email-core", 500)

    page = previewed(admin, licensed, "email-core", q__email_core="300")

    assert "No longer short 1 Apr 2027, L-202 ends -2,500 short 2,500 +5,000" in page
    assert "Release 5,000 credits" in page


def test_while_typing_only_the_effect_and_the_button_come_back(
    admin: Client, licensed: Customer
) -> None:
    sent = drawer(admin, licensed.slug, "email-core")

    response = admin.post(
        sent.action, sent.filled(act="preview", q__email_core="120"), headers=LIVE
    )

    page = response.content.decode()
    assert page.lstrip().startswith('<div id="effect">')
    assert 'id="act" name="act" value="allocate" hx-swap-oob="true"' in page
    assert "<form" not in page
    assert "Allocate 3,000 credits. Balance then: 12,000." in response["HX-Trigger"]


def test_while_typing_a_bad_number_is_said_at_once(admin: Client, licensed: Customer) -> None:
    sent = drawer(admin, licensed.slug, "email-core")

    response = admin.post(
        sent.action, sent.filled(act="preview", q__email_core="12.5"), headers=LIVE
    )

    assert "Units must be a whole number from 0 to 1,000,000,000. You entered 12.5." in words(
        response
    )
    assert "What this changes" not in words(response)


def test_one_more_account_keeps_what_was_typed(admin: Client, licensed: Customer) -> None:
    sent = drawer(admin, licensed.slug, "cloud-risk")
    typed = {"a.cloud-risk.1.name": "production", "a.cloud-risk.1.units": "2200"}

    response = admin.post(sent.action, sent.fields | typed | {"act": "more"})

    page = response.content.decode()
    assert response.status_code == 200
    assert 'value="production"' in page
    assert 'name="a.cloud-risk.2.units"' in page


def test_stated_accounts_open_each_in_its_row(admin: Client, licensed: Customer) -> None:
    sent = drawer(admin, licensed.slug, "cloud-risk")
    typed = {"a.cloud-risk.1.name": "lab", "a.cloud-risk.1.units": "501"}
    admin.post(sent.action, sent.fields | typed)

    again = drawer(admin, licensed.slug, "cloud-risk")

    assert again.fields["a.cloud-risk.1.name"] == "lab"
    assert again.fields["a.cloud-risk.1.units"] == "501"
    assert again.fields["a.cloud-risk.2.name"] == ""


def test_the_way_back_keeps_the_filter(admin: Client, licensed: Customer) -> None:
    sent = drawer(admin, licensed.slug, "email-core", "?q=core&use=no")

    response = send(admin, sent, q__email_core="1")

    assert response["Location"] == f"/c/{licensed.slug}/allocate/?q=core&use=no"


def test_those_who_may_only_look_get_no_form(
    licensed: Customer, bob: User, rep: User, support: User, client_of: Callable[[User], Client]
) -> None:
    make.allocate(licensed, "email-core", 120)

    for person in (bob, rep, support):
        response = client_of(person).get(f"/c/{licensed.slug}/allocate/email-core/")
        page = words(response)
        assert 'id="drawer-form"' not in response.content.decode()
        assert "Admins of Halden Energy allocate and release." in page
        assert "120 users x 25 credits = 3,000 credits" in page


def test_a_closed_feature_that_holds_nothing_cannot_be_set(
    admin: Client, licensed: Customer
) -> None:
    page = opened(admin, licensed, "endpoint-advanced-protection")

    assert "This takes no new allocations, and it holds no credits." in page


def test_an_unknown_group_is_not_found(admin: Client, licensed: Customer) -> None:
    url = f"/c/{licensed.slug}/allocate/no-such-group/"

    assert admin.get(url).status_code == 404
    assert admin.post(url, {"q.no-such-group": "1"}).status_code == 404


def test_a_license_that_starts_next_year_counts_from_then(
    admin: Client, licensed: Customer
) -> None:
    make.grant(licensed, 4_000, date(2027, 4, 1), date(2027, 12, 31))

    page = previewed(admin, licensed, "email-core", q__email_core="560")

    assert "Balance today 15,000 1,000 -14,000" in page
    assert "Not short before the last license ends (31 Dec 2027)." in page

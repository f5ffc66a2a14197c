"""The page of an estimate's links, and what a link shows to somebody without an account."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.logs import KeyValueFormatter
from credits import clock
from credits.models import Customer, SecurityEvent, User
from estimator.domain.estimates import Draft
from estimator.domain.plans import Plan, Reserve
from estimator.domain.saving import Wanted, save_estimate
from estimator.domain.sharing import secret_of
from estimator.models import Estimate, EstimateLink
from tests.estimator.handing import FEATURE, plan
from tests.estimator.page import ESSENTIALS, NOW, LogIn, body, edit_url, words
from tests.estimator.sharing import link_url, revoke_url, revoked, shared
from tests.estimator.test_advice import raise_rate
from tests.estimator.test_hand_over_pages import fields, submit
from tests.factories import credits as make

DAY = timedelta(days=1)
MAKE = "Make a link"


def saved(customer: Customer, user: User, draft: Draft, name: str = "Plan 2027") -> Estimate:
    """An estimate of a draft."""
    wanted = Wanted(name=name, draft=draft)
    return save_estimate(customer=customer, wanted=wanted, asked=make.asked(actor=user)).estimate


def saved_again(estimate: Estimate, units: int) -> Estimate:
    """The same estimate, saved once more with other units and under another name."""
    wanted = Wanted(
        name="Secret merger",
        draft=Draft({FEATURE: Decimal(units)}),
        estimate=estimate,
        seen=estimate.version,
    )
    ask = make.asked(actor=estimate.created_by)
    return save_estimate(customer=estimate.customer, wanted=wanted, asked=ask).estimate


def links_url(estimate: Estimate) -> str:
    return edit_url(estimate, "estimate-links")


def address_on(page: Any) -> str:
    """The path of the first address that a page shows."""
    found = body(page).partition('value="http://localhost:8000')[2]
    return found.partition('"')[0]


def test_who_has_the_address_reads_the_version_without_an_account(
    customer: Customer, alice: User, client: Client, client_of: LogIn
) -> None:
    estimate = plan(customer, alice, years=2)
    alices, url = client_of(alice), links_url(estimate)
    assert f'href="{url}"' in body(alices.get(edit_url(estimate)))
    before = alices.get(url)
    assert "No link yet" in words(before)
    assert "Anybody who has the address can read that version" in words(before)
    assert "Not your balance" in words(before)

    sent = submit(alices, url, MAKE, version="1", days="7")

    assert (sent.status_code, sent["Location"]) == (303, url)
    after = alices.get(url)
    assert "Version 1 can be read through 2 Dec 2026 by whoever has" in words(after)
    assert "by Alice Brandt" in words(after)
    assert "Open through 2 Dec 2026" in words(after)
    path = address_on(after)
    assert path == link_url(EstimateLink.objects.get())
    said = words(client.get(path))
    for told in (
        "Plan 2027 Estimate E-1, version 1, of Halden Energy, saved 25 Nov 2026, 09:30 UTC",
        "Level to hold 700 credits, in every year of a term of 2 years.",
        "Credit-years 1,400",
        "Sandbox submission Endpoint Security 100 endpoints 100 × 7 700",
        "At the rates in force on 25 Nov 2026, 09:30 UTC",
        "700 credits in every month, through 24 Nov 2028",
        "open through 2 Dec 2026, end of day UTC",
    ):
        assert told in said
    assert "Rates have changed" not in said


def test_plans_reserve_and_months_are_told(customer: Customer, alice: User, client: Client) -> None:
    draft = Draft(
        {FEATURE: Decimal(100), "email-core": Decimal(200)},
        plans={FEATURE: Plan(Decimal(50)), "email-core": Plan(starts_on=date(2027, 4, 1), ramp=2)},
        reserve=Reserve(percent=Decimal(10)),
    )
    page = client.get(link_url(shared(saved(customer, alice, draft))))

    said = words(page)
    for told in (
        "Level to hold 6,270 credits for the units stated. How that changes",
        "100 endpoints +50 % a year".replace(" %", "\N{NO-BREAK SPACE}%"),
        "from Apr 2027, over 2 months",
        "In use 5,700 Reserve, kept free 10",
        "570 Level to hold 6,270",
        "Mar 2027",
    ):
        assert " ".join(told.split()) in said
    rows = [row.split() for row in month_rows(body(page))]
    assert rows[0] == ["Nov", "2026", "700", "70", "770"]
    assert [row[:2] for row in rows] == [
        date(2026 + (10 + n) // 12, (10 + n) % 12 + 1, 1).strftime("%b %Y").split()
        for n in range(13)
    ]
    used, kept, level = ([int(row[n].replace(",", "")) for row in rows] for n in (2, 3, 4))
    assert [u + k for u, k in zip(used, kept, strict=True)] == level
    assert used[4] == 7 * 117
    assert used[5] == 7 * 121 + 25 * 100
    assert used[12] == 7 * 150 + 25 * 200
    assert f"Highest within the term {level[12]:,}" in said


def month_rows(page: str) -> Iterator[str]:
    """The words of each row of the table of months."""
    table = page.partition('class="months"')[2].partition("</table>")[0]
    for row in table.partition("<tbody>")[2].split("</tr>")[:-1]:
        yield " ".join(part.partition(">")[2] for part in row.split("<"))


def test_the_page_names_nobody_and_no_balance(
    customer: Customer,
    other_customer: Customer,
    alice: User,
    carol: User,
    rep: User,
    client: Client,
) -> None:
    make.grant(customer, 98_321, NOW.date(), NOW.date() + 90 * DAY)
    other = plan(other_customer, carol, 77)
    newer = saved_again(plan(customer, alice), 31)
    for estimate in (other, newer):
        shared(estimate)
    for address in (link_url(shared(newer, version=1)), link_url("x")):
        page = unescape(client.get(address).content.decode())

        for person in User.objects.all():
            for name in (person.email, person.name, *person.name.split()):
                assert not name or name not in page
        for anothers in Customer.objects.exclude(pk=customer.pk):
            assert anothers.name not in page
            assert anothers.slug not in page
        for secret in ("98,321", "98321", "97,621", "Secret merger", "217", "539", "csrf"):
            assert secret not in page
        assert "/c/" not in page
    assert not client.cookies


def test_a_link_shows_its_version_whatever_was_saved_since(
    customer: Customer, alice: User, client: Client
) -> None:
    estimate = plan(customer, alice)
    link = shared(estimate)
    saved_again(estimate, 31)

    said = words(client.get(link_url(link)))

    assert "Plan 2027 Estimate E-1, version 1" in said
    assert "100 × 7 700" in said
    assert "Secret merger" not in said


def test_that_rates_have_changed_is_said_with_both_levels(
    customer: Customer, alice: User, client: Client
) -> None:
    draft = Draft({ESSENTIALS: Decimal(100), FEATURE: Decimal(10)})
    link = shared(saved(customer, alice, draft))
    with clock.moved_to(NOW + DAY):
        raise_rate(ESSENTIALS, Decimal(70), NOW + 2 * DAY)
        assert "Rates have changed" not in words(client.get(link_url(link)))

    with clock.moved_to(NOW + 3 * DAY):
        said = words(client.get(link_url(link)))

    assert (
        "Rates have changed since it was saved. As saved, the level to hold is 6,570 credits; "
        "at the rates in force on 28 Nov 2026 it is 7,070."
    ) in said
    assert "100 × 65 6,500" in said


Closing = Callable[[EstimateLink], object]
CLOSED: dict[str, tuple[Closing, int, str]] = {
    "revoked": (revoked, 410, "This link is no longer open."),
    "gone": (lambda link: EstimateLink.objects.all().delete(), 410, "no longer open."),
}


def check_headers(response: Any) -> None:
    assert response["Referrer-Policy"] == "no-referrer"
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert "no-store" in response["Cache-Control"]
    assert "private" in response["Cache-Control"]


@pytest.mark.parametrize("kind", ["", "csv"])
@pytest.mark.parametrize("closing", CLOSED)
def test_a_closed_link_says_what_to_do(
    customer: Customer, alice: User, client: Client, closing: str, kind: str
) -> None:
    link = shared(plan(customer, alice))
    url = link_url(link, kind)
    close, status, sentence = CLOSED[closing]
    close(link)

    page = client.get(url)

    assert page.status_code == status
    assert sentence in words(page)
    assert "Ask whoever sent it for a new one." in words(page)
    assert "Plan 2027" not in words(page)
    assert customer.name not in words(page)
    check_headers(page)


def test_an_expired_link_says_since_when(customer: Customer, alice: User, client: Client) -> None:
    link = shared(plan(customer, alice))

    with clock.moved_to(link.expires_at - timedelta(microseconds=1)):
        assert client.get(link_url(link)).status_code == 200
    with clock.moved_to(link.expires_at):
        page = client.get(link_url(link))

    assert page.status_code == 410
    assert "This link was open through 25 Dec 2026, UTC." in words(page)


def test_wrong_addresses_say_the_same_and_are_slowed_down(
    customer: Customer, alice: User, client: Client
) -> None:
    secret = secret_of(shared(plan(customer, alice)))
    wrong = secret[:33] + "A" * 43
    short = client.get(link_url(secret[:-1]))

    with override_settings(DOOR_TRIES_PER_ADDRESS=2):
        tried = [client.get(link_url(wrong)) for _ in range(3)]
        right = client.get(link_url(secret))

    assert [page.status_code for page in (short, *tried)] == [404, 404, 404, 429]
    assert words(short) == words(tried[0])
    assert int(tried[2]["Retry-After"]) == 15 * 60
    assert right.status_code == 200
    assert SecurityEvent.objects.filter(kind="link_refused").count() == 2
    for page in (short, *tried, right):
        check_headers(page)


def test_no_log_holds_an_address_that_opens(
    customer: Customer, alice: User, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    secret = secret_of(shared(plan(customer, alice)))

    with caplog.at_level(logging.DEBUG):
        client.get(link_url(secret))
        client.get(link_url(secret, "exe"))
        client.post(link_url(secret))
        revoked(EstimateLink.objects.get())
        client.get(link_url(secret))

    lines = [KeyValueFormatter().format(record) for record in caplog.records]
    assert [line for line in lines if "/shared/-/" in line]
    assert not [line for line in lines if secret[:32] in line or secret[33:] in line]


def test_it_is_read_in_few_queries(customer: Customer, alice: User, client: Client) -> None:
    link = shared(plan(customer, alice))

    with CaptureQueriesContext(connection) as queries:
        client.get(link_url(link))

    assert len(queries) == 4, "\n".join(query["sql"] for query in queries)


@pytest.mark.parametrize("kind", ["xlsx", "csv", "pdf"])
def test_the_files_of_the_version_come_by_the_link(
    customer: Customer, alice: User, client: Client, kind: str
) -> None:
    link = shared(plan(customer, alice))
    url = link_url(link, kind)
    assert f'href="{url}"' in body(client.get(link_url(link)))

    file = client.get(url)

    assert file.status_code == 200
    assert f'filename="E-1-v1-plan-2027.{kind}"' in file["Content-Disposition"]
    assert file.content
    check_headers(file)


def test_there_are_no_other_files(customer: Customer, alice: User, client: Client) -> None:
    page = client.get(link_url(shared(plan(customer, alice)), "exe"))

    assert page.status_code == 404
    assert "There is no such file." in words(page)


def test_a_viewer_finds_no_way_to_share(
    customer: Customer, alice: User, bob: User, client_of: LogIn
) -> None:
    estimate = plan(customer, alice)
    link = shared(estimate)
    bobs, url = client_of(bob), links_url(estimate)

    assert url not in body(bobs.get(edit_url(estimate)))
    assert bobs.get(url).status_code == 403
    assert bobs.post(url, {"version": "1", "days": "7"}).status_code == 403
    assert bobs.post(revoke_url(link)).status_code == 403
    assert EstimateLink.objects.get().revoked is None


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"version": "2"}, "Choose one of the versions of the list."),
        ({"version": ""}, "Choose a version."),
        ({"version": "1e3"}, "Choose one of the versions of the list."),
        ({"days": "8"}, "Choose one of these numbers of days."),
        ({"days": ""}, "Choose for how many days."),
        ({"days": "9" * 400}, "Choose one of these numbers of days."),
        ({"form_key": "mine"}, "This form was made for another page or person."),
    ],
)
def test_bad_input_is_answered_at_its_field(
    customer: Customer, alice: User, client_of: LogIn, changed: dict[str, str], sentence: str
) -> None:
    typed = {"version": "1", "days": "7", **changed}

    page = submit(client_of(alice), links_url(plan(customer, alice)), MAKE, **typed)

    assert page.status_code == 422
    assert sentence in words(page)
    assert not EstimateLink.objects.exists()


def test_a_form_sent_twice_makes_one_link(
    customer: Customer, alice: User, client_of: LogIn
) -> None:
    alices, url = client_of(alice), links_url(plan(customer, alice))
    sent = {**fields(alices.get(url), MAKE), "version": "1", "days": "7"}

    assert [alices.post(url, sent).status_code for _ in range(2)] == [303, 303]
    assert alices.post(url, sent | {"days": "90"}).status_code == 409
    assert EstimateLink.objects.count() == 1


@pytest.mark.parametrize(("asked", "chosen"), [("1", "1"), ("", "2"), ("7", "2"), ("x", "2")])
def test_the_newest_version_is_chosen_unless_another_is_asked_for(
    customer: Customer, alice: User, client_of: LogIn, asked: str, chosen: str
) -> None:
    estimate = saved_again(plan(customer, alice), 31)

    page = body(client_of(alice).get(links_url(estimate), {"version": asked}))

    assert f'<option value="{chosen}" selected>' in page
    assert "1: 700 credits, 25 Nov 2026" in page


def test_the_page_of_a_version_leads_to_sharing_it(
    customer: Customer, alice: User, bob: User, client_of: LogIn
) -> None:
    estimate = saved_again(plan(customer, alice), 31)
    kwargs = {"slug": customer.slug, "public_id": estimate.public_id, "number": 1}
    url = reverse("estimator:estimate-version", kwargs=kwargs)

    way = f'href="{links_url(estimate)}?version=1"'
    assert way in body(client_of(alice).get(url))
    assert way not in body(client_of(bob).get(url))


def test_a_link_is_revoked_from_the_page_and_once(
    customer: Customer, alice: User, client: Client, client_of: LogIn
) -> None:
    link = shared(plan(customer, alice))
    alices, url = client_of(alice), links_url(link.version.estimate)
    sent = fields(alices.get(url), "Revoke")

    for _ in range(2):
        assert alices.post(revoke_url(link), sent)["Location"] == url
    page = alices.get(url)

    assert "The link is revoked: its address opens nothing any more." in words(page)
    assert "Revoked by Alice Brandt" in words(page)
    assert address_on(page) == ""
    assert client.get(link_url(link)).status_code == 410
    alices.post(revoke_url(link), {"form_key": "mine"})
    assert "This form was made for another page or person." in words(alices.get(url))


def test_anothers_link_is_not_there(
    customer: Customer, other_customer: Customer, alice: User, carol: User, client_of: LogIn
) -> None:
    own, theirs = plan(customer, alice), shared(plan(other_customer, carol))
    mixed = revoke_url(EstimateLink(public_id=theirs.public_id, version=own.versions.get()))

    assert client_of(alice).post(mixed).status_code == 404
    assert client_of(alice).post(revoke_url(theirs)).status_code == 404
    assert EstimateLink.objects.get().revoked is None


def test_many_links_take_as_many_queries_as_one(
    customer: Customer, alice: User, client_of: LogIn
) -> None:
    estimate = plan(customer, alice)
    alices, counts = client_of(alice), []
    for more in (1, 4):
        for _ in range(more):
            shared(estimate)
        with CaptureQueriesContext(connection) as queries:
            alices.get(links_url(estimate))
        counts.append(len(queries))

    assert counts[0] == counts[1] <= 8

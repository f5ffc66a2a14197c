"""What each customer of the demonstration is there to show."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from django.test import Client

from config.demonstration.offerings import FAMILIES, offerings
from config.demonstration.replay import LogIn, is_loaded
from config.demonstration.replay import told as lines_of
from config.demonstration.stories import STORIES
from credits.domain.access_state import access_state
from credits.domain.catalogue import load_catalogue
from credits.domain.figures import Position, standing
from credits.domain.holdings import holdings
from credits.domain.sources import reporting
from credits.models import Customer, License, Operation, User
from tests.cast import CATALOGUE
from tests.demonstration.conftest import NOW
from tests.demonstration.reading import get, text_of


def customer(slug: str) -> Customer:
    return Customer.objects.get(slug=slug)


def live(slug: str) -> Position:
    return standing(customer(slug), now=NOW).live


def page(email: str, path: str) -> str:
    client = Client()
    client.force_login(User.objects.get(email=email))
    return text_of(get(client, path))


def kinds(slug: str) -> set[str]:
    return set(Operation.objects.filter(customer__slug=slug).values_list("kind", flat=True))


def test_everybody_gets_a_log_in(told: list[LogIn]) -> None:
    emails = {log_in.email for log_in in told}

    assert {story.people[0][0] for story in STORIES} <= emails
    assert len(list(lines_of(told))) == len(told) == User.objects.filter(email__in=emails).count()
    for log_in in told:
        assert Client().login(username=log_in.email, password=log_in.password)


def test_the_customer_in_grace_holds_more_than_nothing(told: list[LogIn]) -> None:
    figure = live("torvik-tools").figure
    license = License.objects.get(customer__slug="torvik-tools")

    assert (figure.valid, figure.allocated) == (0, 11_115)
    assert timedelta(days=9) < NOW - license.ends_at < timedelta(days=12)
    text = page("hanne.torvik@torvik.example", "/c/torvik-tools/annual-credits/")
    assert f"license {license.label} with 14,000 ended" in text


def test_the_customer_in_grace_may_still_allocate(told: list[LogIn]) -> None:
    acts = Operation.objects.filter(customer__slug="torvik-tools", kind="allocate")
    newest = acts.latest("recorded_at")
    license = License.objects.get(customer__slug="torvik-tools")

    assert newest.recorded_at > license.ends_at


def test_the_locked_customers_people_see_only_what_ended_and_staff_its_past(
    told: list[LogIn],
) -> None:
    state = access_state(customer("saltmarsh-press"), NOW)
    assert state.is_locked
    assert state.ends_at is not None
    assert timedelta(days=12) < NOW - state.ends_at < timedelta(days=14)

    for email in ("ruth.sayer@saltmarsh.example", "owen.pryce@saltmarsh.example"):
        client = Client()
        client.force_login(User.objects.get(email=email))
        answer = client.get("/c/saltmarsh-press/annual-credits/")
        assert answer.status_code == 403
        assert "Access has ended" in text_of(answer.content.decode())
    assert "9,000 ended" in page("sam.ito@vendor.example", "/c/saltmarsh-press/annual-credits/")


def test_what_the_locked_customers_system_reports_is_kept(told: list[LogIn]) -> None:
    ends_at = access_state(customer("saltmarsh-press"), NOW).ends_at
    kept = Operation.objects.filter(customer__slug="saltmarsh-press", kind="report-usage")

    assert ends_at is not None
    assert kept.latest("recorded_at").recorded_at > ends_at


def test_the_huge_customer_has_hundreds_of_features_and_dozens_of_licenses(
    told: list[LogIn],
) -> None:
    rows = holdings(customer("corvane-group"), standing(customer("corvane-group"), now=NOW))

    assert len(rows) >= 400
    assert sum(row.credits > 0 for row in rows) >= 390
    assert customer("corvane-group").licenses.count() == 60
    assert live("corvane-group").figure.balance > 0


@pytest.mark.parametrize("slug", [s.slug for s in STORIES if s.slug != "corvane-group"])
def test_what_is_no_longer_sold_is_listed_for_nobody_else(told: list[LogIn], slug: str) -> None:
    old = {offering.key for family in FAMILIES for offering in offerings(family)}
    listed = {
        r.offer.feature.key for r in holdings(customer(slug), standing(customer(slug), now=NOW))
    }

    assert len(old) == 370
    assert not listed & old
    assert len(listed) < 40


def test_the_short_customer_is_corrected_by_support(told: list[LogIn]) -> None:
    corrected = Operation.objects.get(
        customer__slug="borealis-freight", actor__email="sam.ito@vendor.example", kind="allocate"
    )

    assert live("borealis-freight").figure.balance < 0
    assert corrected.note.text.startswith("Six scanners")


def test_one_system_is_silent_and_one_is_not(told: list[LogIn]) -> None:
    found = {
        one.name: one.is_stale(NOW) for one in reporting(customer("meridian-clinics")).values()
    }

    assert found == {"Directory": False, "Access gateway": True}


def test_every_kind_of_act_is_shown_somewhere(told: list[LogIn]) -> None:
    done = set().union(*(kinds(story.slug) for story in STORIES))

    assert done >= {
        "grant", "allocate", "release", "move", "undo", "set-usage-source", "report-usage",
        "switch-billing", "apply-rates",
    }  # fmt: skip


def test_a_dated_rate_is_known_ahead_by_several_customers(told: list[LogIn]) -> None:
    slugs = ("halden-energy", "torvik-tools", "corvane-group")

    for slug in slugs:
        operation = Operation.objects.get(customer__slug=slug, kind="apply-rates")
        (entry,) = operation.entries.all()
        assert entry.effective_at > NOW
        assert entry.credits == 2 * units_of(slug)


def units_of(slug: str) -> Decimal:
    rows = holdings(customer(slug), standing(customer(slug), now=NOW))
    return next(row.units for row in rows if row.offer.feature.key == "email-core")


def test_the_office_and_every_customer_are_in_time_order(told: list[LogIn]) -> None:
    for owner in [None, *Customer.objects.filter(slug__in=[s.slug for s in STORIES])]:
        chain = Operation.objects.filter(customer=owner, source="demonstration")
        instants = list(chain.order_by("pk").values_list("recorded_at", flat=True))
        assert all(earlier < later for earlier, later in pairwise(instants))
        # Where the catalogue was loaded before, the office goes on from there.
        assert owner is None or all(at <= NOW for at in instants)


def test_the_products_own_file_says_nothing_new_afterwards(told: list[LogIn]) -> None:
    assert is_loaded()
    assert load_catalogue(CATALOGUE.read_text(encoding="utf-8")) is None


def test_the_reservation_is_told_in_the_drawer(told: list[LogIn]) -> None:
    text = page("maria.keller@halden.example", "/c/halden-energy/allocate/xdr-for-cloud/")

    assert "95 GB uploaded held until 7 Sep 2027, 00:00 UTC." in text
    assert "Lowering returns nothing before." in text
    assert "The next one starts at 60 GB uploaded: 2,160 credits." in text
    assert "95 GB uploaded × 36 credits = 3,420 credits" in text


def test_pay_as_you_go_is_told_in_the_list_and_in_the_drawer(told: list[LogIn]) -> None:
    listed = page("ines.duarte@meridian.example", "/c/meridian-clinics/allocate/")
    drawer = page("ines.duarte@meridian.example", "/c/meridian-clinics/allocate/file-security-sdk/")

    assert "Pay-as-you-go until 31 Oct 2027" in listed
    assert "is on pay-as-you-go since 31 Oct 2026 and holds no credits." in drawer
    assert "Its contract runs until 31 Oct 2027, 00:00 UTC" in drawer

"""Which license is told of, by which slot, and what is said of it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from billing.domain.notices import send_notices
from billing.domain.notices.words import told as told_words
from billing.models import Notice
from credits import clock
from credits.domain.licenses import GrantLicenses, Lot
from credits.domain.terms import term
from credits.models import License, LicenseKind
from tests.billing.notices.slots import (
    MICROSECOND,
    morning,
    only,
    run,
    run_around,
    run_at,
    run_days,
    told,
    told_by_day,
)
from tests.billing.story import Story, found_story, instant

ENDS = instant("2027-04-01T00:00")
"""The license of most tests: its last day is 31 March 2027."""

LEADS = [("license-90", 90), ("license-30", 30), ("license-7", 7), ("license-ended", 0)]


@pytest.fixture
def story(catalogue: None) -> Story:
    return found_story()


def year(story: Story, credits: int = 15_000, kind: str = LicenseKind.BOUGHT) -> License:
    return story.buy("2026-04-01T09:00", credits, "2026-04-01", "2027-03-31", kind=kind)


def renew(story: Story, when: str, old: License, credits: int, first: str, last: str) -> License:
    starts_at, ends_at = term(date.fromisoformat(first), date.fromisoformat(last))
    lot = Lot(credits=credits, starts_at=starts_at, ends_at=ends_at, renews=old)
    answer = story.post(when, GrantLicenses, lots=[lot])
    return License.objects.get(public_id=answer.data["licenses"][0])


@pytest.mark.parametrize(("kind", "days"), LEADS)
def test_a_notice_is_due_in_the_one_window_that_holds_its_instant(
    story: Story, kind: str, days: int
) -> None:
    year(story)
    due = ENDS - timedelta(days=days)

    run_at(due - MICROSECOND)
    assert kind not in told(story.customer)
    run_at(due + clock.DAY)
    assert kind not in told(story.customer)
    run_at(due + clock.DAY - MICROSECOND)
    assert told(story.customer).count(kind) == 1
    run_at(due)
    assert told(story.customer).count(kind) == 1
    assert Notice.objects.get(kind=kind).key == (
        f"license/{License.objects.get().public_id}/2027-03-31/{kind}"
    )


def test_a_paid_license_is_told_of_four_times(story: Story) -> None:
    year(story)

    run_around("2027-01-01", "2027-03-02", "2027-03-25", "2027-04-01")

    assert [one for one in told_by_day(story.customer) if one[1].startswith("license")] == [
        ("2027-01-01", "license-90"),
        ("2027-03-02", "license-30"),
        ("2027-03-25", "license-7"),
        ("2027-04-01", "license-ended"),
    ]


def test_converted_seats_are_told_of_as_bought_credits_are(story: Story) -> None:
    year(story, kind=LicenseKind.CONVERTED)

    run("2027-03-02")

    assert told(story.customer) == ["license-30"]


def test_a_trial_is_told_of_15_days_before_and_at_its_end(story: Story) -> None:
    year(story, kind=LicenseKind.TRIAL)
    story.buy("2026-04-02T09:00", 100, "2026-04-02", "2028-04-01")

    run_around("2027-01-01", "2027-03-02", "2027-03-17", "2027-03-25", "2027-04-01")

    assert told_by_day(story.customer) == [
        ("2027-03-17", "trial-15"),
        ("2027-04-01", "license-ended"),
    ]


def test_29_february_counts_in_days(story: Story) -> None:
    story.buy("2027-03-01T09:00", 500, "2027-03-01", "2028-02-29")

    run_around("2027-12-02", "2028-01-31", "2028-02-23", "2028-03-01")

    assert told_by_day(story.customer) == [
        ("2027-12-02", "license-90"),
        ("2028-01-31", "license-30"),
        ("2028-02-23", "license-7"),
        ("2028-03-01", "license-ended"),
    ]
    license = License.objects.get()
    facts = only(story.customer, "license-90").facts["license"]
    assert (facts["last_day"], facts["ends_at"]) == ("2028-02-29", "2028-03-01T00:00:00+00:00")
    assert license.ends_at == instant("2028-03-01T00:00")


def test_a_license_bought_inside_a_window_gets_the_nearest_later_notice(story: Story) -> None:
    story.buy("2027-03-10T09:00", 500, "2027-03-10", "2027-03-31")

    run_days("2027-03-11", "2027-03-26")

    assert told_by_day(story.customer) == [("2027-03-25", "license-7")]


def test_nothing_is_told_of_a_license_before_its_term(story: Story) -> None:
    story.buy("2026-04-01T09:00", 100, "2026-04-01", "2028-03-31")
    story.buy("2026-12-01T09:00", 500, "2027-02-10", "2027-03-31")

    run_around("2027-01-01", "2027-03-02")

    assert told_by_day(story.customer) == [("2027-03-02", "license-30")]


@pytest.mark.parametrize("credits", [15_000, 20_000])
def test_a_renewal_with_as_many_credits_leaves_nothing_to_tell(story: Story, credits: int) -> None:
    renew(story, "2026-12-01T09:00", year(story), credits, "2027-04-01", "2028-03-31")

    run_around("2027-01-01", "2027-03-02", "2027-03-25", "2027-04-01")

    assert told(story.customer) == []


def test_a_renewal_with_fewer_says_how_many_will_be_missing(story: Story) -> None:
    new = renew(story, "2026-12-01T09:00", year(story), 12_000, "2027-03-15", "2028-03-31")

    run("2027-03-02")

    notice = only(story.customer, "license-30")
    assert notice.facts["renewal_missing"] == 3_000
    assert notice.facts["renewal"]["id"] == str(new.public_id)
    said = told_words(notice)
    assert said.title == "L-201 ends on 31 Mar 2027: 15,000 credits, 3,000 of them are not renewed"
    assert "L-202 renews it from 15 Mar 2027 with 12,000 credits, 3,000 fewer." in said.sentences


def test_a_renewal_that_starts_later_leaves_a_gap_to_tell(story: Story) -> None:
    renew(story, "2026-12-01T09:00", year(story), 15_000, "2027-04-02", "2028-04-01")

    run("2027-03-02")

    said = told_words(only(story.customer, "license-30"))
    assert "L-202 renews it only from 2 Apr 2027, with 15,000 credits." in said.sentences


def test_a_renewal_that_was_voided_renews_nothing(story: Story) -> None:
    old = year(story)
    new = renew(story, "2026-12-01T09:00", old, 15_000, "2027-04-01", "2028-03-31")
    story.void("2026-12-02T09:00", new)

    run("2027-03-02")

    assert only(story.customer, "license-30").facts["renewal"] is None


def test_a_voided_license_is_told_of_no_more(story: Story) -> None:
    story.buy("2026-04-01T09:00", 100, "2026-04-01", "2029-03-31")
    story.void("2027-02-01T09:00", year(story))

    run_around("2027-03-02", "2027-03-25", "2027-04-01")

    assert told(story.customer) == []


def test_a_new_last_day_is_told_of_anew(story: Story) -> None:
    license = year(story)
    run("2027-03-02")
    story.extend("2027-03-20T09:00", license, "2027-07-01T00:00")

    run_around("2027-03-25", "2027-04-01", "2027-04-02", "2027-06-01", "2027-06-24", "2027-07-01")

    assert told_by_day(story.customer) == [
        ("2027-03-02", "license-30"),
        ("2027-04-02", "license-90"),
        ("2027-06-01", "license-30"),
        ("2027-06-24", "license-7"),
        ("2027-07-01", "license-ended"),
    ]


def test_a_late_slot_tells_by_the_terms_as_they_are_known_by_now(story: Story) -> None:
    license = year(story)
    story.extend("2027-03-04T09:00", license, "2027-07-01T00:00")

    with clock.moved_to(instant("2027-03-05T08:00")):
        send_notices(morning("2027-03-02"))

    assert told(story.customer) == []


def test_the_facts_say_what_the_end_breaks(story: Story) -> None:
    license = year(story)
    story.buy("2026-04-02T09:00", 7_000, "2026-04-02", "2028-03-31")
    story.allocate("2026-05-01T09:00", "email-core", 250)
    story.allocate("2026-05-02T09:00", "sandbox-daily-reserve", 30)

    run("2027-03-02")

    facts = only(story.customer, "license-30").facts
    assert (facts["valid"], facts["allocated"]) == (7_000, facts["missing"] + 7_000)
    assert facts["short"] == {"at": "2027-04-01T00:00:00+00:00", "missing": facts["missing"]}
    assert sum(one["credits"] for one in facts["touched"]) == facts["allocated"]
    assert [one["key"] for one in facts["touched"]] == ["email-core", "sandbox-daily-reserve"]
    assert facts["license"] == {
        "id": str(license.public_id),
        "label": "L-201",
        "kind": "bought",
        "credits": 15_000,
        "starts_at": "2026-04-01T00:00:00+00:00",
        "ends_at": "2027-04-01T00:00:00+00:00",
        "last_day": "2027-03-31",
    }
    assert (facts["days"], facts["access"]) == (29, None)


def test_the_last_license_says_when_access_ends(story: Story) -> None:
    year(story)

    run("2027-03-02")

    notice = only(story.customer, "license-30")
    assert notice.facts["access"] == {"ends_at": "2027-05-01T00:00:00+00:00", "has_grace": True}
    assert any("until 30 Apr 2027, end of day UTC" in one for one in told_words(notice).sentences)


def test_an_erased_customer_is_told_nothing(story: Story) -> None:
    year(story)
    type(story.customer.standing).objects.update(purged_at=instant("2027-03-01T00:00"))

    run("2027-03-02")

    assert told(story.customer) == []


@pytest.mark.parametrize("day", ["2026-11-24"])
def test_a_fresh_installation_floods_nobody(story: Story, day: str) -> None:
    story.buy("2026-01-02T09:00", 500, "2026-01-02", "2026-10-31")
    year(story)

    run(day)

    assert told(story.customer) == []


def test_many_licenses_of_one_customer_are_told_each(story: Story) -> None:
    for _ in range(3):
        year(story, 100)

    run("2027-03-02")

    labels = [n.facts["license"]["label"] for n in Notice.objects.order_by("pk")]
    assert labels == ["L-201", "L-202", "L-203"]


def test_nobody_who_lost_access_is_told_of_a_license(catalogue: None) -> None:
    story = found_story()
    story.buy("2026-01-05T09:00", 500, "2026-01-05", "2027-03-31", kind=LicenseKind.TRIAL)

    run("2027-04-01")

    assert told(story.customer) == ["locked"]

"""Rows that were booked ahead with an older act say what ends: a contract, a reservation."""

from __future__ import annotations

from decimal import Decimal

from billing.domain.annual import AnnualCredits
from billing.domain.explanation import Explanation, Question
from credits import clock
from credits.domain.billing_choice import SwitchBillingModel
from credits.domain.commands import Command
from credits.domain.moving import Move
from credits.domain.post import post
from credits.models import Feature, Side
from tests.billing.story import SHORTFALL, Story, instant
from tests.factories import credits as make

SDK, XDR = "file-security-sdk", "xdr-for-cloud"


def at(when: str, command: Command) -> None:
    with clock.moved_to(instant(when)):
        post(command)


def switch(story: Story, when: str, ends: str | None) -> None:
    contract = instant(f"{ends}T00:00") if ends else None
    ask = make.asked(actor=story.admin, confirmed_shortfall=SHORTFALL)
    at(
        when,
        SwitchBillingModel(
            customer=story.customer, asked=ask, feature=SDK, contract_ends_at=contract
        ),
    )


def facts(story: Story, key: str, known: str, until: str = "2028-12-31T00:00") -> list[str]:
    """The facts of a feature's rows, each with its credits."""
    feature = Feature.objects.get(key=key)
    question = Question(
        story.customer, Side.ALLOCATED, instant(until), instant(known), feature=feature
    )
    return [f"{row.entry.credits:+,} {row.cause.fact}" for row in Explanation(question).all_rows()]


def test_a_contract_begins_and_its_end_brings_the_credits_back(story: Story) -> None:
    story.allocate("2026-01-03T09:00", SDK, 700_000)
    switch(story, "2026-02-01T09:00", "2026-07-01")

    assert facts(story, SDK, "2026-02-02T00:00") == [
        "+10,000 700,000 scans = 2 blocks of 500,000 × 5,000",
        "-10,000 on pay-as-you-go, contract to 30 Jun 2026",
        "+10,000 pay-as-you-go contract ends, last day 30 Jun 2026: "
        "700,000 scans = 2 blocks of 500,000 × 5,000",
    ]


def test_going_back_early_takes_the_contracts_end_away(story: Story) -> None:
    story.allocate("2026-01-03T09:00", SDK, 400_000)
    switch(story, "2026-02-01T09:00", "2026-07-01")
    switch(story, "2026-04-01T09:00", None)

    assert facts(story, SDK, "2026-04-02T00:00")[-2:] == [
        "+5,000 back on credits: 400,000 scans = 1 block of 500,000 × 5,000",
        "-5,000 its contract's end, which fell away with it",
    ]


def test_a_feature_released_while_on_a_contract_is_off_at_its_end(story: Story) -> None:
    story.allocate("2026-01-03T09:00", SDK, 400_000)
    switch(story, "2026-02-01T09:00", "2026-07-01")
    story.release("2026-03-01T09:00", SDK)

    assert facts(story, SDK, "2026-04-02T00:00")[-1] == "-5,000 switched off"


def test_a_reservation_ends_and_the_next_one_begins(story: Story) -> None:
    story.allocate("2026-01-10T09:00", XDR, 80)
    story.allocate("2026-07-01T09:00", XDR, 20)
    story.allocate("2026-08-01T09:00", XDR, 100)

    assert facts(story, XDR, "2026-08-02T00:00") == [
        "+2,880 80 GB uploaded × 36",
        "-2,160 reservation ends, last day 9 Jan 2027",
        "+720 100 GB uploaded × 36",
        "+2,160 next reservation begins, first day 10 Jan 2027",
    ]


def test_a_reservation_that_was_switched_off_ends_with_its_period(story: Story) -> None:
    story.allocate("2026-01-10T09:00", XDR, 80)
    story.release("2026-07-01T09:00", XDR)

    assert facts(story, XDR, "2026-08-02T00:00")[-1] == (
        "-2,880 reservation ends, last day 9 Jan 2027"
    )


def test_a_first_short_date_is_caused_by_the_contract_that_ends(
    story: Story,
) -> None:
    story.buy("2025-12-01T09:00", 9_000, "2025-12-01", "2028-12-31")
    story.allocate("2026-01-03T09:00", SDK, 700_000)
    switch(story, "2026-02-01T09:00", "2026-07-01")
    with clock.moved_to(instant("2026-03-01T09:00")):
        page = AnnualCredits(story.customer, now=clock.now())

    assert page.live_outlook.cause == ("when the pay-as-you-go contract of File Security SDK ends")


def test_what_changes_at_a_roll_over_is_told_by_the_reservation(story: Story) -> None:
    story.buy("2025-12-01T09:00", 3_000, "2025-12-01", "2028-12-31")
    story.allocate("2026-01-10T09:00", XDR, 80)
    story.allocate("2026-07-01T09:00", XDR, 20)
    with clock.moved_to(instant("2026-09-01T09:00")):
        page = AnnualCredits(story.customer, now=clock.now())
    ends = instant("2027-01-10T00:00")

    feature = Feature.objects.get(key=XDR)
    told = page.rate_change(feature.pk, ends)

    assert told == "the reservation period of XDR for Cloud ends"
    assert page.rate_change(Feature.objects.get(key="email-core").pk, ends) == ""


def test_what_was_moved_says_what_either_side_holds(story: Story) -> None:
    story.allocate("2026-01-03T09:00", "email-core", 100)
    ask = make.asked(actor=story.admin, source="admin")
    at(
        "2026-02-01T09:00",
        Move(
            customer=story.customer,
            asked=ask,
            source="email-core",
            units=Decimal(10),
            target="email-sensor",
        ),
    )
    feature = Feature.objects.get(key="email-core")
    known = instant("2026-03-01T00:00")
    question = Question(story.customer, Side.ALLOCATED, known, known, feature=feature)
    row = list(Explanation(question).all_rows())[-1]

    assert (row.entry.credits, row.cause.fact) == (-250, "90 users × 25")
    assert (row.cause.act, row.cause.who) == ("Moved", "Maria Keller, by Support")

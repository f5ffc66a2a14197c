"""What is known to happen, told with its cause; the figures after it tie out with the ledger."""

from __future__ import annotations

from datetime import date, timedelta

from billing.domain.forecast import Forecast
from credits import clock
from credits.domain.billing_choice import SwitchBillingModel
from credits.domain.figures import Figure, figure, level
from credits.domain.post import post
from credits.domain.rate_run import apply_rates
from tests.billing.story import NOON, SHORTFALL, Story, instant
from tests.credits.rates.entering import enter
from tests.factories import credits as make

XDR, SDK = "xdr-for-cloud", "file-security-sdk"


def forecast(story: Story, now: str = NOON) -> Forecast:
    return Forecast(story.customer, now=instant(now))


def told(story: Story, now: str = NOON) -> list[str]:
    """Each instant with its words and the balance after it."""
    return [
        f"{line.at:%Y-%m-%d} {line.words} ({line.effect:+,}): {line.figure.balance:,}"
        for line in forecast(story, now).lines
    ]


def switch(story: Story, when: str, ends: str) -> None:
    ask = make.asked(actor=story.admin, confirmed_shortfall=SHORTFALL)
    with clock.moved_to(instant(when)):
        post(
            SwitchBillingModel(
                customer=story.customer, asked=ask, feature=SDK, contract_ends_at=instant(ends)
            )
        )


def test_each_license_that_ends_or_starts_is_a_line_with_the_balance_after_it(
    story: Story,
) -> None:
    story.buy("2026-01-02T09:00", 5_000, "2026-01-02", "2027-03-31")
    story.buy("2026-01-02T09:05", 3_000, "2027-02-01", "2028-01-31")

    assert told(story) == [
        "2027-02-01 L-202 starts (+3,000): 8,000",
        "2027-04-01 L-201 ends, last day 31 Mar 2027 (-5,000): 3,000",
        "2028-02-01 L-202 ends, last day 31 Jan 2028 (-3,000): 0",
    ]


def test_what_happens_at_one_instant_stands_in_one_line(story: Story) -> None:
    story.buy("2026-01-02T09:00", 5_000, "2026-01-02", "2027-03-31")
    story.buy("2026-01-02T09:05", 6_000, "2027-04-01", "2028-03-31")

    line = forecast(story).lines[0]

    assert [h.sentence for h in line.happenings] == [
        "L-201 ends, last day 31 Mar 2027",
        "L-202 starts",
    ]
    assert (line.effect, line.figure.valid) == (1_000, 6_000)


def test_an_end_that_was_moved_is_told_once(story: Story) -> None:
    license = story.buy("2026-01-02T09:00", 5_000, "2026-01-02", "2027-03-31")
    story.extend("2026-02-02T09:00", license, "2027-07-01T00:00")

    assert told(story) == ["2027-07-01 L-201 ends, last day 30 Jun 2027 (-5,000): 0"]


def test_a_reservation_that_ends_says_so(story: Story) -> None:
    story.allocate("2026-01-10T09:00", XDR, 80)
    story.allocate("2026-07-01T09:00", XDR, 20)

    [line] = forecast(story).lines

    assert line.at == instant("2027-01-10T00:00")
    assert line.words == "The reservation period of XDR for Cloud ends, last day 9 Jan 2027"
    assert line.effect > 0


def test_a_contract_that_ends_says_so(story: Story) -> None:
    story.allocate("2026-01-03T09:00", SDK, 400_000)
    switch(story, "2026-11-01T09:00", "2027-01-01T00:00")

    assert told(story) == [
        "2027-01-01 The pay-as-you-go contract of File Security SDK ends, "
        "last day 31 Dec 2026 (-5,000): -5,000"
    ]


def test_a_rate_that_changes_is_told_with_both_rates(story: Story) -> None:
    now = "2027-01-10T09:00"
    story.allocate(now, "email-core", 10)
    with clock.moved_to(instant("2027-01-10T09:30")):
        enter(date(2027, 3, 1))
        apply_rates()

    assert told(story, "2027-01-10T10:00") == [
        "2027-03-01 The rate of Core package goes from 25 to 30 credits per user (-50): -300"
    ]


def test_the_figures_after_each_line_are_those_of_the_ledger(halden: Story) -> None:
    story = halden
    story.allocate("2026-11-20T09:00", XDR, 80)
    found = forecast(story)
    known = found.position.known

    assert found.lines
    for line in found.lines:
        assert line.figure == figure(story.customer, at=line.at, known=known)


def test_the_outlook_names_the_first_short_date_and_what_it_would_touch(halden: Story) -> None:
    found = forecast(halden)
    short_at = instant("2027-04-01T00:00")
    held = found.touched

    assert found.short_at == short_at
    assert (found.outlook.balance, found.outlook.cause) == (-2_110, "when L-201 ends")
    assert held[0].feature.key == "endpoint-essentials"
    assert [h.credits for h in held] == sorted((h.credits for h in held), reverse=True)
    for holding in held:
        assert holding.credits == level(
            halden.customer,
            at=short_at,
            known=found.position.known,
            feature_id=holding.feature.pk,
        )


def test_a_shortage_of_today_says_when_it_is_over(story: Story) -> None:
    story.buy("2026-01-02T09:00", 2_000, "2026-12-01", "2027-11-30")
    story.allocate("2026-01-03T09:00", SDK, 100)
    story.release("2026-01-04T09:00", SDK)
    story.allocate("2026-01-05T09:00", "email-core", 20)

    found = forecast(story)

    assert found.position.figure.balance < 0
    assert found.short_at == found.position.at
    assert found.recovery is not None
    assert found.recovery.at == instant("2026-12-01T00:00")


def test_the_end_of_a_day_is_the_figure_until_midnight(story: Story) -> None:
    story.buy("2026-01-02T09:00", 5_000, "2026-01-02", "2027-03-31")
    found = forecast(story)

    assert found.at_end_of(date(2027, 3, 31)).figure == Figure(5_000, 0)
    assert found.at_end_of(date(2027, 4, 1)).figure == Figure(0, 0)
    answer = found.at_end_of(date(2027, 3, 31))
    assert answer.at == instant("2027-04-01T00:00") - timedelta(microseconds=1)


def test_empty_books_know_nothing_ahead(story: Story) -> None:
    found = forecast(story)

    assert found.is_empty
    assert found.lines == ()
    assert found.touched == []

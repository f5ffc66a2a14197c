"""Faults of the rules: reservations, pay-as-you-go, who states the units, moves, prices."""

from __future__ import annotations

from credits.domain import (
    allocations,
    billing_choice,
    booking,
    in_force,
    moving,
    pricing,
    reading,
    reservation,
    sources,
    usage,
)
from tests.planted.bugs import Bug
from tests.planted.planting import Constant, Edit, with_text

OF_RULES = (
    Bug(
        "a released reservation ends at once",
        Edit(
            reservation.Chain,
            "reach",
            "    self.counts = moment.counts\n",
            "    self.counts = moment.counts\n"
            "    self.period = self.period if self.counts else None\n",
        ),
    ),
    Bug(
        "a reservation is re-rated within its period",
        Edit(
            reservation.Chain,
            "reach",
            "    self.levels[moment.at] = self.level\n",
            "    if self.period:\n"
            "        self.period.rate = self.rate_at(moment.at) or self.period.rate\n"
            "    self.levels[moment.at] = self.level\n",
        ),
    ),
    Bug(
        "a reservation follows the newest statement down",
        Edit(
            reservation.Chain,
            "reach",
            "max(self.period.highest, stated.quantity)",
            "stated.quantity",
        ),
    ),
    Bug(
        "the next period keeps the highest of the one before",
        Edit(
            reservation.Chain,
            "roll_over",
            "self.used if self.typed is None else self.typed",
            "ended.highest",
        ),
    ),
    Bug(
        "what is used counts as typed",
        Edit(reservation.Chain, "remember", "if stated.by_hand:", "if True:"),
    ),
    Bug(
        "a roll-over is not booked ahead",
        Edit(reservation, "reserved_levels", "if chain.period:", "if False:"),
    ),
    Bug(
        "a period is a month too long",
        Constant(reservation, "PERIOD_MONTHS", lambda months: months + 1),
    ),
    Bug(
        "a period's first day is taken an hour late",
        Edit(
            reservation.Chain,
            "begin",
            "day = clock.day_of(at)",
            "day = clock.day_of(at + timedelta(hours=1))",
        ),
    ),
    Bug(
        "a reservation is withdrawn by the customer at any time",
        Edit(allocations, "check_withdrawable", "and reserved.exists()", "and False"),
    ),
    Bug(
        "a feature is switched again a day early",
        Edit(
            billing_choice,
            "again_from",
            "timedelta(days=DAYS_BETWEEN_SWITCHES)",
            "timedelta(days=DAYS_BETWEEN_SWITCHES - 1)",
        ),
    ),
    Bug(
        "a feature on pay-as-you-go holds credits",
        Edit(
            booking,
            "chosen",
            "(ended or choice.billing_model == BillingModel.CREDITS)",
            "(ended or True)",
        ),
    ),
    Bug(
        "a contract has no end",
        Edit(booking, "chosen", "choice.until is not None and at >= choice.until", "False"),
    ),
    Bug(
        "a contract's last instant belongs to it",
        Edit(booking, "chosen", "at >= choice.until", "at > choice.until"),
    ),
    Bug(
        "a running reservation is switched",
        Edit(
            billing_choice.SwitchBillingModel,
            "check_switchable",
            "feature.pk in facts.reserved and",
            "False and",
        ),
    ),
    Bug(
        "revisions are not compared",
        Edit(in_force, "instant_order", 'getattr(fact, "revision", 0)', "0"),
    ),
    Bug(
        "revisions are not compared where facts are read",
        Constant(reading, "STATEMENT", with_text("at DESC, revision DESC", "at DESC")),
    ),
    Bug(
        "a report of five minutes ahead is refused",
        Edit(usage, "check_instant", "at > now + AHEAD", "at >= now + AHEAD"),
    ),
    Bug(
        "a report of 400 days ago is refused",
        Edit(usage, "check_instant", "at < now - OLDEST", "at <= now - OLDEST"),
    ),
    Bug(
        "anybody types where a system reports",
        Edit(sources, "check_by_hand", "source is not None", "False"),
    ),
    Bug(
        "a move gives a unit too few",
        Edit(moving, "most_units", "return low", "return max(low - 1, 0)"),
    ),
    Bug(
        "a bundle counts with one of its parts",
        Edit(pricing, "price", "holding >= set(rate.parts)", "holding & set(rate.parts)"),
    ),
    Bug(
        "an account's cap is ignored",
        Edit(pricing, "by_step", "cost if rate.cap is None else min(cost, rate.cap)", "cost"),
    ),
)

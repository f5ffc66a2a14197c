"""A sample of any kind is made of the customer's own licenses and figures, and saves nothing."""

from __future__ import annotations

import pytest

from billing.domain.notices.samples import sample
from billing.domain.notices.words import told as told_words
from billing.models import Notice, NoticeKind, WatchedState
from credits.models import Customer, OutgoingMail
from tests.billing.notices.slots import morning
from tests.billing.story import NOON, Story, instant

AS_OF = instant(NOON)


def subject(kind: NoticeKind, customer: Customer) -> str | None:
    notice = sample(kind, customer, AS_OF)
    return told_words(notice).title if notice else None


def test_each_kind_is_filled_from_what_is_there(halden: Story) -> None:
    mails = OutgoingMail.objects.count()
    customer = halden.customer

    found = {kind: subject(kind, customer) for kind in NoticeKind}

    ends = "L-201 ends on 31 Mar 2027: 15,000 credits, 2,110 will be short"
    assert found[NoticeKind.LICENSE_90] == found[NoticeKind.LICENSE_7] == ends
    assert found[NoticeKind.LICENSE_ENDED] == (
        "L-201 ended on 31 Mar 2027: 15,000 credits, 2,110 are short"
    )
    assert found[NoticeKind.SHORT_AHEAD] == (
        "Halden Energy will be 2,110 credits short from 1 Apr 2027 on"
    )
    assert found[NoticeKind.LOCKED] == "Access of Halden Energy ended on 30 Jan 2028"
    assert found[NoticeKind.PURGE_AHEAD] == (
        "Everything of Halden Energy can be erased from 1 Mar 2028 on"
    )
    assert found[NoticeKind.PURGED] == "Everything of Halden Energy was erased"
    assert {kind for kind, words in found.items() if words is None} == {
        NoticeKind.TRIAL_15,
        NoticeKind.NEGATIVE,
        NoticeKind.WEEKLY,
    }
    assert (Notice.objects.count(), WatchedState.objects.count()) == (0, 0)
    assert OutgoingMail.objects.count() == mails


def test_a_license_that_has_ended_stands_where_none_will(halden: Story) -> None:
    notice = sample(NoticeKind.LICENSE_30, halden.customer, morning("2030-01-01"))

    assert notice is not None
    assert notice.facts["license"]["ends_at"] == "2028-01-01T00:00:00+00:00"


def test_a_balance_below_zero_is_a_sample_of_its_own(halden: Story) -> None:
    halden.allocate("2026-11-24T11:00", "email-core", 2_500)

    assert "credits short" in str(subject(NoticeKind.NEGATIVE, halden.customer))
    assert subject(NoticeKind.NEGATIVE_OVER, halden.customer) is None
    assert subject(NoticeKind.SHORT_AHEAD, halden.customer) is None
    # Levels are silent below zero, and a mail that says otherwise would be untrue.
    assert subject(NoticeKind.LOW_BALANCE, halden.customer) is None
    assert subject(NoticeKind.LOW_BALANCE_OVER, halden.customer) is None


@pytest.mark.parametrize("kind", [kind for kind in NoticeKind if kind != NoticeKind.PURGED])
def test_who_holds_nothing_has_no_sample(customer: Customer, kind: NoticeKind) -> None:
    assert sample(kind, customer, AS_OF) is None

"""What is told of a customer on one morning goes in one mail to each recipient."""

from __future__ import annotations

import pytest

from billing.models import Notice, NoticeKind
from credits import clock
from credits.models import OutgoingMail
from tests.billing.notices.slots import morning, run, told
from tests.billing.story import Story, found_story

CORE = "email-core"
DAY = "2027-03-02"
"""30 days before the licenses end."""


@pytest.fixture
def story(catalogue: None) -> Story:
    return found_story()


def licensed(story: Story, credits: int, until: str = "2027-03-31") -> None:
    story.buy("2026-04-01T09:00", credits, "2026-04-01", until)


def mails(story: Story) -> list[OutgoingMail]:
    """Every mail of the customer's notices, in the order of their writing."""
    return list(
        OutgoingMail.objects.filter(customer=story.customer, kind__in=NoticeKind.values).order_by(
            "pk"
        )
    )


def test_ends_of_one_morning_are_one_mail_and_stand_in_it_one_by_one(story: Story) -> None:
    for bought in (3_000, 4_000, 5_000):
        licensed(story, bought)

    run(DAY)

    assert told(story.customer) == ["license-30"] * 3
    (mail,) = mails(story)
    assert (
        mail.subject
        == "L-201 ends on 31 Mar 2027: 3,000 credits (Halden Energy), and 2 more notices"
    )
    for number, (label, credits) in enumerate(
        (("L-201", "3,000"), ("L-202", "4,000"), ("L-203", "5,000")), start=1
    ):
        title = f"{label} ends on 31 Mar 2027: {credits} credits"
        assert f"{number}. {title}\n" in mail.text
        assert f"<h2>{title}</h2>" in mail.html
        assert f"credits={credits.replace(',', '')}&" in mail.text
    assert mail.text.count("/forecast/") == mail.html.count("/forecast/") == 1


def test_the_calendar_has_every_end_and_the_end_of_access_once(story: Story) -> None:
    licensed(story, 3_000)
    licensed(story, 4_000)

    run(DAY)

    lines = mails(story)[0].calendar.replace("\r\n ", "").split("\r\n")
    said = sorted(line.partition(": ")[2] for line in lines if line.startswith("SUMMARY"))
    assert said == [
        "L-201 ends\\, last day 31 Mar 2027",
        "L-202 ends\\, last day 31 Mar 2027",
        "access ends\\, last day 30 Apr 2027",
    ]


def test_a_shortage_that_a_license_names_is_not_said_twice(story: Story) -> None:
    licensed(story, 15_000)
    story.allocate("2026-05-01T09:00", CORE, 250)

    run(DAY)

    assert told(story.customer) == ["license-30", "short-ahead"]
    (mail,) = mails(story)
    assert mail.kind == "license-30"
    assert "and 1 more" not in mail.subject
    assert "will be" in mail.subject
    assert mail.text.count("will be") == 1


def test_a_shortage_that_has_come_is_not_said_twice(story: Story) -> None:
    licensed(story, 15_000)
    licensed(story, 1_000, until="2028-03-31")
    story.allocate("2026-05-01T09:00", CORE, 250)

    run("2027-04-01")

    assert told(story.customer) == ["license-ended", "negative"]
    (mail,) = mails(story)
    assert mail.subject.startswith("L-201 ended on 31 Mar 2027: 15,000 credits, ")
    assert mail.text.count("Nothing is switched off for that.") == 1


def test_a_shortage_of_another_day_is_said_beside_the_license(story: Story) -> None:
    licensed(story, 15_000, until="2027-03-20")
    licensed(story, 5_000)
    licensed(story, 5_000, until="2028-03-31")
    story.allocate("2027-03-01T09:00", CORE, 450)

    run(DAY)

    assert told(story.customer) == ["license-30", "short-ahead"]
    (mail,) = mails(story)
    assert "from 21 Mar 2027 on" in mail.text
    assert mail.subject.endswith(", and 1 more notice")


def test_the_most_urgent_comes_first(story: Story) -> None:
    licensed(story, 3_000)
    licensed(story, 1_000, until="2028-03-31")
    story.allocate("2027-03-01T09:00", CORE, 250)

    run(DAY)

    assert told(story.customer) == ["license-30", "negative"]
    (mail,) = mails(story)
    assert mail.kind == "negative"
    assert mail.subject.startswith("Halden Energy is ")
    assert mail.subject.endswith(" credits short, and 1 more notice")
    assert mail.text.index("Halden Energy is ") < mail.text.index("L-201 ends")


def test_what_is_found_later_goes_in_a_mail_of_its_own(story: Story) -> None:
    licensed(story, 3_000)
    run(DAY)
    licensed(story, 4_000)

    with clock.moved_to(morning(DAY)):
        run(DAY)

    assert Notice.objects.count() == 2
    first, second = mails(story)
    assert "L-202" not in first.text
    assert second.subject == "L-202 ends on 31 Mar 2027: 4,000 credits (Halden Energy)"


def test_customers_are_never_told_together(story: Story) -> None:
    other = found_story("Borealis Freight")
    other.numbers = story.numbers
    for one in (story, other):
        licensed(one, 3_000)

    run(DAY)

    for one, stranger in ((story, other), (other, story)):
        (mail,) = mails(one)
        assert mail.to == one.admin.email
        assert stranger.customer.name not in f"{mail.subject} {mail.text} {mail.html}"

"""The mail of a notice: who gets it, in whose zone, and hostile names in it."""

from __future__ import annotations

from email import message_from_bytes, policy
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from billing.domain.notices.samples import sample
from billing.domain.notices.telling import SHUT, mail_of
from billing.domain.notices.words import told as told_words
from billing.models import Notice, NoticeKind
from credits.domain.customer_settings import SetRecipients
from credits.domain.mail import draft_mail, message_of
from credits.domain.post import post
from credits.models import Customer, Feature, Membership, OutgoingMail, Role, User
from tests.billing.notices.slots import choose, morning, newest_mail, only, run
from tests.billing.story import Story, found_story
from tests.factories import credits as make

HOSTILE = 'A <b>&amp; "B"\n{{ x }} \u202eé, ;\\ L\u00e9o'


@pytest.fixture
def story(catalogue: None) -> Story:
    return found_story()


def licensed(story: Story) -> None:
    story.buy("2026-04-01T09:00", 15_000, "2026-04-01", "2027-03-31")


def recipients() -> list[str]:
    mails = OutgoingMail.objects.filter(kind="license-30").order_by("to")
    return list(mails.values_list("to", flat=True))


def admin(story: Story, email: str, **fields: Any) -> User:
    return make.make_member(story.customer, make.make_user(email=email, **fields), Role.ADMIN)


def test_without_a_choice_all_admins_are_told_and_no_viewer(story: Story) -> None:
    licensed(story)
    second = admin(story, "zoe@example.org")
    make.make_member(story.customer, make.make_user(email="view@example.org"), Role.VIEWER)

    run("2027-03-02")

    assert recipients() == sorted([story.admin.email, second.email])


def test_the_chosen_ones_are_told_alone(story: Story) -> None:
    licensed(story)
    second = admin(story, "zoe@example.org")
    chosen = frozenset({str(second.public_id)})
    post(SetRecipients(customer=story.customer, asked=make.asked(), chosen=chosen))

    run("2027-03-02")

    assert recipients() == ["zoe@example.org"]


def test_with_nobody_to_tell_the_notice_stands_all_the_same(story: Story) -> None:
    licensed(story)
    Membership.objects.filter(customer=story.customer).delete()

    run("2027-03-02")

    assert recipients() == []
    assert Notice.objects.count() == 1


def test_another_customers_admins_hear_nothing(story: Story, carol: User) -> None:
    licensed(story)

    run("2027-03-02")

    assert recipients() == [story.admin.email]


def test_the_mail_says_the_thing_itself(story: Story) -> None:
    licensed(story)
    story.allocate("2026-05-01T09:00", "email-core", 250)
    User.objects.filter(pk=story.admin.pk).update(time_zone="Europe/Berlin")

    run("2027-03-02")

    mail = OutgoingMail.objects.get(kind="license-30")
    notice = only(story.customer, "license-30")
    missing = f"{notice.facts['missing']:,}"
    assert mail.subject == (
        f"L-201 ends on 31 Mar 2027: 15,000 credits, {missing} will be short (Halden Energy)"
    )
    assert mail.key == f"{notice.key}/{story.admin.public_id}"
    page = f"http://localhost:8000/c/{story.customer.slug}"
    for words in (
        "Its last day is 31 Mar 2027, end of day UTC: "
        "it stops on 1 Apr 2027, 00:00 UTC (02:00 CEST).",
        f"so {missing} are short. Nothing is switched off for that.",
        "No license renews it.",
        "access ends on 1 May 2027, 00:00 UTC (02:00 CEST)",
        f"{page}/licenses/{notice.facts['license']['id']}/",
        f"{page}/forecast/",
        f"{page}/requests/new/?credits={notice.facts['missing']}&cause=shortage&on=2027-04-01",
        f"{page}/allocate/",
        f"{page}/settings/notifications/",
        "You get this as a recipient of the notices of Halden Energy.",
    ):
        assert words in mail.text
    assert "\n\n\n" not in mail.text


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        ("UTC", "it stops on 1 Apr 2027, 00:00 UTC."),
        ("America/New_York", "1 Apr 2027, 00:00 UTC (31 Mar 2027, 20:00 EDT)"),
        ("Asia/Kathmandu", "1 Apr 2027, 00:00 UTC (05:45 +0545)"),
        ("Australia/Lord_Howe", "1 Apr 2027, 00:00 UTC (11:00 +11)"),
        ("Pacific/Apia", "1 Apr 2027, 00:00 UTC (13:00 +13)"),
    ],
)
def test_each_reads_the_same_instant_in_his_own_zone(story: Story, zone: str, words: str) -> None:
    licensed(story)
    User.objects.filter(pk=story.admin.pk).update(time_zone=zone)

    run("2027-03-02")

    mail = OutgoingMail.objects.get(kind="license-30")
    assert words in mail.text
    assert "31 Mar 2027" in mail.subject


def test_the_page_names_the_day_that_the_mail_names(story: Story) -> None:
    licensed(story)
    User.objects.filter(pk=story.admin.pk).update(time_zone="Pacific/Apia")
    run("2027-03-02")
    mail = OutgoingMail.objects.get(kind="license-30")

    with timezone.override(ZoneInfo("Pacific/Apia")):
        said = told_words(only(story.customer, "license-30"))

    assert f"{said.title} (Halden Energy)" == mail.subject
    assert all(sentence in mail.text for sentence in said.sentences)


def test_the_calendar_has_the_end_and_the_end_of_access(story: Story) -> None:
    licensed(story)

    run("2027-03-02")

    file = OutgoingMail.objects.get(kind="license-30").calendar.replace("\r\n ", "")
    lines = file.split("\r\n")
    assert lines.count("BEGIN:VEVENT") == 2
    assert "SUMMARY:Halden Energy: L-201 ends\\, last day 31 Mar 2027" in lines
    assert "SUMMARY:Halden Energy: access ends\\, last day 30 Apr 2027" in lines
    days = [line for line in lines if line.startswith("DTSTART")]
    assert days == ["DTSTART;VALUE=DATE:20270401", "DTSTART;VALUE=DATE:20270501"]


def test_a_notice_of_the_balance_has_no_calendar(story: Story) -> None:
    licensed(story)
    story.allocate("2026-05-01T09:00", "email-core", 2_500)

    run("2026-05-02")

    assert newest_mail().kind == "negative"
    assert newest_mail().calendar == ""


def hostile(story: Story) -> Customer:
    """A customer with everything a notice can be about, under a name that means mischief."""
    licensed(story)
    story.buy("2026-04-02T09:00", 700, "2026-04-02", "2027-05-31", kind="trial")
    story.allocate("2026-05-01T09:00", "email-core", 250)
    Customer.objects.filter(pk=story.customer.pk).update(name=HOSTILE)
    User.objects.filter(pk=story.admin.pk).update(name=HOSTILE, time_zone="Asia/Kathmandu")
    story.admin.refresh_from_db()
    return Customer.objects.get(pk=story.customer.pk)


@pytest.mark.parametrize("kind", [kind for kind in NoticeKind if kind != NoticeKind.WEEKLY])
def test_hostile_names_stay_text_in_every_kind(story: Story, kind: NoticeKind) -> None:
    customer = hostile(story)
    as_of = morning("2026-11-24")
    if kind == NoticeKind.NEGATIVE:
        story.allocate("2026-11-20T09:00", "email-core", 2_500)
    notice = sample(kind, customer, as_of)
    assert notice is not None

    mail = draft_mail(**mail_of(notice, story.admin))

    raw = message_of(mail).message().as_bytes()
    parsed = message_from_bytes(raw, policy=policy.default)
    assert "\n" not in mail.subject
    assert str(parsed["Subject"]).strip() == mail.subject
    assert " ".join(HOSTILE.split()) in mail.subject
    assert "<b>" not in mail.html
    assert "{{ x }}" in mail.html
    assert "None" not in mail.text
    assert "%(" not in mail.text
    for line in mail.calendar.split("\r\n"):
        assert len(line.encode()) <= 75
        assert "\n" not in line


def test_hostile_names_of_features_stay_text(story: Story) -> None:
    licensed(story)
    story.allocate("2026-05-01T09:00", "email-core", 250)
    Feature.objects.filter(key="email-core").update(name=HOSTILE)

    run("2027-03-02")

    mail = OutgoingMail.objects.get(kind="license-30")
    assert HOSTILE.partition("\n")[0] in mail.text
    assert "<b>" not in mail.html
    assert "&lt;b&gt;&amp;amp; &quot;B&quot;" in mail.html


def test_a_shortage_that_is_there_already_is_not_told_as_one_to_come(story: Story) -> None:
    licensed(story)
    story.buy("2026-04-02T09:00", 500, "2026-04-02", "2028-03-31")
    story.allocate("2026-05-01T09:00", "email-core", 2_500)

    run("2027-03-02")

    (said,) = [
        sentence
        for sentence in told_words(only(story.customer, "license-30")).sentences
        if "already" in sentence
    ]
    assert said.startswith("Credits are short already: ")
    assert said.endswith(" on 2 Mar 2027, 06:00 UTC.")


def test_without_a_shortage_nobody_is_led_to_ask_because_of_one(story: Story) -> None:
    licensed(story)

    run("2027-03-02")

    text = OutgoingMail.objects.get(kind="license-30").text
    assert "/requests/new/?credits=15000&cause=other&on=2027-04-01" in text


def test_what_has_ended_is_told_as_of_now(story: Story) -> None:
    licensed(story)
    story.allocate("2026-05-01T09:00", "email-core", 250)

    run("2027-04-01")

    text = OutgoingMail.objects.get(kind="license-ended").text
    assert "It touches what holds credits: " in text


def test_a_closed_page_is_not_offered_as_an_open_one(story: Story) -> None:
    licensed(story)

    run("2027-05-01")

    text = OutgoingMail.objects.get(kind="locked").text
    assert "See what ended and whom to ask:" in text
    assert "Open Annual credits" not in text


def test_while_the_pages_are_open_a_mail_says_how_to_change_who_gets_it(story: Story) -> None:
    customer = hostile(story)
    as_of = morning("2026-11-24")

    for kind in NoticeKind:
        if (notice := sample(kind, customer, as_of)) is None:
            continue
        mail = draft_mail(**mail_of(notice, story.admin))
        assert (f"/c/{customer.slug}/settings/" in mail.text) is (kind not in SHUT)
        assert (f"/c/{customer.slug}/settings/" in mail.html) is (kind not in SHUT)


def test_prices_are_in_no_mail(story: Story) -> None:
    customer = hostile(story)

    for kind in NoticeKind:
        if (notice := sample(kind, customer, morning("2026-11-24"))) is not None:
            text = draft_mail(**mail_of(notice, story.admin)).text
            assert not any(sign in text for sign in ("$", "€", "EUR", "USD"))


def test_a_choice_of_levels_reaches_the_mail(story: Story) -> None:
    licensed(story)
    choose(story, "2026-04-02T09:00", 90)
    story.allocate("2026-05-01T09:00", "email-core", 100)

    run("2026-05-02")

    assert newest_mail().subject == "Halden Energy has less than 90 % of its valid credits left"

"""Who is told of a request, its answer and its purchase, and in which words."""

from __future__ import annotations

from decimal import Decimal

from billing.models import CreditRequest, RequestCause
from credits.domain.contacts import sales_contacts
from credits.domain.members import RemoveMember
from credits.domain.post import post
from credits.models import Customer, OutgoingMail, User
from credits.roles import StaffRole
from tests.billing.ordering import buy, line, today
from tests.billing.requests.asking import answer, in_days, request_for, withdraw
from tests.factories import credits as make


def mails(kind: str) -> list[OutgoingMail]:
    return list(OutgoingMail.objects.filter(kind=kind).order_by("to"))


def to(kind: str) -> list[str]:
    return [mail.to for mail in mails(kind)]


def test_the_assigned_reps_are_told(
    customer: Customer, alice: User, rep: User, manager: User
) -> None:
    second = make.make_staff(make.make_user(email="ann@vendor.example"), StaffRole.SALES_REP)
    make.assign_rep(customer, second)
    make.make_staff(make.make_user(email="free@vendor.example"), StaffRole.SALES_REP)

    found = request_for(customer, alice, words="Two <new> sites.", key="once")
    request_for(customer, alice, words="Two <new> sites.", key="once")

    assert to("request-asked") == ["ann@vendor.example", rep.email]
    mail = mails("request-asked")[0]
    assert mail.subject == "Halden Energy asks for 5,400 credits"
    assert (mail.customer, mail.operation) == (customer, found.operation)
    for words in (
        f"Halden Energy asks for 5,400 credits by {found.needed_on:%-d %b %Y}.",
        "Cause: Another reason",
        "Asked by Alice Brandt, alice@example.org.",
        f"/c/{customer.slug}/requests/{found.public_id}/",
    ):
        assert words in mail.text
    assert "“Two <new> sites.”" in mail.text
    assert "Two &lt;new&gt; sites." in mail.html


def test_the_cause_is_told_with_its_date_and_license(
    customer: Customer, alice: User, rep: User
) -> None:
    license = make.grant(customer, 700, today(), in_days(9))
    make.grant(customer, 100, today(), in_days(200))
    make.allocate(customer, "endpoint-sandbox-submission", 100)

    request_for(customer, alice, cause=RequestCause.SHORTAGE, words="")

    day = f"{in_days(10):%-d %b %Y}"
    assert f"600 short from {day}, when {license.label} ends" in mails("request-asked")[0].text


def test_without_a_rep_the_sales_managers_are_told(
    customer: Customer, alice: User, manager: User
) -> None:
    request_for(customer, alice)

    assert to("request-asked") == [manager.email]


def test_a_rep_who_cannot_log_in_is_nobody_to_write_to(
    customer: Customer, alice: User, rep: User, manager: User
) -> None:
    User.objects.filter(pk=rep.pk).update(is_active=False)

    assert sales_contacts(customer) == [manager]


def test_without_anybody_at_sales_the_request_is_kept(customer: Customer, alice: User) -> None:
    found = request_for(customer, alice)

    assert not OutgoingMail.objects.filter(operation=found.operation).exists()
    assert CreditRequest.objects.get() == found


def test_who_asked_is_told_the_answer(customer: Customer, alice: User, rep: User) -> None:
    found = request_for(customer, alice)

    answer(found, rep, "A quote follows.", key="once")
    answer(found, rep, "A quote follows.", key="once")

    (mail,) = mails("request-answered")
    assert mail.to == alice.email
    assert mail.subject == "Request R-1 for 5,400 credits is answered"
    assert "Rina Holm, rep@vendor.example, writes:\n“A quote follows.”" in mail.text
    assert "“A quote follows.”" in mail.html


def test_who_asked_is_told_the_purchase_and_no_price(
    customer: Customer, alice: User, rep: User
) -> None:
    found = request_for(customer, alice)

    price = {"price": Decimal("1234.50"), "currency": "EUR"}
    buy(customer, "SO-7", line(5_000), actor=rep, settles=found.public_id, **price)

    (mail,) = mails("request-purchased")
    assert mail.to == alice.email
    assert "is settled: order SO-7 is recorded." in mail.text
    assert "L-201: 5,000 credits, " in mail.text
    assert "234" not in mail.text + mail.html


def test_who_has_left_is_told_nothing_and_the_admins_are(
    customer: Customer, alice: User, carol: User, rep: User
) -> None:
    found = request_for(customer, alice)
    make.make_member(customer, carol, "admin")
    post(
        RemoveMember(customer=customer, asked=make.asked(actor=carol), member=str(alice.public_id))
    )

    answer(found, rep)

    assert to("request-answered") == [carol.email]


def test_a_withdrawal_sends_nothing(customer: Customer, alice: User, rep: User) -> None:
    found = request_for(customer, alice)
    before = OutgoingMail.objects.count()

    withdraw(found, alice)

    assert OutgoingMail.objects.count() == before

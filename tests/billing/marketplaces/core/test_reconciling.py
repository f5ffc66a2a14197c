"""What differs is listed, gone when it agrees again, and repaired on a person's word alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from billing.domain.marketplaces.linking import follow
from billing.domain.marketplaces.providers import Item, Truth, Vanished
from billing.domain.marketplaces.reconciling import NotAllReconciled, reconcile, repair
from billing.domain.order_changes.cancelling import cancel, cancel_purchase
from billing.models import MarketplaceDifference, MarketplaceMessage
from credits.admin.correcting import correction_url
from credits.domain.licenses import VoidLicense
from credits.domain.post import post
from credits.models import Customer, License, Operation, OutgoingMail, User
from credits.roles import StaffRole
from tests.billing.marketplaces.core import fake
from tests.billing.marketplaces.core.conftest import NOW
from tests.billing.marketplaces.core.fake import agreement, day, linked, send
from tests.billing.marketplaces.core.reading import orders, valid
from tests.billing.marketplaces.core.test_applying import apply
from tests.billing.marketplaces.core.test_linking import key_of, text_of
from tests.factories import credits as make

pytestmark = pytest.mark.django_db


def found(**fields: object) -> list[tuple[str, str, str]]:
    """The differences, by kind."""
    rows = MarketplaceDifference.objects.filter(**{"state": "open", **fields}).order_by("kind")
    return [(row.kind, row.ours, row.theirs) for row in rows]


@pytest.fixture
def support(customer: Customer) -> User:
    return make.make_staff(make.make_user(email="support@vendor.example"), StaffRole.SUPPORT)


def test_what_agrees_is_no_difference(customer: Customer) -> None:
    truth = agreement()
    follow(linked(truth, customer))

    assert reconcile(NOW) == {"agreements": 1, "open": 0, "gone": 0}


def test_a_lost_message_is_found_as_what_it_would_have_changed(customer: Customer) -> None:
    truth = agreement()
    follow(linked(truth, customer))
    fake.aws().change(
        truth.reference,
        items=[Item(fake.PLAN, 15)],
        ends_at=day("2028-11-10T13:37:00+00:00"),
        state="suspended",
    )

    reconcile(NOW)

    assert found() == [
        ("end", "Last day 10 Nov 2027", "Last day 10 Nov 2028"),
        ("state", "Active", "Suspended"),
        ("units", "10,000 credits", "15,000 credits"),
    ]
    assert valid(customer) == 10_000, "nothing is repaired by itself"


def test_the_same_night_again_finds_the_same(customer: Customer) -> None:
    follow(linked(truth := agreement(), customer))
    fake.aws().change(truth.reference, items=[Item(fake.PLAN, 15)])

    for _run in range(3):
        reconcile(NOW)
    reconcile(NOW + timedelta(days=1))

    row = MarketplaceDifference.objects.get()
    assert (row.found_at, row.seen_at) == (NOW, NOW + timedelta(days=1))


def test_what_agrees_again_is_gone(customer: Customer) -> None:
    follow(linked(truth := agreement(), customer))
    fake.aws().change(truth.reference, items=[Item(fake.PLAN, 15)])
    reconcile(NOW)
    send(truth)
    apply()

    assert reconcile(NOW)["gone"] == 1
    assert not found()
    assert MarketplaceDifference.objects.get().state == "gone"


def test_agreements_that_only_one_side_knows(customer: Customer) -> None:
    follow(linked(ours := agreement(), customer))
    del fake.aws().said[ours.reference]
    agreement("arn:aws:license-manager::1:license:l-theirs")
    agreement("arn:aws:license-manager::1:license:l-over", state="ended")

    reconcile(NOW)

    assert found() == [
        ("unknown-to-them", "Active", "Never heard of"),
        ("unknown-to-us", "Never heard of", "Active"),
    ]


def test_without_an_answer_nothing_is_said_to_be_gone(customer: Customer) -> None:
    follow(linked(truth := agreement(), customer))
    fake.aws().change(truth.reference, items=[Item(fake.PLAN, 15)])
    reconcile(NOW)
    fake.aws().is_silent = True

    with pytest.raises(NotAllReconciled, match="aws"):
        reconcile(NOW + timedelta(days=1))

    assert [kind for kind, _ours, _theirs in found()] == ["units"]


def test_a_difference_that_stands_for_a_day_is_told(customer: Customer, support: User) -> None:
    follow(linked(truth := agreement(), customer))
    fake.aws().change(truth.reference, items=[Item(fake.PLAN, 15)])
    reconcile(NOW)

    apply(23 * 60)
    assert not OutgoingMail.objects.filter(kind="marketplaces-late").exists()
    apply(25 * 60)

    mail = OutgoingMail.objects.get(kind="marketplaces-late")
    assert mail.to == support.email
    assert "1 difference between a marketplace and our purchases stands open" in " ".join(
        mail.text.split()
    )


def test_support_repairs_it_with_a_reason(
    customer: Customer, support: User, client: Client
) -> None:
    follow(linked(truth := agreement(), customer))
    fake.aws().change(truth.reference, items=[Item(fake.PLAN, 15)])
    reconcile(NOW)
    row = MarketplaceDifference.objects.get()
    url = correction_url(row, "repair")
    client.force_login(support)
    page = client.get(url)
    assert "Ours: 10,000 credits. Theirs: 15,000 credits." in text_of(page)
    assert client.post(url, {"form_key": key_of(page), "reason": ""}).status_code == 422
    assert valid(customer) == 10_000

    answer = client.post(url, {"form_key": key_of(page), "reason": "A message was lost."})

    assert answer.status_code == 303
    assert valid(customer) == 15_000
    row.refresh_from_db()
    assert row.state == "repaired"
    assert row.repair == Operation.objects.get(kind="repair-agreement", actor=support)
    assert len(orders(customer)) == 2
    assert client.get(answer["Location"]).status_code == 200


def test_a_silent_marketplace_repairs_nothing_and_says_so(
    customer: Customer, support: User, client: Client
) -> None:
    follow(linked(truth := agreement(), customer))
    fake.aws().change(truth.reference, items=[Item(fake.PLAN, 15)])
    reconcile(NOW)
    url = correction_url(MarketplaceDifference.objects.get(), "repair")
    client.force_login(support)
    key = key_of(client.get(url))
    fake.aws().is_silent = True

    answer = client.post(url, {"form_key": key, "reason": "A message was lost."})

    assert answer.status_code == 422
    assert "The marketplace gives no answer now" in text_of(answer)
    assert valid(customer) == 10_000


def test_support_has_a_parked_message_tried_again(
    customer: Customer, support: User, client: Client
) -> None:
    follow(linked(truth := agreement(), customer))
    fake.aws().change(truth.reference, items=[Item(fake.PLAN, 15)])
    fake.aws().refused["m-1"] = "It is not what the operation says."
    send(truth)
    apply()
    row = MarketplaceMessage.objects.get()
    url = correction_url(row, "replay")
    client.force_login(support)
    page = client.get(url)
    assert "It is not what the operation says." in text_of(page)
    fake.aws().refused.clear()

    answer = client.post(url, {"form_key": key_of(page), "reason": "Settled by hand."})
    apply()

    assert answer.status_code == 303
    row.refresh_from_db()
    assert row.state == "applied"
    assert valid(customer) == 15_000
    assert row.agreement is not None
    for record in (row, row.agreement, customer):
        name = f"admin:{record._meta.app_label}_{record._meta.model_name}_change"
        assert client.get(reverse(name, args=(record.pk,))).status_code == 200


def test_what_a_person_corrected_stands_until_it_is_repaired(
    customer: Customer, support: User
) -> None:
    bought = linked(truth := agreement(), customer)
    follow(bought)
    license = License.objects.get(customer=customer)
    post(
        VoidLicense(
            customer=customer,
            asked=make.asked(actor=support, reason="Bought twice."),
            license=license,
        )
    )
    send(truth)
    apply()

    assert valid(customer) == 0
    message = MarketplaceMessage.objects.get()
    assert (message.state, "A person has corrected" in message.problem) == ("parked", True)
    reconcile(NOW)
    assert [kind for kind, _ours, _theirs in found()] == ["end", "units"]

    row = MarketplaceDifference.objects.get(kind="units")
    assert not repair(row, make.asked(actor=support, reason="It was bought once after all."))
    assert valid(customer) == 10_000
    fake.aws().change(truth.reference, items=[Item(fake.PLAN, 15)])
    follow(bought)
    assert valid(customer) == 15_000, "what is repaired follows the marketplace again"


def test_an_order_that_was_cancelled_is_not_granted_again(
    customer: Customer, support: User
) -> None:
    bought = linked(agreement(), customer)
    follow(bought)
    purchase = bought.orders.get().purchase
    asked = make.asked(actor=support, reason="Linked to the wrong customer.")
    cancel_purchase(purchase, cancel(purchase, asked))

    outcome = follow(bought)

    assert outcome is not None
    assert outcome.problem == "corrected-by-hand"
    assert valid(customer) == 0
    assert bought.orders.count() == 1


def test_an_empty_answer_voids_nothing_until_a_person_says_so(
    customer: Customer, support: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    bought = linked(truth := agreement(), customer)
    follow(bought)
    del fake.aws().said[truth.reference]

    def gone(reference: str, account: str, product: str) -> Truth:
        raise Vanished("Nothing is told of it.", replace(truth, state="ended", ends_at=None))

    monkeypatch.setattr(fake.aws(), "truth", gone)
    assert follow(bought) is None
    assert valid(customer) == 10_000
    reconcile(NOW)
    row = MarketplaceDifference.objects.get()
    assert row.kind == "unknown-to-them"

    assert not repair(row, make.asked(actor=support, reason="The buyer has cancelled."))

    assert valid(customer) == 0
    bought.refresh_from_db()
    assert bought.state == "ended"

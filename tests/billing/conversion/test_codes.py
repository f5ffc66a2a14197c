"""Activation codes: letters that check each other, one use, one sentence for all others."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.domain.conversion.activating import CodeRefused, activate_code, offer
from billing.domain.conversion.codes import (
    ALPHABET,
    LETTERS,
    check_letter,
    clean_code,
    grouped,
    masked,
    new_code,
)
from billing.domain.conversion.guessing import take_back, take_place
from billing.domain.conversion.issuing import (
    IssueCodes,
    WithdrawCode,
    issue_codes,
    withdraw_code,
)
from billing.domain.conversion.terms import enter_entitlement
from billing.models import ActivationCode, EntitlementTerm
from credits import clock
from credits.domain.door import Delayed
from credits.domain.members import NoLongerAllowed
from credits.exceptions import CreditsError, InvalidCommand, NotAllowed, UnknownObject
from credits.models import Customer, License, Operation, SecurityEvent, User
from tests.billing.conversion.conftest import asking, seats
from tests.factories import credits as make

NOW = datetime(2028, 7, 1, 9, 0, tzinfo=UTC)
PRODUCT = "xdr-email-sensor"


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with clock.moved_to(NOW):
        yield


def issue(customer: Customer | None = None, **told: object) -> ActivationCode:
    given_ = {"product": PRODUCT, "units": 300, "months": 12, "customer": customer, **told}
    return issue_codes(IssueCodes(asked=asking(), **given_))[0]  # type: ignore[arg-type]


DRAWN = st.text(ALPHABET, min_size=LETTERS - 1, max_size=LETTERS - 1)


@given(DRAWN, st.integers(0, LETTERS - 1), st.sampled_from(ALPHABET))
def test_one_wrong_letter_is_told(drawn: str, place: int, other: str) -> None:
    letters = drawn + check_letter(drawn)
    wrong = letters[:place] + other + letters[place + 1 :]

    assert clean_code(letters.lower()) == grouped(letters)
    if wrong != letters:
        with pytest.raises(InvalidCommand, match="typing error"):
            clean_code(wrong)


@given(DRAWN, st.integers(0, LETTERS - 2))
def test_two_letters_that_changed_places_are_told(drawn: str, at: int) -> None:
    letters = drawn + check_letter(drawn)
    swapped = letters[:at] + letters[at + 1] + letters[at] + letters[at + 2 :]

    if swapped != letters and at + 2 < LETTERS:
        with pytest.raises(InvalidCommand, match="typing error"):
            clean_code(swapped)


def test_codes_are_random_and_readable() -> None:
    codes = {new_code() for _one in range(200)}

    assert len(codes) == 200
    assert all(len(code) == 29 and code.count("-") == 4 for code in codes)
    assert not set("01ILO") & set("".join(codes))
    assert all(clean_code(code) == code for code in codes)


@pytest.mark.parametrize("typed", ["", "   ", "short", "ÄÖÜ-12345-12345", "x" * 34, "a_b" * 5])
def test_what_can_be_no_code_is_refused(typed: str) -> None:
    with pytest.raises(InvalidCommand) as refused:
        clean_code(typed)
    assert refused.value.field == "code"


def test_only_the_last_letters_of_a_masked_code_can_be_read() -> None:
    assert masked("ABCDE-FGHJK-MNPQR") == "•••••-•••••-MNPQR"


@pytest.mark.django_db
@pytest.mark.usefixtures("rates")
class TestActivation:
    def test_a_code_becomes_a_license_once(self, customer: Customer, alice: User) -> None:
        code = issue(customer)
        ask = asking(actor=alice)

        first, second = (activate_code(customer, code.public_id, ask) for _turn in range(2))

        code.refresh_from_db()
        assert first == second == code.term
        assert (first.license.credits, first.units) == (1_500, 300)
        assert first.ends_at == datetime(2029, 7, 1, tzinfo=UTC)
        assert (code.used_by, code.used_at) == (alice, first.purchase.recorded_at)
        assert License.objects.count() == 1

    def test_a_used_code_tells_its_own_customer_when_and_by_whom(
        self, customer: Customer, alice: User
    ) -> None:
        code = issue(customer)
        activate_code(customer, code.public_id, asking(actor=alice))

        with pytest.raises(CodeRefused, match="1 Jul 2028 by Alice Brandt: it became L-201"):
            activate_code(customer, code.public_id, asking(actor=alice))
        with pytest.raises(CodeRefused, match="by Alice Brandt"):
            offer(customer, code.code, NOW)
        assert EntitlementTerm.objects.count() == 1

    def test_what_is_not_ones_own_is_refused_in_one_sentence_and_by_one_query(
        self,
        customer: Customer,
        other_customer: Customer,
        carol: User,
        django_assert_num_queries: Any,
    ) -> None:
        used = issue()
        activate_code(other_customer, used.public_id, asking(actor=carol))
        withdrawn = issue()
        withdraw_code(WithdrawCode(asked=asking(), code=withdrawn.public_id))
        tried = [
            new_code(),
            used.code,
            issue(other_customer).code,
            withdrawn.code,
            issue(use_by=date(2028, 7, 1)).code,
            issue(months=None, last_day=date(2028, 7, 1)).code,
        ]
        said = set()
        for code in tried:
            with (
                clock.moved_to(NOW + timedelta(days=1)),
                django_assert_num_queries(1),
                pytest.raises(CodeRefused) as refused,
            ):
                offer(customer, code, NOW + timedelta(days=1))
            said.add((refused.value.message, refused.value.field, type(refused.value)))

        assert len(said) == 1

    @pytest.mark.parametrize(
        ("told", "words"),
        [
            ({"use_by": date(2028, 7, 1)}, "could be used until 1 Jul 2028"),
            ({"months": None, "last_day": date(2028, 7, 1)}, "ended on 1 Jul 2028"),
        ],
    )
    def test_ones_own_code_says_why_it_is_too_late(
        self, customer: Customer, told: dict[str, object], words: str
    ) -> None:
        code = issue(customer, **told)

        assert offer(customer, code.code, NOW).conversion.credits == 1_500
        with pytest.raises(CodeRefused, match=words):
            offer(customer, code.code, NOW + timedelta(days=1))

    def test_a_withdrawn_code_is_not_used_any_more(self, customer: Customer, alice: User) -> None:
        code = issue(customer)
        withdraw_code(WithdrawCode(asked=asking(reason="Refunded"), code=code.public_id))

        with pytest.raises(CodeRefused, match="withdrawn on 1 Jul 2028"):
            activate_code(customer, code.public_id, asking(actor=alice))
        with pytest.raises(NotAllowed, match="withdrawn before"):
            withdraw_code(WithdrawCode(asked=asking(), code=code.public_id))
        assert not License.objects.exists()

    def test_a_code_renews_a_seat_license_from_its_old_end(
        self, customer: Customer, alice: User
    ) -> None:
        first = enter_entitlement(
            customer, seats(PRODUCT, 300, "2024-08-01", "2028-07-31"), asking()
        )
        code = issue(customer, renews=first.entitlement)

        renewal = activate_code(customer, code.public_id, asking(actor=alice))

        assert renewal.entitlement == first.entitlement
        assert renewal.starts_at == first.ends_at
        assert renewal.license.renews == first.license
        assert (first.license.credits, renewal.license.credits) == (900, 1_500)

    def test_only_who_may_add_licenses_uses_a_code(self, customer: Customer, bob: User) -> None:
        code = issue(customer)

        with pytest.raises(NoLongerAllowed):
            activate_code(customer, code.public_id, asking(actor=bob))
        code.refresh_from_db()
        assert code.used_at is None

    def test_a_seat_license_uses_up_the_code_it_came_with(self, customer: Customer) -> None:
        code = new_code()
        made = enter_entitlement(customer, seats(), asking(), code=code.lower())

        assert made.code.code == code
        with pytest.raises(NotAllowed, match="known already"):
            enter_entitlement(customer, seats(), asking(), code=code)
        with pytest.raises(CodeRefused, match="it became L-201"):
            offer(customer, code, NOW)

    def test_codes_are_issued_once_for_a_key(self, customer: Customer) -> None:
        command = IssueCodes(asked=asking(), product=PRODUCT, units=5, months=12, count=3)

        first, second = issue_codes(command), issue_codes(command)

        assert [one.code for one in first] == [one.code for one in second]
        assert ActivationCode.objects.count() == 3

    def test_codes_of_another_system_are_imported_whole_or_not_at_all(
        self, customer: Customer
    ) -> None:
        ours = new_code()
        bad = ours.replace("-", "")[:-1] + ("2" if ours[-1] != "2" else "3")
        with pytest.raises(
            InvalidCommand, match=r"Code 2: .*Code 3 is there twice.*Code 4: "
        ) as no:
            issue(imported=["AB-1234-XYZ77", "no", "ab1234xyz77", bad])
        assert no.value.field == "codes"

        issue(imported=["AB-1234-XYZ77"])
        assert offer(customer, clean_code("ab 1234 xyz77"), NOW).seats.units == 300
        with pytest.raises(NotAllowed, match="code 2"):
            issue(imported=["CD-1234-XYZ77", "AB1234-XYZ77"])
        assert ActivationCode.objects.count() == 1

    @pytest.mark.parametrize(
        ("told", "field"),
        [
            ({"months": None}, "months"),
            ({"months": 121}, "months"),
            ({"last_day": date(2029, 1, 1)}, "months"),
            ({"months": None, "last_day": date(2028, 6, 30)}, "last_day"),
            ({"first_day": date(2028, 8, 1)}, "first_day"),
            ({"use_by": date(2028, 6, 30)}, "use_by"),
            ({"product": "nothing"}, "product"),
            ({"units": 0}, "units"),
            ({"count": 501}, "count"),
            ({"seats": "half"}, "seats"),
        ],
    )
    def test_codes_that_make_no_sense_are_not_issued(
        self, told: dict[str, Any], field: str
    ) -> None:
        with pytest.raises(InvalidCommand) as refused:
            issue(**told)
        assert refused.value.field == field
        assert not ActivationCode.objects.exists()

    def test_a_renewal_code_is_for_the_customer_of_what_it_renews(
        self, customer: Customer, other_customer: Customer
    ) -> None:
        made = enter_entitlement(other_customer, seats(PRODUCT), asking())

        with pytest.raises(UnknownObject):
            issue(customer, renews=made.entitlement)

    def test_no_code_stands_in_an_operation(self, customer: Customer, alice: User) -> None:
        code = issue(customer)
        activate_code(customer, code.public_id, asking(actor=alice))

        for operation in Operation.objects.all():
            assert code.code not in f"{operation.subject} {operation.answer} {operation.key}"


@pytest.mark.django_db
class TestGuessing:
    @pytest.fixture(autouse=True)
    def _limits(self, settings: object) -> None:
        settings.CODE_TRIES_PER_PERSON = 3  # type: ignore[attr-defined]
        settings.CODE_TRIES_PER_CUSTOMER = 5  # type: ignore[attr-defined]
        settings.CODE_TRIES_PER_ADDRESS = 6  # type: ignore[attr-defined]

    def test_a_person_tries_so_often_and_then_waits(self, customer: Customer, alice: User) -> None:
        for _turn in range(3):
            take_place(alice, customer, "192.0.2.1")

        with pytest.raises(Delayed) as delayed:
            take_place(alice, customer, "192.0.2.2")
        assert delayed.value.until == NOW + timedelta(minutes=15)
        with clock.moved_to(NOW + timedelta(minutes=15, seconds=1)):
            take_place(alice, customer, "192.0.2.2")

    def test_a_customers_people_count_together(self, customer: Customer, alice: User) -> None:
        others = [make.make_member(customer, make.make_user(), "admin") for _one in range(2)]
        for person in [alice, others[0]] * 2 + [others[1]]:
            take_place(person, customer, None)

        with pytest.raises(Delayed):
            take_place(others[1], customer, None)

    def test_an_address_counts_over_customers(
        self, customer: Customer, other_customer: Customer, alice: User, carol: User
    ) -> None:
        for person, owner in [(alice, customer), (carol, other_customer)] * 3:
            take_place(person, owner, "192.0.2.1")
        third = make.make_member(customer, make.make_user(), "admin")

        with pytest.raises(Delayed):
            take_place(third, customer, "192.0.2.1")
        take_place(third, customer, "192.0.2.9")

    def test_a_code_that_was_used_counts_no_more(self, customer: Customer, alice: User) -> None:
        for _turn in range(3):
            place = take_place(alice, customer, None)

        take_back(place.pk, alice)

        take_place(alice, customer, None)
        assert SecurityEvent.objects.filter(user=alice).count() == 3

    def test_nobody_takes_back_the_try_of_another(
        self, customer: Customer, alice: User, carol: User
    ) -> None:
        place = take_place(alice, customer, None)

        take_back(place.pk, carol)

        assert SecurityEvent.objects.filter(pk=place.pk).exists()
        assert issubclass(Delayed, CreditsError)

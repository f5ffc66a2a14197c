"""The questionnaire: from a layman's answers to lines, by domain, file, check, and page."""

from __future__ import annotations

from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks

from credits.models import Customer, User
from estimator.domain.questions import Answers, counted_twice, propose
from estimator.domain.questions_file import (
    OWN_FILE,
    QuestionsError,
    read_file,
    read_questions,
)
from tests.estimator.page import (
    ESSENTIALS,
    LogIn,
    body,
    new_url,
    nothing_saved,
    send,
    text_in,
    value_of,
    words,
)
from tests.estimator.priced import independent_level, open_on, rates_on

ASKED = read_file(OWN_FILE)
GROUPS = {
    key: group for group, features in rates_on().items() for key in features if key in open_on()
}
NUMBERS = {"laptops": Decimal(300), "servers": Decimal(50)}


def lines_of(numbers: dict[str, Decimal], **choices: str) -> dict[str, Any]:
    answers = Answers(numbers, choices)
    return {line.feature: line.quantity for line in propose(ASKED, answers, groups=GROUPS)}


@pytest.mark.parametrize(
    ("protection", "lines"),
    [
        ("basic", {"endpoint-core": 350}),
        ("detection", {ESSENTIALS: 350}),
        ("full", {ESSENTIALS: 300, "endpoint-pro": 50}),
    ],
)
def test_protection_chooses_the_package(protection: str, lines: dict[str, int]) -> None:
    assert lines_of(NUMBERS, protection=protection) == lines


def test_every_question_leads_to_a_line_of_the_catalogue() -> None:
    numbers = {one.key: Decimal(3) for one in ASKED.questions if not one.choices}

    lines = lines_of(numbers, protection="full")

    counted = {key for rule in ASKED.lines for key in (*rule.count, rule.accounts) if key}
    assert counted == set(numbers)
    assert lines == {
        ESSENTIALS: 3,
        "endpoint-pro": 3,
        "email-core": 3,
        "ztsa-private-access": 3,
        "ztsa-internet-access": 3,
        "ztsa-ai-access": 3,
        "cloud-risk": {"1": 3, "2": 3, "3": 3},
        "network-virtual-sensor": 3,
        "file-security-sdk": 36,
        "file-security-storage-buckets": 3,
        "sandbox-daily-reserve": 3,
    }


def test_no_device_stands_under_two_packages_whatever_is_answered() -> None:
    for choice, laptops, servers in product(("basic", "detection", "full"), (0, 7), (0, 5)):
        lines = lines_of(
            {"laptops": Decimal(laptops), "servers": Decimal(servers)}, protection=choice
        )

        assert sum(lines.values()) == laptops + servers
    assert list(counted_twice(ASKED, GROUPS)) == []


def test_a_file_that_counts_a_device_twice_is_told_and_counts_it_once() -> None:
    text = OWN_FILE.read_text(encoding="utf-8").replace('when = { protection = "basic" }', "")
    asked = read_questions(text)

    lines = propose(asked, Answers(NUMBERS), groups=GROUPS)

    assert [(line.feature, line.quantity) for line in lines] == [("endpoint-core", Decimal(350))]
    assert set(counted_twice(asked, GROUPS)) == {
        ("endpoint-packages", "laptops"),
        ("endpoint-packages", "servers"),
    }


def test_what_is_not_answered_is_counted_as_the_question_says() -> None:
    assert lines_of({"cloud-accounts": Decimal(2)}) == {"cloud-risk": {"1": 500, "2": 500}}
    assert lines_of({"cloud-resources": Decimal(900)}) == {}
    assert lines_of({"cloud-accounts": Decimal(1), "cloud-resources": Decimal(0)}) == {}


def test_a_month_counts_for_every_month_of_the_term() -> None:
    answers = Answers({"scans": Decimal(40_000)})

    (line,) = propose(ASKED, answers, groups=GROUPS, years=3)

    assert (line.quantity, line.months) == (Decimal(40_000 * 36), 36)


def test_what_nobody_can_allocate_to_is_left_out() -> None:
    assert propose(ASKED, Answers(NUMBERS), groups={}) == []


@pytest.mark.parametrize(
    ("before", "now", "fault"),
    [
        ('key = "servers"', 'key = "laptops"', "laptops is asked twice"),
        ('default = "detection"', 'default = "none"', "its default is none of its choices"),
        ('count = ["mailboxes"]', 'count = ["letters"]', "letters, which asks for no number"),
        ('count = ["mailboxes"]', 'count = ["protection"]', "which asks for no number"),
        ('count = ["mailboxes"]', "count = 5", "count is not of the type list"),
        ('feature = "email-core"', "", "has no feature"),
        ('protection = "basic"', 'protection = "none"', "which nobody can choose"),
        ("if_empty = 500", "if_empty = 1.5", "if_empty is not of the type int"),
        ("most = 200", "least = 200", "has a least, which nothing reads"),
        ('one = "bucket"\n', "", "does not say what one and many are called"),
        ("[[questions]]", "[[questions", "It is no TOML"),
    ],
)
def test_a_file_that_cannot_be_used_names_its_faults(before: str, now: str, fault: str) -> None:
    text = OWN_FILE.read_text(encoding="utf-8")
    assert before in text

    with pytest.raises(QuestionsError, match=fault):
        read_questions(text.replace(before, now, 1))


def test_a_start_says_what_is_wrong_with_the_file(tmp_path: Path, settings: Any) -> None:
    settings.ESTIMATE_QUESTIONS = str(tmp_path / "none.toml")

    (told,) = [one for one in run_checks() if (one.id or "").startswith("estimator.")]

    assert told.id == "estimator.E001"
    assert "none.toml cannot be read" in str(told.msg)


def test_a_check_says_what_leads_nowhere(customer: Customer, tmp_path: Path, settings: Any) -> None:
    text = OWN_FILE.read_text(encoding="utf-8")
    text = text.replace('"email-core"', '"email-corps"').replace(
        '"ztsa-ai-access"', '"endpoint-pro-without-xdr"'
    )
    (tmp_path / "own.toml").write_text(text, encoding="utf-8")
    settings.ESTIMATE_QUESTIONS = str(tmp_path / "own.toml")

    told = run_checks(databases=["default"], tags=["database"])

    said = [str(one.msg) for one in told if (one.id or "").startswith("estimator.")]
    assert [one.split()[1] for one in said] == ["email-corps", "endpoint-pro-without-xdr"]
    settings.ESTIMATE_QUESTIONS = ""
    assert [one for one in run_checks(databases=["default"]) if one.id == "estimator.W001"] == []


def test_answers_propose_lines_with_reasons_and_the_total(
    customer: Customer, alice: User, client_of: LogIn
) -> None:
    answers = {"q.laptops": "300", "q.servers": "50", "q.web": "200", "q.ai": "120"}

    page = send(client_of(alice), new_url(customer), {}, "propose", target="proposed", **answers)

    said = text_in(page, "proposed")
    assert "<form" not in body(page)
    assert (
        "65 credits each for 350 endpoints: 300 desktops and laptops and 50 servers, "
        "with detection and response." in said
    )
    assert "counted as the bundle: 17,000 instead of 22,000, saves 5,000" in said
    level = independent_level(
        {
            ESSENTIALS: Decimal(350),
            "ztsa-internet-access": Decimal(200),
            "ztsa-ai-access": Decimal(120),
        }
    )
    assert f"Level to hold for it {level:,}" in said
    assert nothing_saved()


@pytest.mark.parametrize("target", ["", "calculator"])
def test_the_chosen_lines_are_added_and_nothing_typed_is_lost(
    customer: Customer, alice: User, client_of: LogIn, target: str
) -> None:
    sent = {
        "q.laptops": "300",
        "q.mailboxes": "40",
        "q.remote": "7",
        "offered": [ESSENTIALS, "email-core", "ztsa-private-access"],
        "take": [ESSENTIALS, "email-core"],
        "name": "Mine",
        "find": "disk",
        "growth.sandbox-daily-reserve": "10",
    }
    lines = {"sandbox-daily-reserve": "9", "email-core": ""}

    page = send(client_of(alice), new_url(customer), lines, "proposed", target=target, **sent)

    assert value_of(page, f"units.{ESSENTIALS}") == "300"
    assert value_of(page, "units.email-core") == "40"
    assert value_of(page, "units.sandbox-daily-reserve") == "9"
    assert 'name="units.ztsa-private-access"' not in body(page)
    assert (value_of(page, "name"), value_of(page, "find")) == ("Mine", "disk")
    assert value_of(page, "growth.sandbox-daily-reserve") == "10"
    assert value_of(page, "q.remote") == "7"
    assert text_in(page, "level") == f"{300 * 65 + 40 * 25 + 9 * 50:,}"


def test_units_that_were_typed_otherwise_are_replaced_only_if_chosen(
    customer: Customer, alice: User, client_of: LogIn
) -> None:
    client, url = client_of(alice), new_url(customer)
    lines = {"email-core": "25"}

    kept = send(client, url, lines, "proposed", **{"q.mailboxes": "40"})
    replaced = send(
        client,
        url,
        lines,
        "proposed",
        **{"q.mailboxes": "40", "offered": "email-core", "take": "email-core"},
    )

    assert value_of(kept, "units.email-core") == "25"
    assert "The estimate has 25" in text_in(kept, "proposed")
    assert value_of(replaced, "units.email-core") == "40"


def test_a_proposed_package_takes_the_place_of_another_for_the_same_devices(
    customer: Customer, alice: User, client_of: LogIn
) -> None:
    client, url = client_of(alice), new_url(customer)
    sent = {"q.laptops": "300", "q.servers": "50", "q.protection": "full", "overlap": "on"}

    shown = send(client, url, {"endpoint-core": "350"}, "propose", **sent)
    added = send(client, url, {"endpoint-core": "350"}, "proposed", **sent)

    assert "It takes the place of Core package in the estimate" in text_in(shown, "proposed")
    assert value_of(shown, "units.endpoint-core") == "350"
    assert 'name="units.endpoint-core"' not in body(added)
    assert text_in(added, "level") == f"{300 * 65 + 50 * 300:,}"
    assert "350 endpoints in all" in words(added)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ("12.5", "Units must be a whole number from 0 to 1,000,000,000. You entered 12.5."),
        ("many", "You entered many."),
        ("10^12", "You entered 10^12."),
        ("1000000000000", "You entered 1000000000000."),
        ("-1", "You entered -1."),
    ],
)
def test_an_answer_that_is_no_number_gets_a_sentence_and_adds_nothing(
    customer: Customer, alice: User, client_of: LogIn, answer: str, sentence: str
) -> None:
    client, url = client_of(alice), new_url(customer)
    sent = {"q.laptops": answer, "q.mailboxes": "40"}

    page = send(client, url, {}, "proposed", **sent)

    assert page.status_code == 422
    assert sentence in text_in(page, "q-laptops-error")
    assert value_of(page, "q.laptops") == answer
    assert 'name="units.' not in body(page)
    typed = send(client, url, {}, "propose", target="proposed", **sent)
    assert typed.status_code == 200
    assert sentence in text_in(typed, "q-laptops-error")
    assert "1,000" in text_in(typed, "proposed")


def test_more_accounts_than_a_line_takes_are_refused(
    customer: Customer, alice: User, client_of: LogIn
) -> None:
    page = send(client_of(alice), new_url(customer), {}, "proposed", **{"q.cloud-accounts": "201"})

    assert page.status_code == 422
    assert text_in(page, "q-cloud-accounts-error") == "This is up to 200. You entered 201."

"""The page of the jobs: what operators see and run, what support sees, and that acts are kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.urls import reverse

from credits import clock
from credits.domain.alarms import verify_and_park
from credits.models import Balance, Customer, JobRun, Operation, RunState, User
from credits.roles import StaffRole
from tests.admin.pages import key_of, text_of
from tests.credits.domain.acts import allocate
from tests.factories import credits as make

NOW = datetime(2027, 1, 10, 12, 20, tzinfo=UTC)
NOON = NOW.replace(minute=0)
PAGE = "/admin/jobs/"


@pytest.fixture(autouse=True)
def present(db: None) -> Iterator[None]:
    # However long ago the tests began: no job had the time to run yet.
    MigrationRecorder.Migration.objects.update(applied=clock.machine())
    with clock.moved_to(NOW):
        yield


@pytest.fixture
def operator() -> User:
    user = make.make_user(email="operator@vendor.example", name="Ola Berg")
    return make.make_staff(user, StaffRole.OPERATOR)


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, datetime]]:
    """What was put into the queue, which answers."""
    started: list[tuple[str, datetime]] = []

    def start_slot(name: str, slot: datetime) -> bool:
        started.append((name, slot))
        return True

    monkeypatch.setattr("credits.admin.jobs.start_slot", start_slot)
    return started


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def ran(hours: int, state: str, **fields: object) -> JobRun:
    return JobRun.objects.create(
        job="advance-lifecycle",
        slot=NOON - timedelta(hours=hours),
        state=state,
        started_at=NOW,
        **fields,
    )


def press(client: Client, job: str = "advance-lifecycle", slot: object = NOON) -> object:
    text = f"{slot:%Y-%m-%dT%H:%M}" if isinstance(slot, datetime) else slot
    answer = client.post(PAGE, {"job": job, "slot": text})
    return client.get(answer["Location"]) if answer.status_code == 303 else answer


def test_the_page_tells_of_each_job_and_its_slots(operator: User) -> None:
    ran(2, RunState.DONE, milliseconds=1_200, counts={"customers": 12_000}, attempts=2)
    ran(1, RunState.FAILED, milliseconds=7, problem="ValueError: gone")

    page = logged_in(operator).get(PAGE)

    text = text_of(page)
    assert "1 job is late: advance-lifecycle ." in text
    assert "Late. Done through 10 Jan 2027, 10:00 UTC . 2 slots are missing." in text
    assert "10 Jan 2027, 10:00 UTC Done 1,200 2 12,000 customers" in text
    assert "Failed Run advance-lifecycle, 2027-01-10T11:00 7 1 ValueError: gone" in text
    assert "10 Jan 2027, 12:00 UTC Missing" in text
    assert "send-digests" in text


def test_only_what_is_not_done_has_a_button(operator: User) -> None:
    ran(2, RunState.DONE)
    ran(1, RunState.FAILED)

    page = logged_in(operator).get(PAGE).content.decode()

    section = page.partition('id="advance-lifecycle"')[2].partition("</section>")[0]
    assert section.count("<button") == 2
    assert 'value="2027-01-10T11:00"' in section
    assert 'value="2027-01-10T10:00"' not in section


def test_many_missing_slots_are_counted_and_the_command_is_named(operator: User) -> None:
    ran(30, RunState.DONE)

    text = text_of(logged_in(operator).get(PAGE))

    assert "30 slots are missing." in text
    assert "25 more slots are missing. All of them: manage.py run_job advance-lifecycle" in text


def test_a_button_starts_the_slot_and_keeps_who_pressed_it(
    operator: User, queue: list[tuple[str, datetime]]
) -> None:
    client = logged_in(operator)

    answer = press(client)
    press(client)

    assert queue == [("advance-lifecycle", NOON)] * 2
    assert "Slot 2027-01-10T12:00 of advance-lifecycle is in the queue." in text_of(answer)
    act = Operation.objects.get(kind="run-job")
    assert (act.actor, act.customer, act.source) == (operator, None, "admin")
    assert act.subject == "advance-lifecycle 2027-01-10T12:00"


def test_each_attempt_is_an_act_of_its_own(
    operator: User, queue: list[tuple[str, datetime]]
) -> None:
    client = logged_in(operator)
    press(client)
    ran(0, RunState.FAILED)

    press(client)

    assert Operation.objects.filter(kind="run-job").count() == 2


def test_a_queue_that_is_down_is_said_with_the_command(
    operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("credits.admin.jobs.start_slot", lambda name, slot: False)

    text = text_of(press(logged_in(operator)))

    assert "manage.py run_job advance-lifecycle --slot 2027-01-10T12:00" in text


@pytest.mark.parametrize(
    ("job", "slot", "sentence"),
    [
        ("nothing", NOON, "There is no job"),
        ("advance-lifecycle", NOW, "is no slot of advance-lifecycle"),
        ("advance-lifecycle", NOON + timedelta(hours=1), "is due on"),
        ("advance-lifecycle", "now", "This is no slot"),
        ("advance-lifecycle", "9" * 5_000, "This is no slot"),
        ("x" * 5_000, "", "This is no slot"),
    ],
)
def test_what_is_no_slot_is_refused_and_starts_nothing(
    operator: User,
    queue: list[tuple[str, datetime]],
    job: str,
    slot: object,
    sentence: str,
) -> None:
    answer = press(logged_in(operator), job, slot)

    assert answer.status_code == 422  # type: ignore[attr-defined]
    assert sentence in text_of(answer)
    assert queue == []
    assert not Operation.objects.filter(kind="run-job").exists()


def test_a_slot_after_a_jump_of_the_clock_is_refused_with_the_command(
    operator: User, queue: list[tuple[str, datetime]]
) -> None:
    ran(31 * 24, RunState.DONE)

    answer = press(logged_in(operator))

    assert answer.status_code == 422  # type: ignore[attr-defined]
    assert "run_job advance-lifecycle --all --yes" in text_of(answer)
    assert queue == []
    assert not Operation.objects.filter(kind="run-job").exists()


def test_support_looks_and_runs_nothing(support: User, queue: list[tuple[str, datetime]]) -> None:
    ran(1, RunState.FAILED)
    client = logged_in(support)

    page = client.get(PAGE)

    assert "Operators run them." in text_of(page)
    assert 'name="slot"' not in page.content.decode()
    assert press(client).status_code == 403  # type: ignore[attr-defined]
    assert queue == []


def test_a_button_needs_the_token_of_its_page(operator: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(operator)

    assert press(client).status_code == 403  # type: ignore[attr-defined]


def test_the_index_leads_there_and_the_runs_are_a_list(operator: User) -> None:
    run = ran(1, RunState.FAILED, problem="ValueError: gone")
    ran(2, RunState.DONE, milliseconds=1_200)
    client = logged_in(operator)

    assert f'href="{PAGE}"' in client.get("/admin/").content.decode()
    runs = reverse("admin:credits_jobrun_changelist")
    assert "1,200 ms" in text_of(client.get(runs, {"job": "advance-lifecycle"}))
    assert "1,200 ms" not in text_of(client.get(runs, {"state__exact": "failed"}))
    page = text_of(client.get(reverse("admin:credits_jobrun_change", args=[run.pk])))
    assert "ValueError: gone" in page


# Parked books at the support desk


@pytest.fixture
def parked(customer: Customer, other_customer: Customer) -> Customer:
    make.grant(customer, 10_000, NOW.date(), NOW.date() + timedelta(days=90))
    allocate(customer, "email-core", 7)
    Balance.objects.filter(customer=customer).update(valid=9_999)
    verify_and_park(NOON)
    return customer


def test_the_record_says_since_when_and_why_and_the_list_finds_it(
    support: User, parked: Customer, other_customer: Customer
) -> None:
    client = logged_in(support)

    page = text_of(client.get(reverse("admin:credits_customer_change", args=[parked.pk])))
    found = text_of(client.get(reverse("admin:credits_customer_changelist"), {"state": "parked"}))
    other = text_of(client.get(reverse("admin:credits_customer_change", args=[other_customer.pk])))

    assert "Parked since 2027-01-10 12:20 UTC: " in page
    assert "Open parked books" in page
    assert "Open parked books" not in other
    assert parked.name in found
    assert other_customer.name not in found


def test_support_opens_the_books_on_their_page(support: User, parked: Customer) -> None:
    client = logged_in(support)
    url = reverse("admin:credits_customer_unpark", args=[parked.pk])
    form = {"reason": "Restored from the ledger", "form_key": key_of(client, url)}

    refused = client.post(url, form | {"step": "step"})
    assert refused.status_code == 422
    assert "The books are still broken" in text_of(refused)
    assert client.post(url, form | {"step": "do"}).status_code == 422

    Balance.objects.filter(customer=parked).update(valid=10_000)
    shown = client.post(url, form | {"step": "step"})
    assert "No credits change" in text_of(shown)
    assert Balance.objects.get(customer=parked).parked_at is not None
    assert client.post(url, form | {"step": "do"}).status_code == 303

    assert Balance.objects.get(customer=parked).parked_at is None
    act = parked.operations.get(kind="unpark")
    assert (act.actor, act.note.text) == (support, "Restored from the ledger")


def test_support_may_open_them_although_they_are_broken(support: User, parked: Customer) -> None:
    client = logged_in(support)
    url = reverse("admin:credits_customer_unpark", args=[parked.pk])
    form = {"reason": "The audit waits", "although_broken": "on", "form_key": key_of(client, url)}

    assert client.post(url, form | {"step": "do"}).status_code == 303
    assert Balance.objects.get(customer=parked).parked_at is None

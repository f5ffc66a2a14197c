"""Figures for a monitoring system, read from the tables when it asks (docs/rules.md#r24).

Nothing is counted in this process: however many processes serve, each tells the same.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

import redis
from django.conf import settings
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from config.celery import app
from credits import clock
from credits.domain.boundaries import missing_hours, newest_boundary
from credits.domain.job_states import JobState, job_states, last_runs
from credits.domain.mail_state import outbox
from credits.domain.verify import books_behind
from credits.models import Balance, JobRun, RunState
from credits.web.access import public_view

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BEARER = "Bearer "
QUEUE_TIMEOUT = 1
"""Seconds after which the queue counts as down."""


@require_safe
@public_view(reason="A monitoring system has no account; it brings a token.")
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """All figures in the text format of Prometheus; 404 without the token of the settings."""
    given = request.headers.get("Authorization", "")
    token = settings.METRICS_TOKEN
    if not token or not secrets.compare_digest(given.encode(), f"{BEARER}{token}".encode()):
        raise Http404("no such page")
    registry = CollectorRegistry()
    registry.register(TablesCollector())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE)


class TablesCollector(Collector):
    """The figures, each from the rows as they are now."""

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Nothing beforehand, so that registering reads no table."""
        return ()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield from publication_figures()
        yield from outbox_figures()
        yield from queue_figures()
        yield from book_figures()
        yield from job_figures(job_states(clock.now()))


def gauge(name: str, words: str, value: float) -> GaugeMetricFamily:
    """One figure without labels."""
    return GaugeMetricFamily(f"portal_{name}", words, value=value)


def publication_figures() -> Iterator[GaugeMetricFamily]:
    """How old what Annual credits shows is; no age before the first publication."""
    now = clock.now()
    if newest := newest_boundary():
        age = (now - newest).total_seconds()
        yield gauge("publication_age_seconds", "Age of the newest published boundary.", age)
    missing = len(missing_hours(now))
    yield gauge("publication_missing_hours", "Hours that are due and not published.", missing)


def outbox_figures() -> Iterator[GaugeMetricFamily]:
    """What waits to be sent."""
    now = clock.now()
    stands = outbox(now)
    age = (now - stands.oldest).total_seconds() if stands.oldest else 0
    yield gauge("outbox_unsent", "Mails that are not sent yet.", stands.unsent)
    yield gauge("outbox_failed", "Unsent mails whose last try failed.", stands.failed)
    yield gauge("outbox_oldest_due_seconds", "How long the oldest due mail has waited.", age)


def queue_figures() -> Iterator[GaugeMetricFamily]:
    """Whether the queue answers, and how many tasks wait in it."""
    length = queue_length()
    yield gauge("queue_up", "1 where the queue answers.", int(length is not None))
    if length is not None:
        yield gauge("queue_length", "Tasks that wait for a worker.", length)


def queue_length() -> int | None:
    """How many tasks wait in the queue; None where it does not answer."""
    url = settings.CELERY_BROKER_URL.replace("redis+socket://", "unix://", 1)
    timeouts = {"socket_timeout": QUEUE_TIMEOUT, "socket_connect_timeout": QUEUE_TIMEOUT}
    try:
        with redis.Redis.from_url(url, **timeouts) as queue:
            return int(queue.llen(app.conf.task_default_queue))
    except (redis.RedisError, OSError):
        return None


def book_figures() -> Iterator[GaugeMetricFamily]:
    """Books that need somebody, and books that the next write brings up to date."""
    parked = Balance.objects.filter(parked_at__isnull=False).count()
    yield gauge("books_parked", "Customers whose books are parked.", parked)
    yield gauge("books_behind_rates", "Customers who lack the newest rates.", books_behind())


def job_figures(states: list[JobState]) -> Iterator[GaugeMetricFamily]:
    """Each job: how far it has come, what is missing, and how its runs went."""
    runs = last_runs(states)
    kept: Counter[tuple[str, str]] = Counter()
    found = JobRun.objects.order_by().values_list("job", "state").annotate(runs=Count("pk"))
    for name, went, count in found:
        kept[name, went] = count

    def by_job(
        name: str, words: str, value: Callable[[JobState], float | None]
    ) -> GaugeMetricFamily:
        family = GaugeMetricFamily(f"portal_job_{name}", words, labels=["job"])
        for state in states:
            if (figure := value(state)) is not None:
                family.add_metric([state.job.name], figure)
        return family

    def age(state: JobState) -> float | None:
        return (state.now - state.done).total_seconds() if state.done else None

    def seconds(state: JobState) -> float | None:
        run = runs.get(state.job.name)
        return run.milliseconds / 1000 if run and run.milliseconds is not None else None

    def slots(wanted: str) -> Callable[[JobState], float]:
        return lambda state: kept[state.job.name, wanted]

    yield by_job("done_age_seconds", "Age of the newest slot that was done.", age)
    yield by_job("missing_slots", "Slots that are due and not done.", lambda s: len(s.missing))
    yield by_job("late", "1 where a slot is late.", lambda s: int(s.is_late))
    yield by_job("last_duration_seconds", "How long the newest slot took.", seconds)
    yield by_job("slots_done", "Slots done, of those that are kept.", slots(RunState.DONE))
    yield by_job("slots_failed", "Slots that failed and are due again.", slots(RunState.FAILED))

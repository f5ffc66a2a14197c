"""The scheduled jobs: how each stands, its newest slots, and a button for those not done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import reverse

from credits import clock
from credits.admin.links import list_url, person_of
from credits.admin.records import RecordAdmin
from credits.domain.counted import counted
from credits.domain.job_hands import check_slot, may_run_jobs, may_see_jobs, run_asked, written
from credits.domain.job_states import JobState, job_states, newest_runs
from credits.domain.jobs import job_named, jobs
from credits.domain.post import post_office
from credits.exceptions import CreditsError, InvalidCommand
from credits.models import JobRun, RunState
from credits.tasks import start_slot
from credits.templatetags.figures import NOTHING, credits_text, instant
from credits.web.htmx import SEE_OTHER

SHELF = "Operation"

SLOTS = 5
"""Newest slots of a job that the page shows; the list of runs has the others."""

MOST_MISSING = 5
"""Missing slots of a job that have a row of their own; the command runs all of them."""

SLOT_LENGTH = 40


@dataclass(frozen=True)
class SlotRow:
    """One slot of a job: what became of it, or that it is still to be run."""

    slot: datetime
    run: JobRun | None
    is_missing: bool

    @property
    def written(self) -> str:
        """The slot as the button sends it."""
        return written(self.slot)

    @property
    def state(self) -> str:
        """Missing, running, done or failed."""
        return self.run.get_state_display() if self.run else "Missing"

    @property
    def outcome(self) -> str:
        """What went wrong, or what the run dealt with."""
        return (self.run.problem or counts_text(self.run)) if self.run else ""

    @property
    def is_failed(self) -> bool:
        """Whether it went wrong, and is due again."""
        return self.run is not None and self.run.state == RunState.FAILED

    @property
    def is_offered(self) -> bool:
        """Whether the row has a button: the slot is missing, failed, or was left running."""
        return self.is_missing or self.is_failed


@dataclass(frozen=True)
class JobPart:
    """One job on the page."""

    state: JobState
    rows: list[SlotRow]
    missing: int
    runs_url: str

    @property
    def unlisted(self) -> int:
        """Missing slots without a row."""
        return self.missing - sum(row.is_missing for row in self.rows)


def job_part(state: JobState) -> JobPart:
    """A job with its missing slots, first missing first, above its newest runs."""
    missing = state.missing
    runs = {run.slot: run for run in newest_runs(state.job, SLOTS)}
    old = [slot for slot in missing if slot not in runs][:MOST_MISSING]
    begun = JobRun.objects.filter(job=state.job.name, slot__in=old) if old else ()
    runs |= {run.slot: run for run in begun}
    shown = sorted({*runs, *old}, reverse=True)
    return JobPart(
        state=state,
        rows=[SlotRow(slot, runs.get(slot), slot in missing) for slot in shown],
        missing=len(missing),
        runs_url=list_url(JobRun, job=state.job.name),
    )


def counts_text(run: JobRun) -> str:
    """What a run dealt with: 12 customers, 3 notices; what it found none of is left out."""
    found = ", ".join(counted(n, name) for name, n in sorted(run.counts.items()) if n)
    return found or ("nothing to do" if run.counts else "")


class JobsPage:
    """All jobs on one page; a button puts a slot into the queue, and is kept as an operation."""

    name, path, title, shelf = "jobs", "jobs/", "Jobs", SHELF

    def is_open_to(self, request: HttpRequest) -> bool:
        """Operators run the jobs, and support may look."""
        return may_see_jobs(person_of(request))

    def answer(self, request: HttpRequest) -> HttpResponse:
        """The page; sent, the slot of its button is started. 403 for whoever may not."""
        if not self.is_open_to(request):
            raise PermissionDenied
        if request.method == "POST":
            return self.run(request)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
        return self.show(request)

    def show(self, request: HttpRequest, error: str = "", status: int = 200) -> HttpResponse:
        parts = [job_part(state) for state in job_states(clock.now())]
        context = admin.site.each_context(request) | {
            "title": self.title,
            "parts": parts,
            "late": [part for part in parts if part.state.is_late],
            "may_run": may_run_jobs(person_of(request)),
            "error": error,
        }
        return TemplateResponse(request, "admin/jobs.html", context, status=status)

    def run(self, request: HttpRequest) -> HttpResponse:
        """Keep who asked, start the slot, and say what that means."""
        person = person_of(request)
        if not may_run_jobs(person):
            raise PermissionDenied
        name, text = request.POST.get("job", ""), request.POST.get("slot", "")
        try:
            slot = slot_in(text)
            check_slot(job_named(name), slot, clock.now())
            post_office(run_asked(person, name, slot))
        except CreditsError as error:
            return self.show(request, error.message, status=422)
        if start_slot(name, slot):
            messages.success(request, f"Slot {text} of {name} is in the queue.")
        else:
            messages.error(
                request,
                "The queue does not answer, so nothing was started. On the server: "
                f"manage.py run_job {name} --slot {text}",
            )
        return HttpResponse(status=SEE_OTHER, headers={"Location": reverse(f"admin:{self.name}")})


def slot_in(text: str) -> datetime:
    """The slot that a button sent. Raises InvalidCommand."""
    try:
        slot = datetime.fromisoformat(text[:SLOT_LENGTH])
    except ValueError:
        raise InvalidCommand("This is no slot. Use the buttons of the page.") from None
    return slot.replace(tzinfo=UTC) if slot.tzinfo is None else slot.astimezone(UTC)


PAGES = (JobsPage(),)
"""What the support desk adds to its lists (settings.SUPPORT_PAGES)."""


class JobFilter(admin.SimpleListFilter):
    """The jobs of the registry; asking the table for its names would read all of it."""

    title = "job"
    parameter_name = "job"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(job.name, job.name) for job in jobs()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        known = {job.name for job in jobs()}
        return queryset.filter(job=self.value()) if self.value() in known else queryset


@admin.register(JobRun)
class JobRunAdmin(RecordAdmin):
    """Every slot that was run: how it went, how long it took, and what went wrong."""

    list_display = ("job", "window", "went", "took", "dealt_with", "attempts", "problem")
    list_filter = (JobFilter, "state", "slot")
    ordering = ("-slot", "job")
    shelf = SHELF
    search_fields = ("job",)
    search_help_text = "The name of a job, or a word of what went wrong."
    story = (
        "job",
        "window",
        "went",
        "attempts",
        "started",
        "finished",
        "took",
        "dealt_with",
        "problem",
    )

    def words(self, word: str) -> Q:
        return Q(job__icontains=word) | Q(problem__icontains=word)

    def told(self, record: Any) -> tuple[str, str]:
        return f"{record.job} {written(record.slot)}", record.get_state_display()

    @admin.display(description="slot", ordering="slot")
    def window(self, run: JobRun) -> str:
        return instant(run.slot)

    @admin.display(description="state", ordering="state")
    def went(self, run: JobRun) -> str:
        return run.get_state_display()

    @admin.display(description="took", ordering="milliseconds")
    def took(self, run: JobRun) -> str:
        return NOTHING if run.milliseconds is None else f"{credits_text(run.milliseconds)} ms"

    @admin.display(description="dealt with")
    def dealt_with(self, run: JobRun) -> str:
        return counts_text(run) or NOTHING

    @admin.display(description="started")
    def started(self, run: JobRun) -> str:
        return instant(run.started_at)

    @admin.display(description="finished")
    def finished(self, run: JobRun) -> str:
        return instant(run.finished_at)

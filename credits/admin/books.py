"""The books: operations with who, when and why; ledger entries; the facts behind them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest

from credits.admin import book_chapters, chapters
from credits.admin.correcting import CorrectingAdmin, correction_url
from credits.admin.corrections import OF_OPERATIONS
from credits.admin.filters import BookedAheadFilter, KindFilter, SourceFilter, kinds
from credits.admin.keyset import KeysetAdmin
from credits.admin.links import customers_called, number_in, person_of, record_link, uuid_in
from credits.admin.people import portal_tools
from credits.domain.access import may_correct
from credits.models import FeatureChoice, LedgerEntry, Operation, UsageReport
from credits.templatetags.figures import instant, signed


class BookAdmin(KeysetAdmin):
    """Rows of a customer's books."""

    shelf = "Books"

    def tools(self, request: HttpRequest, record: Any) -> list[tuple[str, str]]:
        return portal_tools(request, record.customer) if record.customer else []

    def within_customer(self, request: HttpRequest) -> bool:
        return "customer__id__exact" in request.GET

    @admin.display(description="customer")
    def of(self, row: Any) -> str:
        return record_link(row.customer)

    @admin.display(description="recorded")
    def recorded(self, row: Any) -> str:
        return instant(row.recorded_at)

    @admin.display(description="effective")
    def effective(self, row: Any) -> str:
        return instant(row.effective_at)

    @admin.display(description="from")
    def since(self, row: Any) -> str:
        return instant(row.at)

    @admin.display(description="operation")
    def by(self, row: Any) -> str:
        return record_link(row.operation, row.operation.kind)


@admin.register(Operation)
class OperationAdmin(CorrectingAdmin, BookAdmin):
    """Every command that changed something: the audit."""

    corrections = OF_OPERATIONS
    list_display = ("kind", "recorded", "of", "subject", "who", "source", "why")
    list_filter = (KindFilter, SourceFilter, "recorded_at")
    list_select_related = ("customer", "actor", "note")
    linked_by = ("customer", "actor")
    search_fields = ("kind",)
    search_help_text = (
        "Kind, source, key, public id, request id, person's mail address, or the customer."
    )
    place_in_search = 10
    story = (
        "of",
        "kind",
        "subject",
        "recorded",
        "who",
        "behalf",
        "source",
        "why",
        "reverses_operation",
        "reversed_by",
        "key",
        "public_id",
        "request_id",
        "answer",
        "position",
        "hash",
    )

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.add_chapter(10, book_chapters.operation_facts)
        self.add_chapter(20, book_chapters.operation_entries)

    def tools(self, request: HttpRequest, record: Operation) -> list[tuple[str, str]]:
        return [*self.correction_tools(request, record), *super().tools(request, record)]

    def keyset_field(self, request: HttpRequest) -> str:
        return "position" if self.within_customer(request) else "pk"

    def words(self, word: str) -> Q:
        public_id = uuid_in(word)
        if public_id is not None:
            return Q(public_id=public_id) | Q(key=word.lower()) | Q(request_id=word)
        if "@" in word:
            return Q(actor__email=word.lower())
        if word.lower() in kinds():
            return Q(kind=word.lower())
        found = Q(key=word.lower()) | Q(source=word.lower()) | Q(request_id=word)
        return found | customers_called(word, "customer__")

    def told(self, record: Any) -> tuple[str, str]:
        about = [record.customer.name if record.customer else "", record.subject]
        when = f"{record.recorded_at:%Y-%m-%d %H:%M} UTC"
        return record.kind, " · ".join([*(text for text in about if text), when])

    @admin.display(description="who")
    def who(self, operation: Operation) -> str:
        return record_link(operation.actor)

    @admin.display(description="on behalf of")
    def behalf(self, operation: Operation) -> str:
        return record_link(operation.on_behalf_of)

    @admin.display(description="why")
    def why(self, operation: Operation) -> str:
        return chapters.why(operation)

    @admin.display(description="reverses")
    def reverses_operation(self, operation: Operation) -> str:
        return record_link(operation.reverses)

    @admin.display(description="reversed by")
    def reversed_by(self, operation: Operation) -> str:
        return record_link(getattr(operation, "reversal", None))


@admin.register(LedgerEntry)
class LedgerEntryAdmin(BookAdmin):
    """The signed differences whose sums are all figures."""

    list_display = ("place", "of", "effective", "recorded", "amount", "side", "subject", "by")
    list_filter = ("side", BookedAheadFilter, "recorded_at", "effective_at")
    list_select_related = ("customer", "license", "feature", "operation")
    linked_by = ("customer", "license", "feature", "operation")
    search_fields = ("customer",)
    search_help_text = "Customer, license number (L-204), feature key, or an operation's public id."
    story = ("of", "place", "side", "subject", "amount", "effective", "recorded", "by")

    def keyset_field(self, request: HttpRequest) -> str:
        return "seq" if self.within_customer(request) else "pk"

    def words(self, word: str) -> Q:
        license_number, public_id = number_in(word, "L"), uuid_in(word)
        if license_number is not None:
            return Q(license__number=license_number)
        if public_id is not None:
            return Q(operation__public_id=public_id) | Q(license__public_id=public_id)
        return Q(feature__key=word.lower()) | customers_called(word, "customer__")

    @admin.display(description="seq")
    def place(self, entry: LedgerEntry) -> int:
        return entry.seq

    @admin.display(description="credits")
    def amount(self, entry: LedgerEntry) -> str:
        return signed(entry.credits)

    @admin.display(description="of")
    def subject(self, entry: LedgerEntry) -> str:
        return record_link(entry.license or entry.feature)


class FactAdmin(BookAdmin):
    """Facts of customers, each brought by one operation."""

    def words(self, word: str) -> Q:
        public_id = uuid_in(word)
        if public_id is not None:
            return Q(operation__public_id=public_id)
        return customers_called(word, "customer__")

    @admin.display(description="stated")
    def stated(self, fact: Any) -> str:
        return instant(fact.operation.recorded_at)

    @admin.display(description="reversed by")
    def reversed_by(self, fact: Any) -> str:
        return record_link(getattr(fact.operation, "reversal", None))


@admin.register(UsageReport)
class UsageReportAdmin(FactAdmin):
    """What a customer's groups had in use, as people and systems stated it."""

    list_display = ("since", "of", "group_name", "stated_quantities", "revision", "stated", "by")
    list_filter = ("at",)
    list_select_related = ("customer", "group", "operation")
    linked_by = ("customer", "group", "operation")
    search_fields = ("customer",)
    story = (
        "of",
        "group_name",
        "since",
        "stated_quantities",
        "revision",
        "stated",
        "by",
        "reversed_by",
    )

    def tools(self, request: HttpRequest, record: UsageReport) -> list[tuple[str, str]]:
        """The operation that stated it can be undone: the report is withdrawn."""
        stands = not hasattr(record.operation, "reversal")
        may = stands and may_correct(person_of(request), record.customer)
        withdraw = [(correction_url(record.operation, "undo"), "Withdraw this report")]
        return [*(withdraw if may else []), *super().tools(request, record)]

    @admin.display(description="group")
    def group_name(self, report: UsageReport) -> str:
        return record_link(report.group)

    @admin.display(description="quantities")
    def stated_quantities(self, report: UsageReport) -> str:
        return book_chapters.quantities_text(report)


@admin.register(FeatureChoice)
class FeatureChoiceAdmin(FactAdmin):
    """Features switched on or off, on credits or pay-as-you-go."""

    list_display = ("since", "of", "feature_name", "chosen", "stated", "by")
    list_filter = ("is_on", "billing_model", "at")
    list_select_related = ("customer", "feature", "operation")
    linked_by = ("customer", "feature", "operation")
    search_fields = ("customer",)
    story = ("of", "feature_name", "since", "chosen", "stated", "by", "reversed_by")

    @admin.display(description="feature")
    def feature_name(self, choice: FeatureChoice) -> str:
        return record_link(choice.feature)

    @admin.display(description="choice")
    def chosen(self, choice: FeatureChoice) -> str:
        return book_chapters.choice_text(choice)

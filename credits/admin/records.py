"""What every record of the admin shares: readable, linked, searched by words, never edited."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from django.contrib import admin
from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern

from credits.admin.links import record_link

if TYPE_CHECKING:
    RecordBase = admin.ModelAdmin[Any]
else:
    RecordBase = admin.ModelAdmin

MOST_WORDS = 6
WORD_LENGTH = 120
ROUTES = ("changelist", "add", "change")
SHOWN = 25
"""Rows of a chapter; the list of the records has the others."""
MAX_DIGITS = 18
LOOKUPS = frozenset({"", "exact", "id__exact", "gte", "lt", "isnull"})
"""How a list may be narrowed by its address: what Django's own filters ask, and links."""


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """One table of a record's page: its newest rows, and the way to all of them."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    figures: frozenset[int] = frozenset()
    """The columns that hold credits, counted from 0; they stand at the right."""
    empty: str = "None."
    more_url: str = ""
    add_url: str = ""
    add: str = ""

    @property
    def has_more(self) -> bool:
        """Whether there may be rows beyond those shown."""
        return bool(self.more_url) and len(self.rows) >= SHOWN


ChapterMaker = Callable[[HttpRequest, Any], Chapter]


def add_chapter(model: type[Model], place: int, maker: ChapterMaker) -> None:
    """Tell more on the pages of a record that belongs to an app below."""
    page = admin.site.get_model_admin(model)
    if isinstance(page, RecordAdmin):
        page.add_chapter(place, maker)


class RecordAdmin(RecordBase):
    """A list one can search and narrow, and a page that tells a record's story.

    Nothing can be changed or deleted here, whoever asks: the books are corrected by commands.
    A higher app adds its own chapters to a record of a lower one with `add_chapter`.
    """

    actions = None
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    preserve_filters = False
    list_per_page = 50
    list_max_show_all = 0
    change_form_template = "admin/record.html"

    story: ClassVar[tuple[str, ...]] = ()
    """The fields and methods on top of a record's page."""
    linked_by: ClassVar[Sequence[str]] = ()
    """Foreign keys by which other records link to this list."""
    shelf: ClassVar[str] = "Catalogue"
    """Under which heading the index names this list."""
    place_in_search: ClassVar[int] = 0
    """The place among what the index searches; 0 is not searched there."""
    is_made_here: ClassVar[bool] = False
    """Whether such records are made here, by a command (credits.admin.making)."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.chapter_makers: list[tuple[int, ChapterMaker]] = []

    def add_chapter(self, place: int, maker: ChapterMaker) -> None:
        """Tell more on the pages of these records; the place orders the chapters."""
        self.chapter_makers.append((place, maker))

    def chapters(self, request: HttpRequest, record: Model) -> list[Chapter]:
        """The chapters of one record's page."""
        in_order = sorted(self.chapter_makers, key=lambda made: made[0])
        return [maker(request, record) for _, maker in in_order]

    def tools(self, request: HttpRequest, record: Any) -> list[tuple[str, str]]:
        """Address and label of what one may go on to from a record's page."""
        return []

    def told(self, record: Any) -> tuple[str, str]:
        """A record as a search names it, and what tells it from others of its kind."""
        return str(record), ""

    def words(self, word: str) -> Q:
        """What one word of a search finds; all words of a search must be found."""
        raise NotImplementedError

    def narrowed_to(self, request: HttpRequest) -> list[tuple[str, Model, str]]:
        """By which records the list is narrowed, each with the address without it."""
        found = []
        for field in self.linked_by:
            lookup = f"{field}__id__exact"
            text = request.GET.get(lookup, "")
            if text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS:
                related = self.model._meta.get_field(field).related_model
                record = related._default_manager.filter(pk=int(text)).first()
                rest = request.GET.copy()
                del rest[lookup]
                if record is not None:
                    found.append((field, record, f"?{rest.urlencode()}"))
        return found

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        narrowed = [
            (field, record_link(record), without)
            for field, record, without in self.narrowed_to(request)
        ]
        context = {"narrowed": narrowed, **(extra_context or {})}
        return super().changelist_view(request, context)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        for word in search_term.split()[:MOST_WORDS]:
            queryset = queryset.filter(self.words(word[:WORD_LENGTH]))
        return queryset, False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        field, _, rest = lookup.partition("__")
        plain = {item for item in self.list_filter if isinstance(item, str)}
        own = {
            item.parameter_name
            for item in self.list_filter
            if isinstance(item, type) and issubclass(item, admin.SimpleListFilter)
        }
        return lookup in own or (field in plain | {*self.linked_by} and rest in LOOKUPS)

    def to_field_allowed(self, request: HttpRequest, to_field: str) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        """No delete, no history of edits, no old addresses: only what is used."""
        kept = [url for url in super().get_urls() if str(url.name).rpartition("_")[2] in ROUTES]
        return [url for url in kept if self.is_made_here or not str(url.name).endswith("_add")]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.is_made_here and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.story

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.story

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        name, detail = self.told(obj)
        context |= {
            "title": name,
            "subtitle": detail or None,
            "chapters": self.chapters(request, obj),
            "tools": self.tools(request, obj),
        }
        return super().render_change_form(request, context, add, change, form_url, obj)

    def _get_obj_does_not_exist_redirect(self, *args: Any) -> NoReturn:
        raise Http404("no such record")

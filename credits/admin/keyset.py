"""Long lists without a count and without offsets: newest first, older by the key."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest

from credits.admin.records import RecordAdmin

BEFORE = "before"
MAX_DIGITS = 18


class KeysetChangeList(ChangeList):
    """A list whose pages are found by the key of the row before; its rows are never counted."""

    model_admin: KeysetAdmin
    older_than: int | None

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        text = request.GET.get(BEFORE, "")
        is_number = text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS
        self.older_than = int(text) if is_number else None
        super().__init__(request, *args, **kwargs)

    def get_filters_params(self, params: dict[str, Any] | None = None) -> dict[str, Any]:
        # Neither a filter nor carried on by the links of the filters.
        for given in (self.params, self.filter_params):
            given.pop(BEFORE, None)
        lookups: dict[str, Any] = super().get_filters_params(params)
        return lookups

    def get_ordering(self, request: HttpRequest, queryset: Any) -> list[Any]:
        return [f"-{self.model_admin.keyset_field(request)}"]

    def get_results(self, request: HttpRequest) -> None:
        field = self.model_admin.keyset_field(request)
        rows = self.queryset
        if self.older_than is not None:
            rows = rows.filter(**{f"{field}__lt": self.older_than})
        page = list(rows[: self.list_per_page + 1])
        self.result_list = page[: self.list_per_page]
        self.older_url = ""
        if len(page) > self.list_per_page:
            last = getattr(self.result_list[-1], field)
            self.older_url = self.get_query_string({BEFORE: last})
        self.newest_url = self.get_query_string() if self.older_than is not None else ""
        self.result_count = self.full_result_count = len(self.result_list)
        self.show_all = self.can_show_all = self.multi_page = False
        self.show_full_result_count = self.show_admin_actions = False


class KeysetAdmin(RecordAdmin):
    """Records in the order they were written, however many there are."""

    change_list_template = "admin/keyset_list.html"
    sortable_by = ()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return KeysetChangeList

    def keyset_field(self, request: HttpRequest) -> str:
        """The key that rises with time; within one customer that may be a number of its own."""
        return "pk"

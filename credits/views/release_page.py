"""What releasing several features would do, put together for its page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from credits.domain.activity import Act, acts_since
from credits.domain.groups import read_group
from credits.domain.holdings import Holding
from credits.domain.preview import Draft, Preview, open_draft
from credits.domain.release_many import ReleaseMany, without_needed
from credits.domain.sources import reporting
from credits.exceptions import CreditsError, KeyConflict, StaleView
from credits.forms.allocations import seen_seq
from credits.forms.notes import NoteForm
from credits.models import Customer, Feature
from credits.tables.effects import EffectRow, effect_rows
from credits.templatetags.figures import credits_text
from credits.views.allocation_reading import TRIED, next_key
from credits.views.allocation_words import day_text
from credits.views.leaving_out import LeftOut, left_out
from credits.web.access import CustomerRequest
from credits.web.asking import form_key

MOST_ROWS = 100
"""Features that the effect names one by one."""


@dataclass(frozen=True)
class ReleasePage:
    """All that the page shows."""

    customer: Customer
    close_url: str
    features: Sequence[Feature] = ()
    """What is released when it is confirmed."""
    left: Sequence[LeftOut] = ()
    reported: Sequence[str] = ()
    """Names of released features whose units a system reports."""
    preview: Preview | None = None
    error: str = ""
    stale: Sequence[Act] = ()
    key: str = ""
    seen: int = 0
    form: NoteForm = field(default_factory=NoteForm)

    @property
    def keys(self) -> str:
        """What is released, as the form sends it back."""
        return " ".join(feature.key for feature in self.features)

    @cached_property
    def effect(self) -> list[EffectRow]:
        """The figures before and after; of very many features the largest, the others in one."""
        if self.preview is None:
            return []
        by_feature = self.preview.before.by_feature
        held = [feature for feature in self.features if by_feature.get(feature.pk)]
        falling = sorted(held, key=lambda feature: (-by_feature[feature.pk], feature.pk))
        rows = effect_rows(self.preview, falling, self.customer)
        rows[: len(falling)] = [
            replace(row, detail=feature.group.solution.name)
            for row, feature in zip(rows, falling, strict=False)
        ]
        more = rows[MOST_ROWS : len(falling)]
        if not more:
            return rows
        text = ngettext("%(count)d more feature", "%(count)d more features", len(more))
        others = EffectRow(
            text % {"count": len(more)},
            sum(row.before for row in more),
            sum(row.after for row in more),
        )
        return [*rows[:MOST_ROWS], others, *rows[len(falling) :]]

    @property
    def credits(self) -> int:
        """What returns to the balance."""
        if self.preview is None:
            return 0
        return self.preview.before.figure.allocated - self.preview.after.figure.allocated

    @property
    def label(self) -> str:
        """Release 12,000 credits from 5 features."""
        text = ngettext(
            "Release %(credits)s credits from %(count)d feature",
            "Release %(credits)s credits from %(count)d features",
            len(self.features),
        )
        return text % {"credits": credits_text(self.credits), "count": len(self.features)}

    @property
    def kept_text(self) -> str:
        """What is said of features whose units a system reports."""
        return _(
            "Reports on %(names)s go on being kept, and count again once it is switched on."
        ) % {"names": ", ".join(self.reported)}


def form_name(customer: Customer) -> str:
    """What the page's key is for."""
    return f"release/{customer.public_id}"


def release_page(
    request: CustomerRequest,
    rows: Sequence[Holding],
    close_url: str,
    error: CreditsError | None = None,
) -> ReleasePage:
    """The page for the features chosen, also again with why nothing was released."""
    customer, draft = request.customer, open_draft(request.customer)
    against = [(row, standing_against(row, draft)) for row in rows]
    left = [(why, row) for row, why in against if why]
    wanted = [row.offer.feature for row, why in against if not why]
    command = ReleaseMany(customer=customer, asked=TRIED, features=wanted)
    features, kept = without_needed(command, draft.books)
    by_feature = {row.offer.feature: row for row in rows}
    left += [(one.need.sentence, by_feature[one.feature]) for one in kept]
    sources, preview = reporting(customer), None
    try:
        if features:
            command = ReleaseMany(customer=customer, asked=TRIED, features=features)
            preview = draft.preview(command)
    except CreditsError as refused:
        error = error or refused
    is_new = isinstance(error, StaleView | KeyConflict)
    seen = seen_seq(request.POST)
    is_sent, name = request.method == "POST", form_name(customer)
    return ReleasePage(
        customer=customer,
        close_url=close_url,
        features=features,
        left=left_out(customer, left),
        reported=[f.name for f in features if f.group_id in sources],
        preview=preview,
        error=error.message if error else "",
        stale=acts_since(customer, [row.offer.feature.pk for row in rows], seen)
        if isinstance(error, StaleView)
        else (),
        key=next_key(request, name, is_used=is_new) if is_sent else form_key(request, name),
        seen=draft.seq if is_new or not is_sent else seen,
        form=NoteForm(request.POST) if is_sent else NoteForm(),
    )


def standing_against(row: Holding, draft: Draft) -> str:
    """Why a feature returns nothing by being released; nothing where it does."""
    feature = row.offer.feature
    if row.payg is not None:
        return _("It is on pay-as-you-go and holds no credits.")
    if not row.credits:
        return _("It holds no credits.")
    if not row.is_reserved:
        return ""
    reserved = read_group(draft.books, feature.group.key).by_key[feature.key].reserved
    if reserved is None:
        return _("What it holds stays until its period ends.")
    day = {"day": day_text(reserved.ends_at)}
    return _("What it holds stays until %(day)s, 00:00 UTC, when its period ends.") % day

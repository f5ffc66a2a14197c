"""What this app finds for the search box: pages of the portal, and features."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.utils.translation import gettext as _

from credits.domain.finding import features_called
from credits.models import Feature
from credits.web.links import with_state
from credits.web.search import LIMIT, Finder, Hit, Hits, Looking, hits_of


def find_features(looking: Looking) -> Hits:
    """Features by name, key, group or solution."""

    def hit(feature: Feature) -> Hit:
        return Hit(
            title=feature.name,
            url=looking.url("billing:solution-feature", feature=feature.key),
            detail=feature.group.solution.name,
            exact=looking.is_exact(feature.name, feature.key),
        )

    rows = features_called(looking.each)[: LIMIT + 1]
    everything = with_state(looking.url("billing:solution-list"), q=looking.words)
    return hits_of(_("Features"), rows, hit, everything)


def find_pages(looking: Looking) -> Hits:
    """Pages that the person may open, by their names in the navigation; no query."""
    wanted: dict[str, Hit] = {}
    for title, url in pages_of(looking):
        if all(word in title.casefold() for word in looking.each):
            wanted.setdefault(url, Hit(title, url, exact=looking.is_exact(title)))
    return Hits(_("Pages"), list(wanted.values())[:LIMIT])


def pages_of(looking: Looking) -> Iterator[tuple[str, str]]:
    """Names and addresses of the customer's pages."""
    entries = settings.PORTAL_NAVIGATION["customer"]
    tabs = [tab for entry in entries for tab in settings.PORTAL_TABS.get(entry[1], [])]
    for label, name, _key, right in [*entries, *tabs]:
        if not right or right in looking.rights:
            yield _(label), looking.url(name)
    for label, name, right in settings.SEARCHED_PAGES:
        if not right or right in looking.rights:
            yield _(label), looking.url(name)


FINDERS: list[Finder] = [find_pages, find_features]

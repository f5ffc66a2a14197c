"""The feature that a row means: by its key, or by its name as the catalogue has it today."""

from __future__ import annotations

from collections import defaultdict
from difflib import get_close_matches

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from credits.domain.catalogue import Offer
from credits.exceptions import InvalidCommand
from estimator.domain.importing.cells import shortened
from estimator.domain.price_list import PriceList

NEAREST = 3
"""Names that are proposed for one that is unknown."""

LOOKED_UP = 30
"""Unknown names for which others are proposed; comparing takes its time."""

LIKE = 0.55
LONGEST = 120


class Features:
    """The catalogue's features by what people write of them."""

    def __init__(self, prices: PriceList) -> None:
        self.offers = list(prices.offers.values())
        self._keys: dict[str, Offer] = {}
        self._names: dict[str, list[Offer]] = defaultdict(list)
        for offer in self.offers:
            self._keys[plain(offer.feature.key)] = offer
            self._names[plain(offer.feature.name)].append(offer)
        self._keys.update({plain(self._called(offer)): offer for offer in self.offers})
        self._proposed: dict[str, list[str]] = {}

    def by_key(self, text: str) -> Offer:
        """The feature of a key, or of a name as it is proposed. Raises InvalidCommand."""
        offer = self._keys.get(plain(text))
        if offer is None:
            raise InvalidCommand(self._unknown(text))
        return offer

    def by_name(self, text: str, solution: str) -> Offer:
        """The feature of a name, in a solution where one is named; a key is read as well.

        Raises InvalidCommand for a name that no feature has, and for one that several have.
        """
        named = self._names.get(plain(text), [])
        if not named and plain(text) in self._keys:
            return self._keys[plain(text)]
        if not named:
            raise InvalidCommand(self._unknown(text))
        within = [
            offer for offer in named if plain(offer.feature.group.solution.name) == plain(solution)
        ]
        if len(within) == 1:
            return within[0]
        if len(named) == 1 and not solution:
            return named[0]
        if len(named) == 1:
            raise InvalidCommand(
                _("The solution of this feature is %(solution)s. Correct one of the two.")
                % {"solution": named[0].feature.group.solution.name}
            )
        raise InvalidCommand(several(within or named))

    def is_called(self, text: str, offer: Offer) -> bool:
        """Whether a text is a feature's name; one that no feature has (any more) tells nothing."""
        named = self._names.get(plain(text), [])
        return not named or offer in named

    def _called(self, offer: Offer) -> str:
        """A feature's name, with its key where several are called the same."""
        name: str = offer.feature.name
        is_one = len(self._names[plain(name)]) == 1
        return name if is_one else f"{name} ({offer.feature.key})"

    def _unknown(self, text: str) -> str:
        near = self._nearest(plain(text)[:LONGEST])
        if not near:
            return _("There is no such feature in the catalogue. Write its name or its key.")
        names = " · ".join(near)
        return ngettext(
            "There is no such feature in the catalogue. The nearest is: %(names)s.",
            "There is no such feature in the catalogue. The nearest are: %(names)s.",
            len(near),
        ) % {"names": names}

    def _nearest(self, text: str) -> list[str]:
        """Names like a text, best first; looked up once, and for so many texts only."""
        if text in self._proposed or len(self._proposed) >= LOOKED_UP:
            return self._proposed.get(text, [])
        open_ones = {
            plain(word): self._called(offer)
            for offer in self.offers
            if offer.is_open
            for word in (offer.feature.key, self._called(offer))
        }
        found = get_close_matches(text, open_ones, n=2 * NEAREST, cutoff=LIKE)
        starting = [word for word in open_ones if text and word.startswith(text)]
        near = list(dict.fromkeys(open_ones[word] for word in [*starting, *found]))
        self._proposed[text] = near[:NEAREST]
        return self._proposed[text]


def several(offers: list[Offer]) -> str:
    """What to write where a name belongs to several features."""
    solutions = {offer.feature.group.solution.name for offer in offers}
    if len(solutions) == len(offers):
        return _("Several features are called that. Name the solution as well: %(names)s.") % {
            "names": " · ".join(sorted(solutions))
        }
    keys = " · ".join(shortened(offer.feature.key) for offer in offers)
    return _("Several features are called that. Write the key: %(names)s.") % {"names": keys}


def plain(text: str) -> str:
    """A name as it is compared: small letters, single spaces."""
    return " ".join(text.split()).casefold()

"""Features and allocation groups as people write them: by key or by name."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

from credits.domain.usage_file import shown
from credits.exceptions import InvalidCommand
from credits.models import AllocationGroup, Feature


@dataclass(frozen=True)
class Meant:
    """The feature or the whole group that a line is about."""

    group: AllocationGroup
    feature: Feature | None


class Names:
    """Features and groups by key and by name."""

    def __init__(self) -> None:
        self.keys: dict[str, list[Meant]] = defaultdict(list)
        self.names: dict[str, list[Meant]] = defaultdict(list)
        members: dict[AllocationGroup, list[Feature]] = defaultdict(list)
        for feature in Feature.objects.select_related("group").order_by("position", "pk"):
            members[feature.group].append(feature)
            self._add(feature.key, feature.name, Meant(feature.group, feature))
        for group, features in members.items():
            if len(features) > 1:
                self._add(group.key, group.name, Meant(group, None))

    def _add(self, key: str, name: str, meant: Meant) -> None:
        self.keys[key.casefold()].append(meant)
        self.names[name.casefold()].append(meant)

    def find(self, text: str) -> Meant:
        """What a cell means. Raises InvalidCommand for nothing, and for several."""
        if not text:
            raise InvalidCommand("The line names no feature.")
        found = self.keys.get(text.casefold()) or self.names.get(text.casefold()) or []
        if not found:
            raise InvalidCommand(f"There is no feature or group {shown(text)}.")
        if len(found) > 1:
            keys = " or ".join((one.feature or one.group).key for one in found)
            raise InvalidCommand(f"{shown(text)} is the name of several. Write {keys}.")
        return found[0]


def told_apart(*features: Feature) -> list[str]:
    """The names of features, with the solution's where several are called the same."""
    named = Counter(feature.name for feature in features)
    return [
        f"{one.name} ({one.group.solution.name})" if named[one.name] > 1 else one.name
        for one in features
    ]

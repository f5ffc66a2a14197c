"""What the lines of an uploaded file mean for a customer: statements that change something.

What the file does not name stays as it is. Units of a feature replace those in force, and so do
the accounts of a feature that counts by account: an account that is left out is gone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from credits.domain.allocate_many import GroupStatement
from credits.domain.books import Books
from credits.domain.feature_names import Names
from credits.domain.groups import FeatureSetting, GroupSettings, Layout, read_group
from credits.domain.pricing import SHARED
from credits.domain.quantities import check_accounts, plain_units, read_quantity
from credits.domain.sources import Reporting, refuse_by_hand
from credits.domain.usage_file import Line, Problem, in_order, shown
from credits.exceptions import CreditsError, InvalidCommand, UnknownObject
from credits.models import AllocationGroup, Feature

YES = frozenset({"yes", "on", "true", "1", "x"})
NO = frozenset({"no", "off", "false", "0"})
ONLY_ACCOUNT = "account 1"
"""The name of the one account of units that were stated as one number."""


@dataclass
class Reading:
    """What a file says of a customer's groups."""

    statements: list[GroupStatement] = field(default_factory=list)
    unchanged: int = 0
    """Groups of which it says what is in force already."""
    problems: list[Problem] = field(default_factory=list)
    lines: dict[str, list[Line]] = field(default_factory=dict)
    """The lines about each group, by the group's key."""

    def put(self, group: str, error: CreditsError) -> None:
        """Note a refusal of a group at the line of the feature it is about, or its first one."""
        own = self.lines[group]
        line = next((one for one in own if one.feature.casefold() == error.field), own[0])
        self.problems.append(Problem(line.number, error.message))


def match_lines(lines: Sequence[Line], books: Books, sources: Mapping[int, Reporting]) -> Reading:
    """What lines change of a customer's books as they are now, or every problem they have.

    Lines of a group that a system reports are refused if they change anything.
    """
    reading = Reading()
    names = Names()
    by_group: dict[AllocationGroup, list[tuple[Line, Feature | None]]] = defaultdict(list)
    for line in lines:
        try:
            meant = names.find(line.feature)
        except CreditsError as error:
            reading.problems.append(Problem(line.number, error.message))
            continue
        by_group[meant.group].append((line, meant.feature))
    books.read_ahead(group.key for group in by_group)
    for group, told in by_group.items():
        reading.lines[group.key] = [line for line, _ in told]
        read_one(reading, group, told, books, sources.get(group.pk))
    reading.problems = list(in_order(reading.problems))
    return reading


def read_one(
    reading: Reading,
    group: AllocationGroup,
    told: Sequence[tuple[Line, Feature | None]],
    books: Books,
    source: Reporting | None,
) -> None:
    """What the lines of one group say, with its problems noted at their lines."""
    try:
        settings = read_group(books, group.key)
    except UnknownObject:
        problem = f"{group.name} has no rate, so nothing can be stated of it yet."
        reading.problems.append(Problem(told[0][0].number, problem))
        return
    lines = GroupLines(settings)
    for line, feature in told:
        try:
            lines.add(line, feature)
        except CreditsError as error:
            lines.problems.append(Problem(line.number, error.message))
    statement = None if lines.problems else lines.statement()
    reading.problems += lines.problems
    if lines.problems:
        return
    if statement is None:
        reading.unchanged += 1
        return
    if source is not None:
        try:
            refuse_by_hand(source.source, group, by_support=False, reason="")
        except CreditsError as error:
            reading.problems.append(Problem(told[0][0].number, error.message))
    reading.statements.append(statement)


class GroupLines:
    """The lines of one group, read by its layout."""

    def __init__(self, settings: GroupSettings) -> None:
        self.settings = settings
        self.problems: list[Problem] = []
        self.units: dict[str, Decimal] = {}
        self.accounts: dict[str, Decimal] = {}
        self.switched: dict[str, bool] = {}
        self.first: Line | None = None

    def add(self, line: Line, feature: Feature | None) -> None:
        """Take one line in. Raises a CreditsError with what is wrong with it."""
        self.first = self.first or line
        layout = self.settings.layout
        if layout is Layout.SHARED:
            self.add_shared(line, feature)
            return
        setting = self.setting_of(line, feature)
        is_on = read_switch(line)
        if layout is Layout.ACCOUNTS:
            units = self.add_account(line, setting)
        else:
            units = self.add_number(line, setting)
        if is_on is False and units:
            name = setting.feature.name
            raise InvalidCommand(f"{name} is off only with 0 units: write 0, or release it.")

    def setting_of(self, line: Line, feature: Feature | None) -> FeatureSetting:
        """The feature that a line is about."""
        if feature is None:
            keys = ", ".join(setting.feature.key for setting in self.settings.features)
            raise InvalidCommand(f"{self.settings.group.name} is counted by feature. Write {keys}.")
        setting = self.settings.by_key.get(feature.key)
        if setting is None:
            raise InvalidCommand(f"{feature.name} takes no new allocations.")
        return setting

    def add_number(self, line: Line, setting: FeatureSetting) -> Decimal:
        """The one number of a feature."""
        key = setting.feature.key
        if line.account:
            raise InvalidCommand(f"{setting.feature.name} is not counted by account.")
        if key in self.units:
            raise InvalidCommand(f"{setting.feature.name} is stated twice.")
        units = read_quantity(line.units, measured=setting.is_measured, field=key)
        self.units[key] = units
        return units

    def add_account(self, line: Line, setting: FeatureSetting) -> Decimal:
        """The number of one account."""
        name = line.account
        if name not in accounts_of(setting):
            name = name.strip()
        if not name:
            raise InvalidCommand(f"{setting.feature.name} is counted by account. Name the account.")
        units = read_quantity(line.units, measured=setting.is_measured, field=setting.feature.key)
        check_accounts({name: units}, field=setting.feature.key)
        if name in self.accounts:
            raise InvalidCommand(f"The account {shown(name)} is stated twice.")
        self.accounts[name] = units
        return units

    def add_shared(self, line: Line, feature: Feature | None) -> None:
        """The one number of several features, and which of them are on."""
        settings = self.settings
        if line.account:
            raise InvalidCommand(f"{settings.group.name} is not counted by account.")
        parts = {setting.feature.key for setting in settings.features}
        if feature is not None and feature.key not in parts:
            names = " and ".join(setting.feature.name for setting in settings.features)
            raise InvalidCommand(f"{feature.name} follows from its parts. State {names}.")
        measured = all(setting.is_measured for setting in settings.features)
        units = read_quantity(line.units, measured=measured, field=SHARED)
        is_on = read_switch(line)
        if feature is not None and feature.key in self.switched:
            raise InvalidCommand(f"{feature.name} is stated twice.")
        if feature is None and is_on is not None:
            raise InvalidCommand("Say for each feature on a line of its own whether it is on.")
        if feature is not None:
            current = settings.by_key[feature.key].is_on
            self.switched[feature.key] = current if is_on is None else is_on
        if self.units.setdefault(SHARED, units) != units:
            raise InvalidCommand(
                f"The features of {settings.group.name} share one number of units, "
                f"and another line says {plain_units(self.units[SHARED], grouped=True)}."
            )

    def statement(self) -> GroupStatement | None:
        """What the group is to be; None if it is so already. Notes a problem of the whole."""
        settings, key = self.settings, self.settings.group.key
        if settings.layout is Layout.SHARED:
            return self.shared_statement()
        if settings.layout is Layout.ACCOUNTS:
            setting = settings.features[0]
            if self.accounts == accounts_of(setting):
                return None
            return GroupStatement(key, {setting.feature.key: self.accounts})
        held = {setting.feature.key: setting.counted for setting in settings.features}
        wanted = {**held, **self.units}
        return None if wanted == held else GroupStatement(key, wanted)

    def shared_statement(self) -> GroupStatement | None:
        """The number that features share, and those that are to be on."""
        settings = self.settings
        was_on = frozenset(s.feature.key for s in settings.features if s.is_on)
        wanted = {s.feature.key: s.is_on for s in settings.features} | self.switched
        on = frozenset(key for key, is_on in wanted.items() if is_on)
        units = self.units[SHARED]
        if on == was_on and units == (settings.features[0].units if was_on else 0):
            return None
        if units and not on and self.first is not None and not was_on and not self.says_off():
            keys = " or ".join(setting.feature.key for setting in settings.features)
            problem = (
                f"Nothing of {settings.group.name} is on. Say “yes” in the column on at {keys}."
            )
            self.problems.append(Problem(self.first.number, problem))
            return None
        return GroupStatement(settings.group.key, {SHARED: units}, on)

    def says_off(self) -> bool:
        """Whether every feature is said to be off, in so many words."""
        return len(self.switched) == len(self.settings.features)


def read_switch(line: Line) -> bool | None:
    """Whether a line says on or off, or nothing of it. Raises InvalidCommand for other words."""
    if not line.on:
        return None
    if line.on in YES or line.on in NO:
        return line.on in YES
    raise InvalidCommand(f"The column on takes yes, no or nothing, not {shown(line.on)}.")


def accounts_of(setting: FeatureSetting) -> dict[str, Decimal]:
    """The accounts that count now; units stated as one number are one account."""
    if not setting.is_on:
        return {}
    if isinstance(setting.quantity, Mapping):
        return dict(setting.quantity)
    return {ONLY_ACCOUNT: setting.quantity} if setting.quantity else {}


def rows_in_force(books: Books, sources: Mapping[int, Reporting]) -> list[list[str]]:
    """The lines of a file that states what is in force, for the groups that people state.

    Read again it changes nothing. It lists what takes new allocations or holds credits.
    """
    features = Feature.objects.select_related("group").order_by(
        "group__solution__position", "position", "pk"
    )
    groups = dict.fromkeys(f.group for f in features if f.group_id not in sources)
    books.read_ahead(group.key for group in groups)
    rows: list[list[str]] = []
    for group in groups:
        try:
            settings = read_group(books, group.key)
        except UnknownObject:
            continue
        if settings.is_open or settings.held:
            rows += group_rows(settings)
    return rows


def group_rows(settings: GroupSettings) -> Iterator[list[str]]:
    """The lines of one group."""
    for setting in settings.features:
        feature = setting.feature
        key, name, unit = feature.key, feature.name, feature.unit_plural
        if settings.layout is Layout.ACCOUNTS:
            for account, units in accounts_of(setting).items():
                yield [key, name, account, plain_units(units), unit, ""]
        elif settings.layout is Layout.SHARED:
            is_used = any(one.is_on for one in settings.features)
            number = plain_units(setting.units) if is_used else "0"
            yield [key, name, "", number, unit, "yes" if setting.is_on else "no"]
        else:
            yield [key, name, "", plain_units(setting.counted), unit, ""]

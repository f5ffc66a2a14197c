"""Most bugs are planted only on request; the four that must always be found, always."""

from __future__ import annotations

import os

import pytest

from tests.planted.hunt import FOUND

LINE = "{:<56} {:<11} {:<24} {:>9} {:>9}"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "planted: plants a bug that must be found (-m planted)")
    config.addinivalue_line("markers", "always: among the planted ones, not only on request")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "planted" in config.getoption("markexpr") or os.environ.get("PORTAL_NIGHTLY"):
        return
    left_out = [
        item
        for item in items
        if item.get_closest_marker("planted") and not item.get_closest_marker("always")
    ]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The table of what was planted and found, whichever process found it."""
    lines = [
        value
        for report in terminalreporter.stats.get("passed", [])
        for name, value in report.user_properties
        if name == FOUND
    ]
    if lines:
        terminalreporter.section("planted bugs")
        terminalreporter.write_line(LINE.format("planted", "found by", "as", "example", "seconds"))
        for line in lines:
            terminalreporter.write_line(LINE.format(*line))

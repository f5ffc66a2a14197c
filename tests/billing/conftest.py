"""The stories that Annual credits and Explain are tested with."""

from __future__ import annotations

import pytest

from tests.billing.story import Story, found_story, ordinary


@pytest.fixture
def story(catalogue: None) -> Story:
    """A customer with empty books, from November 2025 on."""
    return found_story()


@pytest.fixture
def halden(story: Story) -> Story:
    """The ordinary customer of the pictures."""
    return ordinary(story)

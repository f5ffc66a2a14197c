"""What these tests share."""

from tests.access.world import staff, world

__all__ = ["staff", "world"]

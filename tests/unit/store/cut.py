"""A wire to a PostgreSQL server that can be cut at the moment of a COMMIT."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Literal

from sqlalchemy import make_url

When = Literal["before", "after"]


class Wire:
    """Carries bytes both ways. `cut` makes it drop the connection at the next COMMIT."""

    def __init__(self, host: str, port: int) -> None:
        self._to = (host, port)
        self._cuts: list[When] = []
        self.made = 0
        """Connections that were cut."""
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self, *whens: When) -> None:
        """Before the server is told, or after it has done it and before we are told; in turn."""
        self._cuts.extend(whens)

    def close(self) -> None:
        """Take no more connections."""
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.create_connection(self._to)
                deaf = threading.Event()
                ends = (client, server, deaf)
                threading.Thread(target=self._ask, args=ends, daemon=True).start()
                threading.Thread(target=self._answer, args=ends, daemon=True).start()

    def _ask(self, client: socket.socket, server: socket.socket, deaf: threading.Event) -> None:
        with suppress(OSError), client, server:
            while data := client.recv(65_536):
                if b"COMMIT\0" in data and self._cuts:
                    self.made += 1
                    if self._cuts.pop(0) == "before":
                        server.shutdown(socket.SHUT_RDWR)
                        return
                    # What the server answers now reaches nobody.
                    deaf.set()
                server.sendall(data)

    def _answer(self, client: socket.socket, server: socket.socket, deaf: threading.Event) -> None:
        with suppress(OSError):
            while data := server.recv(65_536):
                if deaf.is_set():
                    client.shutdown(socket.SHUT_RDWR)
                    return
                client.sendall(data)


@contextmanager
def wire(address: str) -> Iterator[tuple[Wire, str]]:
    """A wire to the server of that address, and the address by which it is reached."""
    url = make_url(address)
    made = Wire(url.host or "127.0.0.1", url.port or 5432)
    try:
        through = url.set(host="127.0.0.1", port=made.port)
        yield made, through.render_as_string(hide_password=False)
    finally:
        made.close()

"""Heads of requests are bounded: who is not known yet must fill neither memory nor connections."""

from __future__ import annotations

import asyncio
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LARGEST: Final = 2**16
"""Bytes that a head may have which does not end; httptools itself knows no bound."""
SLOW: Final = 10.0
"""Seconds in which a head has to be here, counted from the connection or from its first byte."""


class BoundedHeads(HttpToolsProtocol):
    """uvicorn's protocol, which hangs up on heads that are too large or come too slowly."""

    slow = SLOW
    _late: asyncio.TimerHandle | None = None
    """Rings when the head that is waited for is late; None where none is."""
    _size = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)  # type: ignore[arg-type]  # uvicorn's narrower word
        self._wait()

    def data_received(self, data: bytes) -> None:
        self._size += len(data)
        super().data_received(data)
        if self._late is None:
            self._size = 0
        elif self._size > LARGEST and not self.transport.is_closing():
            self.send_400_response("Too large a head.")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._wait()

    def on_headers_complete(self) -> None:
        self._wait_no_more()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_no_more()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._wait_no_more()
        self._late = self.loop.call_later(self.slow, self.transport.close)

    def _wait_no_more(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

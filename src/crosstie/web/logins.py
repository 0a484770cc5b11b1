"""Where a log-in comes back to: `GET` of the declared redirect addresses of this server."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from crosstie.core.errors import CrosstieError
from crosstie.service.keepers import logins
from crosstie.web.guard import request_id

if TYPE_CHECKING:
    from crosstie.service.serving import Serving

LONGEST = 4_096
"""Characters that a state or a code may have."""
DONE = "Logged in. You can close this window."
REFUSED = "This log-in came to nothing. Begin it again with `crosstie auth login`."


def login_routes(serving: Serving) -> list[Route]:
    """One for each path; those on another machine's loopback address are received by the command.

    Which account an answer is for follows from its state alone, which is good once, for ten
    minutes, and only after somebody began to log in. What went wrong is told to the log.
    """
    redirects = {each.redirect for each in logins(serving.opened.app).values()}
    paths = {urlsplit(each).path or "/" for each in redirects if each.startswith("https:")}
    back = LoginBack(serving)
    return [Route(path, back.answer, methods=["GET"]) for path in sorted(paths)]


class LoginBack:
    """Takes the answer to a log-in."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving

    async def answer(self, request: Request) -> Response:
        """The same words for whatever is wrong with it."""
        given = {name: request.query_params.get(name, "") for name in ("state", "code")}
        why = "the answer has no state or no code"
        if all(0 < len(text) <= LONGEST for text in given.values()):
            why = await self._finished(given["state"], given["code"])
        if not why:
            return PlainTextResponse(DONE)
        facts = {"request": request_id(request.scope), "why": why}
        self._serving.log("log_in_refused", facts)
        return PlainTextResponse(REFUSED, 400)

    async def _finished(self, state: str, code: str) -> str:
        """Why it came to nothing; "" where somebody is logged in."""
        # Imported here: nobody else needs cryptography.
        from crosstie.service.logins import logging_in

        opened = self._serving.opened
        try:
            async with logging_in(opened.app, opened.store) as desk:
                done = await desk.finish(state, code)
        except CrosstieError as error:
            return str(error)
        for account in done.accounts:
            self._serving.log("logged_in", {"account": account, "missing": list(done.missing)})
        return ""

"""Asks a system for tokens: which calls, in which order, and what their answers mean."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NoReturn, TypeAlias

from msgspec.structs import replace

from crosstie.core.errors import Halt, Retry
from crosstie.core.values import Instant
from crosstie.ports.http import Http, Reply, Request
from crosstie.ports.oauth import Client, Grant, OAuth, Tokens

TIMEOUT = 8.0
"""Seconds that one call for tokens may take: with a lost answer, two of them still fit into the
time for which a used refresh token is answered the same (30 s at GoHighLevel)."""
Again: TypeAlias = Callable[[], Awaitable[None]]
REFUSALS = frozenset({400, 401, 403, 404, 422})


class Dead(Exception):
    """These tokens are of no use any more; the text says why."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks for the tokens of one log-in. above: see `Keeper`."""

    oauth: OAuth
    client: Client
    http: Http
    above: Callable[[str], Tokens]

    async def renewed(self, grant: Grant, now: Instant, again: Again) -> Grant:
        """Tokens in place of these. now: from when their time is counted.  again: notes in the
        state, before each further call, that it is made.

        Raises Dead, Halt where the application is refused, and Retry: `unknown` where an answer
        was lost, so that these tokens may be used up.
        """
        if grant.via is not None:
            return await self.part(grant, grant.via, now)
        request = self.oauth.refresh(self.client, grant)
        try:
            return await self._twice(request, now, again)
        except Dead as dead:
            return await self._reconnected(grant, now, again, str(dead))

    async def exchanged(self, code: str, verifier: str | None, now: Instant) -> Grant:
        """Tokens for a code, which that uses up. Raises as `renewed`."""
        reply = await self._send(self.oauth.exchange(self.client, code, verifier))
        return self._tokens(reply, now)

    async def part(self, grant: Grant, via: str, now: Instant) -> Grant:
        """Tokens for one location, by way of the log-in of the company that owns it."""
        above = self.above(via)
        token = await above.current()
        reply = await self._send(bearing(self.oauth.part(grant), token))
        if reply.status == 401:
            token = await above.renewed(token)
            reply = await self._send(bearing(self.oauth.part(grant), token))
        if reply.status in REFUSALS:
            raise Dead(
                f"{via} gets no tokens for this location (status {reply.status}): it needs the "
                "scope oauth.write, and the application has to be installed there"
            )
        found = self._tokens(reply, now)
        return Grant(
            found.access, None, found.expires, found.scopes, grant.location, grant.company, via
        )

    async def _twice(self, request: Request, now: Instant, again: Again) -> Grant:
        """An answer that was lost is asked for once more, at once: it is the same one then."""
        try:
            return self._tokens(await self._send(request), now)
        except Retry as lost:
            if not lost.unknown or lost.after is not None:
                raise
            await again()
            try:
                return self._tokens(await self._send(request), now)
            except Retry as error:
                # Whatever became of this one, the first may have used them up.
                raise lost from error

    async def _reconnected(self, grant: Grant, now: Instant, again: Again, why: str) -> Grant:
        request = self.oauth.reconnect(self.client, grant)
        if request is None:
            raise Dead(why)
        await again()
        reply = await self._send(request)
        code = self.oauth.code_of(reply.json) if reply.status < 300 else None
        if code is None:
            raise Dead(why)
        await again()
        return await self.exchanged(code, None, now)

    async def _send(self, request: Request) -> Reply:
        return await self.http.send(replace(request, expect=REFUSALS))

    def _tokens(self, reply: Reply, now: Instant) -> Grant:
        account = self.oauth.account
        if reply.status in REFUSALS:
            self._refused(reply)
        grant = self.oauth.read(reply.json, now)
        if grant is None:
            raise Retry(f"{account}: asked for tokens, it answered without any", unknown=True)
        return grant

    def _refused(self, reply: Reply) -> NoReturn:
        if self.oauth.dead(reply):
            raise Dead("the system does not take the log-in any more")
        raise Halt(
            f"{self.oauth.account}: asked for tokens, it answered {reply.status}",
            login=True,
            fix=f"see that {self.oauth.client_id} and {self.oauth.client_secret} are the id and "
            "the secret of the application, and that its redirect address is the one declared",
        )


def bearing(request: Request, token: str) -> Request:
    """The call with that token."""
    return replace(request, headers={**request.headers, "Authorization": f"Bearer {token}"})

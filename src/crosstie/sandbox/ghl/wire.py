"""What crosses the wire: JSON in, answers and refusals out."""

from __future__ import annotations

from typing import Any, NamedTuple, NoReturn, TypeAlias

import msgspec

Json: TypeAlias = dict[str, Any]

encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder().decode

_REASONS = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    422: "Unprocessable Entity",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


class Answer(NamedTuple):
    """A status and a JSON object that the caller may still add to."""

    status: int
    payload: Json


class Refusal(Exception):
    """The call is answered with an error and changes nothing."""

    def __init__(self, status: int, message: str | list[str], **extra: Any) -> None:
        super().__init__(f"{status} {message}")
        self.status = status
        self.message = message
        self.extra = extra

    def answer(self) -> Answer:
        """The error as GoHighLevel words it: statusCode, message, what is extra, error."""
        payload: Json = {"statusCode": self.status, "message": self.message, **self.extra}
        if self.status != 429:
            payload.setdefault("error", reason(self.status))
        return Answer(self.status, payload)


class BareBadRequest(Refusal):
    """The 400 that says nothing, as a wrong Version header gets."""

    def __init__(self) -> None:
        super().__init__(400, "Bad Request")

    def answer(self) -> Answer:
        """statusCode and message alone."""
        return Answer(400, {"statusCode": 400, "message": "Bad Request"})


def reason(status: int) -> str:
    """The phrase that goes with a status."""
    return _REASONS.get(status, "Error")


def bad(message: str, **extra: Any) -> NoReturn:
    """Refuse with 400."""
    raise Refusal(400, message, **extra)


def invalid(*messages: str) -> NoReturn:
    """Refuse with 422 and the list of complaints."""
    raise Refusal(422, list(messages))

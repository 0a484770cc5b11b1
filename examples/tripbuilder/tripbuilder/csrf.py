"""A form is taken only from our own pages: each carries a token of the session."""

from __future__ import annotations

import secrets

from flask import Flask, abort, request, session

_KEY = "csrf"


def protect(app: Flask) -> None:
    """Refuse every POST without the token with 400; templates get `csrf_token()`."""
    app.before_request(_check)
    app.add_template_global(token, "csrf_token")


def token() -> str:
    """The token of this session, made when first asked for."""
    if _KEY not in session:
        session[_KEY] = secrets.token_urlsafe(24)
    return str(session[_KEY])


def _check() -> None:
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    sent, kept = request.form.get(_KEY, ""), session.get(_KEY, "")
    if not kept or not secrets.compare_digest(sent.encode(), str(kept).encode()):
        abort(400, "This form is too old or came from another site. Go back and open it again.")

"""TripBuilder: trips, passengers and contacts of a small travel agency.

Ordinary Flask pages over an ordinary database. What keeps it in step with GoHighLevel is declared
in `crosstie_app.py`; no page knows about it.
"""

from __future__ import annotations

from flask import Flask, Response

from tripbuilder import commands, csrf, pages
from tripbuilder.models import db, prepared
from tripbuilder.settings import Settings

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


def create_app(settings: Settings | None = None) -> Flask:
    """The application, with its tables there. Settings come from the environment by default."""
    settings = settings or Settings.of()
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database,
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=1024 * 1024,
    )
    db.init_app(app)
    csrf.protect(app)
    pages.register(app)
    commands.register(app)
    app.after_request(_guarded)
    with app.app_context():
        prepared()
    return app


def _guarded(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    return response

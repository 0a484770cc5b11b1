"""The pages. None of them calls, imports or waits for the sync."""

from __future__ import annotations

from flask import Flask, redirect, url_for
from werkzeug.wrappers import Response

from tripbuilder.pages import contacts, passengers, trips


def register(app: Flask) -> None:
    """Serve all pages."""
    for part in (trips.pages, passengers.pages, contacts.pages):
        app.register_blueprint(part)
    app.add_url_rule("/", "home", _home)


def _home() -> Response:
    return redirect(url_for("trips.listing"))

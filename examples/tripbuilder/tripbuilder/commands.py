"""`flask sync-ghl`: a thin door to the same engine that `crosstie run` starts."""

from __future__ import annotations

import subprocess
import sys

from flask import Flask


def register(app: Flask) -> None:
    """Add the command."""

    @app.cli.command("sync-ghl")
    def sync_ghl() -> None:
        """Bring the database and GoHighLevel into step once."""
        command = [sys.executable, "-m", "crosstie", "run", "--once", "--app"]
        done = subprocess.run([*command, "tripbuilder.crosstie_app:app"], check=False)
        sys.exit(done.returncode)

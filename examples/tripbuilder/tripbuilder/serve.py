"""`python -m tripbuilder.serve [PORT]`: the pages on loopback, for trying things out."""

from __future__ import annotations

import logging
import sys

from werkzeug.serving import make_server

from tripbuilder import create_app


def main(port: int = 5000) -> None:
    """Serve until stopped; port 0 takes a free one. The address is told on standard output."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = make_server("127.0.0.1", port, create_app(), threaded=True)
    sys.stdout.write(f"TripBuilder: http://127.0.0.1:{server.port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5000)

"""`python -m crosstie.demo.child MODULE [ARGUMENT…]`: a program that ends with its parent.

Standard input is a pipe that the parent holds. It closes when the parent ends, however it ends, and
then this process stops too: no demonstration leaves a process behind.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
import time

GRACE = 5.0
"""Seconds that the program has to stop by itself."""


def main() -> None:
    """Run the module as a program, with the arguments that follow."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


def _end_with_parent() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE)
    os._exit(1)


if __name__ == "__main__":
    main()

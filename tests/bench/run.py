"""`make bench`: hand over to the package, so that its modules import each other by name."""

from __future__ import annotations

import os
import sys
from pathlib import Path

if __name__ == "__main__":
    os.environ["PYTHONPATH"] = str(Path(__file__).resolve().parents[1])
    os.execv(sys.executable, [sys.executable, "-m", "bench", *sys.argv[1:]])

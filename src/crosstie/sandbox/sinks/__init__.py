"""Sinks: a mail server and a chat that keep what they are sent, and can be made to refuse it.

`mail.py` and `chat.py` are what is sent to, `box.py` what they keep, `desk.py` the page and the
control interface of both, `hosted.py` one of them in a thread. `mail.py` is imported by
itself: it needs `aiosmtpd`, which the extra `demo` installs.
"""

from .box import Box, Failing
from .chat import DISCORD_PATH, SLACK_PATH, WEBHOOK_PATH, run_chat, start_chat
from .hosted import HostedSink

__all__ = [
    "DISCORD_PATH",
    "SLACK_PATH",
    "WEBHOOK_PATH",
    "Box",
    "Failing",
    "HostedSink",
    "run_chat",
    "start_chat",
]

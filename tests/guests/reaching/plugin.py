"""Reaches for whatever a program usually has, and notes what it got."""

import os
import random
import socket
import sys
import threading
import time

from sayso import Effects, plugin
from wit_world.imports.types import Feedback


def written() -> str:
    with open("/tmp/sayso-reached", "w") as file:
        file.write("here")
    return "written"


def slept() -> str:
    time.sleep(3600)
    return "slept"


def said() -> str:
    print("said to the standard output")
    print("said to the standard error", file=sys.stderr)
    return "said"


ATTEMPTS = {
    "read": lambda: open("/etc/passwd").read(),
    "write": written,
    "list": lambda: os.listdir("/"),
    "environment": lambda: dict(os.environ),
    "arguments": lambda: sys.argv,
    "input": lambda: sys.stdin.read(),
    "connect": lambda: socket.create_connection(("127.0.0.1", 80), timeout=1),
    "resolve": lambda: socket.getaddrinfo("localhost", 80),
    "listen": lambda: socket.create_server(("127.0.0.1", 0)),
    "thread": lambda: threading.Thread(target=print).start(),
    "process": lambda: os.system("true"),
    "time": time.time,
    "sleep": slept,
    "urandom": lambda: os.urandom(16).hex(),
    "random": random.SystemRandom().random,
    "say": said,
}


def process(feedback: Feedback, effects: Effects, config: dict) -> None:
    if feedback.text == "leave":
        os._exit(0)
    got = {}
    for name, attempt in ATTEMPTS.items():
        try:
            got[name] = repr(attempt())
        except Exception as error:
            got[name] = f"refused: {type(error).__name__}"
    effects.note("got", got)


Analysis = plugin(
    name="reaching", version="0.1.0", summary="Reaches for everything.", config={"type": "object"}, process=process
)

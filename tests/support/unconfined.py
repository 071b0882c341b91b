"""What a child would do if nothing confined it: a test has the fork server fork this one."""

import os
import subprocess
import sys
import time
from pathlib import Path


def main() -> None:
    """Begin a daemon by way of a second process, both in sessions of their own, and stay or leave as one is told."""
    daemon = "import os, time; os.setsid(); open('daemon', 'w').write(str(os.getpid())); time.sleep(600)"
    if os.fork() == 0:
        os.setsid()
        subprocess.Popen([sys.executable, "-c", daemon])
        time.sleep(600)
    while not (Path("daemon").exists() and Path("daemon").read_text()):
        time.sleep(0.01)
    print("born", flush=True)
    if sys.argv[1] == "stay":
        time.sleep(600)

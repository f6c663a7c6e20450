"""Runs a command with an empty /run of its own and a loopback network; called inside fresh namespaces.

usage: python alone.py FOLDER COMMAND…; what the command has in /run/pcscd others find in FOLDER/run.
"""

import fcntl
import os
import socket
import struct
import subprocess
import sys
from pathlib import Path

SIOCSIFFLAGS, IFF_UP = 0x8914, 1  # <linux/sockios.h>, <linux/if.h>

shared = Path(sys.argv[1]) / "run"
shared.mkdir(exist_ok=True)
with socket.socket() as any_socket:
    fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
Path("/run/pcscd").mkdir()
subprocess.run(["mount", "--bind", shared, "/run/pcscd"], check=True)
os.execvp(sys.argv[2], sys.argv[2:])

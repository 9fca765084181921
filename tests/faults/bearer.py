"""The token that requests are made with, once there is one."""

import subprocess

from end_to_end.server import BINARY, environment

NAME = "customers"


class Bearer:
    def __init__(self, file):
        self.file = file
        self.token = None

    def begin(self):
        """From now on there is one. A server that starts later takes no request without it."""
        made = subprocess.run([BINARY, "token", NAME, "--scope", "read,post,open"], text=True,
                              capture_output=True, check=True, env=environment())
        self.token = made.stdout.strip()
        self.file.write_text(made.stderr)
        self.file.chmod(0o640)

    def flags(self):
        return ("--tokens", self.file) if self.token else ()

    def headers(self):
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

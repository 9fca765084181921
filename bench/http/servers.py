"""Starts and stops the servers that are measured, each on one core."""

import getpass
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time

NAMES = {
    "coffer": "Coffer",
    "bare": "bare epoll server",
    "nginx": "nginx, return 200",
    "h2o": "h2o, mruby",
    "redis": "Redis, INCRBY and GET",
}
# The programs that each needs, with the Debian packages that contain them.
PACKAGES = {
    "coffer": {"wrk": "wrk"},
    "bare": {"wrk": "wrk"},
    "nginx": {"wrk": "wrk", "nginx": "nginx-light"},
    "h2o": {"wrk": "wrk", "h2o": "h2o"},
    "redis": {"redis-server": "redis-server", "redis-benchmark": "redis-tools"},
}
FIRST_ACCOUNT = 10001
ACCOUNTS = 100
# Enough for all withdrawals of one cent, and of constant length during the first ones.
BALANCE = "1000000000.0"
# Coffer's reply to a balance, for the servers that always send the same reply.
BODY = ('{"success":true,"data":{"account_number":"10001","balance":' + BALANCE + '},"code":200}')
START_TIMEOUT_S = 20


class Failed(Exception):
    """A server did not start, or a load failed."""


def path_of(program):
    """Returns the path of a program, or None. Debian installs nginx in /usr/sbin."""
    return shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


def missing_packages(server):
    return [package for program, package in PACKAGES[server].items() if path_of(program) is None]


def family(pid):
    """Returns the ids of a process and of all its descendants."""
    children = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:  # ended meanwhile
            continue
        children.setdefault(parent, []).append(int(stat.parent.name))
    found = [pid]
    for one in found:
        found += children.get(one, ())
    return found


def processor_seconds(pid):
    """Returns the CPU time of all threads of a process and of its descendants, user and system.

    To the nanosecond, where utime and stime count in hundredths of a second. A thread that has
    ended counts no more, which none of the servers' does while it is measured.
    """
    return sum(int(stat.read_text().split()[0])
               for one in family(pid)
               for stat in pathlib.Path(f"/proc/{one}/task").glob("*/schedstat")) / 1e9


def free_port():
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return asked.getsockname()[1]


class Server:
    """A running server, as a context manager. Its files are in a temporary folder in `within`.

    `cores` are what taskset takes.
    """

    def __init__(self, name, cores, binaries, within=None):
        self.name = name
        self.temporary = tempfile.TemporaryDirectory(prefix="coffer-bench-", dir=within)
        self.folder = pathlib.Path(self.temporary.name)
        self.log = self.folder / "log"
        self.port = None
        command = self.command(binaries)
        kept = {key: value for key, value in os.environ.items() if not key.startswith("COFFER_")}
        with self.log.open("w") as out:
            # In a session of its own, so that Ctrl-C reaches only this program, which stops it.
            self.process = subprocess.Popen(
                ["taskset", "-c", str(cores), *map(str, command)], stdin=subprocess.DEVNULL,
                stdout=out, stderr=out, env=kept, start_new_session=True)
        try:
            self._wait_until_it_listens()
        except BaseException:
            self.close()
            raise

    def command(self, binaries):
        """Returns the command that starts it. May write files into the folder."""
        return getattr(self, f"_{self.name}")(binaries)

    def write_accounts(self, count=ACCOUNTS):
        """Writes the file for `coffer serve --accounts`, and returns its path."""
        accounts = self.folder / "accounts.json"
        accounts.write_text(json.dumps({"accounts": [
            {"account_number": str(FIRST_ACCOUNT + place), "balance": float(BALANCE)}
            for place in range(count)]}))
        return accounts

    def _coffer(self, binaries):
        return [binaries["coffer"], "serve", "--in-memory", "--threads", 1, "--listen",
                "127.0.0.1:0", "--accounts", self.write_accounts()]

    def _bare(self, binaries):
        return [binaries["bare"], BODY]

    def _nginx(self, _):
        self.port = free_port()
        spools = "".join(f"{kind}_temp_path {self.folder}/{kind};"
                         for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (self.folder / "conf").write_text(f"""
            daemon off;
            user {getpass.getuser()};
            worker_processes 1;
            pid {self.folder}/pid;
            events {{ worker_connections 1024; }}
            http {{
                access_log off;
                keepalive_requests 1000000000;
                keepalive_timeout 600;
                default_type application/json;
                {spools}
                server {{
                    listen 127.0.0.1:{self.port};
                    location / {{ return 200 '{BODY}'; }}
                }}
            }}
            """)
        return [path_of("nginx"), "-e", self.log, "-p", self.folder, "-c", self.folder / "conf"]

    def _h2o(self, _):
        self.port = free_port()
        # A mruby handler, because the file handlers refuse POST.
        (self.folder / "conf").write_text(f"""
num-threads: 1
listen: {{host: 127.0.0.1, port: {self.port}}}
hosts:
  default:
    paths:
      "/":
        mruby.handler: |
          body = ['{BODY}']
          fields = {{"content-type" => "application/json", "content-length" => "{len(BODY)}"}}
          Proc.new {{|env| [200, fields, body]}}
""")
        return [path_of("h2o"), "-c", self.folder / "conf"]

    def _redis(self, _):
        self.port = free_port()
        return [path_of("redis-server"), "--port", self.port, "--bind", "127.0.0.1", "--save", "",
                "--appendonly", "no", "--dir", self.folder]

    def _wait_until_it_listens(self):
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline and self.process.poll() is None:
            # Servers that choose their port print a line that ends in it.
            said = re.search(r"^(?:.*http://127\.0\.0\.1:)?(\d+)\n", self.log.read_text(),
                             re.MULTILINE)
            self.port = self.port or (said and int(said[1]))
            try:
                socket.create_connection(("127.0.0.1", self.port or 0), timeout=1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise Failed(f"{self.name} did not start:\n{self.log.read_text()}")

    def processor_seconds(self):
        return processor_seconds(self.process.pid)

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            for one in family(self.process.pid):
                os.kill(one, 9)
            self.process.wait()
        self.temporary.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

"""Starts and stops the server for the tests, and speaks to it in the three ways they need."""

import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

import description  # noqa: E402

BINARY = os.environ.get("COFFER_BINARY") or str(ROOT / "build" / "coffer")
TIMEOUT_S = 60


def environment(extra=None):
    """Ours without what would configure the server, and with `extra`."""
    kept = {name: value for name, value in os.environ.items()
            if name != "PORT" and not name.startswith("COFFER_")}
    return {**kept, **(extra or {})}


def run(*arguments, env=None, preexec=None):
    """Runs the binary to its end."""
    return subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=TIMEOUT_S, check=False,
                          env=environment(env), preexec_fn=preexec)


class DidNotStart(RuntimeError):
    """A server ended before it listened, with this status, and said this on standard error."""

    def __init__(self, status, said):
        super().__init__(f"the server did not start: status {status}: {said}")
        self.status, self.said = status, said


class Server:
    """A server on a free port with a data directory of its own, as a context manager."""

    def __init__(self, *flags, data=None, listen="127.0.0.1:0", env=None, preexec=None,
                 prefix=(), log=None):
        self.folder = None
        if data is None:
            self.folder = tempfile.TemporaryDirectory(prefix="coffer-test-")
            data = self.folder.name
        self.data = pathlib.Path(data)
        self.errors = tempfile.TemporaryFile("w+")
        begin = time.monotonic()
        address = ["--listen", listen] if listen else []
        self.process = subprocess.Popen(
            [*prefix, BINARY, "serve", *address, "--data", str(self.data), *map(str, flags)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=self.errors if log is None else log, text=True,
            env=environment(env), preexec_fn=preexec)
        self.banner = []
        try:
            self.port = self._read_port()
            self.connect().close()
        except BaseException:
            self.close()
            raise
        self.ready_after_s = time.monotonic() - begin

    def _read_port(self):
        for line in self.process.stdout:
            self.banner.append(line)
            found = re.search(r"http://(?:127\.0\.0\.1|0\.0\.0\.0|\[::\]):(\d+)", line)
            if found:
                return int(found[1])
        raise DidNotStart(self.process.wait(TIMEOUT_S), self.stderr())

    def stderr(self):
        # Not by seeking: the server writes at the same position.
        size = os.fstat(self.errors.fileno()).st_size
        return os.pread(self.errors.fileno(), size, 0).decode()

    def wait_until_it_says(self, text):
        """Its log is written by a thread of its own. Raises AssertionError with what it says."""
        try:
            wait_until(lambda: text in self.stderr())
        except TimeoutError:
            raise AssertionError(f"{text!r} is not in {self.stderr()!r}") from None

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT_S)

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def snapshots(self):
        """The finished snapshots, the oldest first."""
        folder = self.data / "snapshots"
        return sorted((path for path in folder.glob("*.json") if not path.is_symlink()
                       and path.stem.isdigit()), key=lambda path: int(path.stem))

    def kill(self):
        self.process.kill()
        self.process.wait(TIMEOUT_S)

    def stop(self, how=signal.SIGTERM):
        """Ends it as an operator would; returns its exit status."""
        self.process.send_signal(how)
        return self.process.wait(TIMEOUT_S)

    def close(self):
        if self.process.poll() is None:
            self.kill()
        self.process.stdout.close()
        self.errors.close()
        if self.folder is not None:
            self.folder.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Reply:
    """What curl got: status, header fields by their names in small letters, and the body."""

    def __init__(self, text):
        # An interim reply (100 Continue) may come first.
        while text.startswith("HTTP/1.1 1"):
            text = text.partition("\r\n\r\n")[2]
        head, _, self.body = text.partition("\r\n\r\n")
        status_line, *lines = head.split("\r\n")
        self.version, self.status = status_line.split(" ")[0], int(status_line.split(" ")[1])
        self.fields = {}
        for line in lines:
            name, _, value = line.partition(":")
            self.fields[name.lower()] = value.strip()

    def json(self):
        return json.loads(self.body)

    def error_type(self):
        return self.json()["error"]["type"]


def curl(*arguments):
    """One request through curl."""
    done = subprocess.run(["curl", "--silent", "--show-error", "--include", "--max-time", "20",
                           *arguments],
                          capture_output=True, check=True, env=environment())
    reply = Reply(done.stdout.decode())
    description.check_curl(arguments, reply)
    return reply


def get(server, path, *arguments):
    return curl(*arguments, server.url(path))


def post(server, path, body, *arguments, content_type="application/json"):
    return curl("--request", "POST", "--header", f"Content-Type: {content_type}",
                "--data-binary", body, *arguments, server.url(path))


def balance(server, account=10001):
    """The balance as the server writes it."""
    return re.search(r'"balance":([^,}]*)', get(server, f"/accounts/{account}/balance").body)[1]


def sockets(server):
    """How many the server has open. Other files are opened and closed at any time."""
    folder = pathlib.Path(f"/proc/{server.process.pid}/fd")
    count = 0
    for one in folder.iterdir():
        try:
            count += os.readlink(one).startswith("socket:")
        except OSError:
            pass  # closed meanwhile
    return count


def wait_until(condition, timeout_s=TIMEOUT_S):
    """Returns once `condition()` is true. Raises TimeoutError."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("it did not come true")
        time.sleep(0.01)


def exchange(server, request, parts=None):
    """Sends raw bytes, whole or in parts of that size, and returns all that comes until the server
    closes or, once a whole reply is there, falls silent."""
    with server.connect() as connection:
        if connection.family != socket.AF_UNIX:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        size = parts or max(len(request), 1)
        for begin in range(0, len(request), size):
            connection.sendall(request[begin:begin + size])
        received = b""
        while True:
            connection.settimeout(0.3 if received else TIMEOUT_S)
            try:
                more = connection.recv(65536)
            except TimeoutError:
                description.check_bytes(request, received)
                return received, False
            except ConnectionResetError:
                return received, True
            if not more:
                description.check_bytes(request, received)
                return received, True
            received += more

"""Programs that are started, stopped, killed and ended by their ids, and free ports for them."""

import contextlib
import random
import shutil
import signal
import socket
import subprocess
import time

TIMEOUT_S = 60
MOST_TEST_S = 480  # ctest gives a test 600: the rest is for ending what it has started
# Ends what is started with us, however we end.
WITH_US = ("setpriv", "--pdeathsig", "KILL") if shutil.which("setpriv") else ()


class DidNotStart(RuntimeError):
    pass


class TookTooLong(RuntimeError):
    """Not an OSError, which waiting code takes for a node that does not answer."""


@contextlib.contextmanager
def within(seconds=MOST_TEST_S):
    """Raises TookTooLong in what is done, whatever it waits for: before ctest kills all of it, and
    nothing says why."""
    def raise_it(*_):
        raise TookTooLong(f"not done within {seconds} s")
    before = signal.signal(signal.SIGALRM, raise_it)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def free_ports(count):
    """Ports that nobody listens on now, and that the system gives to no connection."""
    with contextlib.ExitStack() as taken:
        found = []
        while len(found) < count:
            one, port = taken.enter_context(socket.socket()), random.randrange(10_000, 32_000)
            with contextlib.suppress(OSError):
                one.bind(("127.0.0.1", port))
                found.append(port)
        return found


def wait_until(condition, what, timeout_s=TIMEOUT_S):
    """Returns what `condition` returns once that is true. `what` may be called for its text."""
    deadline = time.monotonic() + timeout_s
    while True:
        if found := condition():
            return found
        if time.monotonic() > deadline:
            raise TimeoutError(f"within {timeout_s} s: {what() if callable(what) else what}")
        time.sleep(0.02)


class Program:
    """A command that is run again and again, with its output in a file."""

    def __init__(self, name, command, log, env=None):
        self.name, self.command, self.log, self.env = name, list(map(str, command)), log, env
        self.process = None
        self.is_stopped = False

    @property
    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def start(self):
        # In a session of its own, as a terminal's Ctrl-C is for who has started it.
        with self.log.open("ab") as into:
            self.process = subprocess.Popen(
                [*WITH_US, *self.command], stdin=subprocess.DEVNULL, stdout=into, stderr=into,
                env=self.env, start_new_session=True)
        self.is_stopped = False

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait(TIMEOUT_S)

    def pause(self):
        self.is_stopped = True
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.is_stopped = False
        if self.is_running:
            self.process.send_signal(signal.SIGCONT)

    def begin_to_end(self):
        """Sends SIGTERM, once: a second one would end it at once."""
        self.resume()
        if self.is_running:
            self.process.terminate()

    def wait(self, timeout_s=TIMEOUT_S):
        """Returns the exit status; kills it if it does not end in time."""
        try:
            return self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()
            return self.process.returncode

    def last_lines(self, count=5):
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:])
        except FileNotFoundError:
            return ""

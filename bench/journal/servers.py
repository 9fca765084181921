"""Starts and stops the servers whose durable postings are measured, all on one disk."""

import os
import pathlib
import pwd
import re
import signal
import subprocess
import time
import urllib.request

from bench.http.servers import START_TIMEOUT_S, Failed, Server, family, free_port, path_of

# The values of `--commit-wait` that are measured besides the default of 0.
WAITS = ("200us", "1ms")
NAMES = {
    "disk": "pwrite + fdatasync",
    "coffer": "Coffer",
    "memory": "Coffer --in-memory",
    **{f"wait {wait}": f"Coffer --commit-wait {wait}" for wait in WAITS},
    "redis": "Redis appendfsync always",
    "postgres": "PostgreSQL",
}
COFFERS = ("coffer", "memory", *(f"wait {wait}" for wait in WAITS))
# The programs that each needs, with the Debian packages that contain them.
PACKAGES = {
    **{name: {"wrk": "wrk"} for name in COFFERS},
    "redis": {"redis-server": "redis-server", "redis-benchmark": "redis-tools"},
    "postgres": dict.fromkeys(("initdb", "postgres", "pgbench", "psql"), "postgresql"),
}
ACCOUNTS = 1000
MOST_CONNECTIONS = 300  # of PostgreSQL, which has a process for each
COUNTERS = {"records": "coffer_journal_records_total", "batches": "coffer_journal_batches_total"}
DATABASE = "postgres"
OTHER_USERS = ("postgres", "nobody")  # PostgreSQL refuses to run as root


def program(name):
    """Returns the path of a program, or None. Debian has PostgreSQL's in folders by version."""
    found = pathlib.Path("/usr/lib/postgresql").glob(f"*/bin/{name}")
    return path_of(name) or max(found, key=lambda path: float(path.parts[4]), default=None)


def missing_packages(server):
    """Returns the Debian packages that are missing, each once."""
    return sorted({package for name, package in PACKAGES.get(server, {}).items()
                   if program(name) is None})


def counters_of(said):
    """Parses the journal's counters from the text of GET /metrics."""
    counters = {}
    for key, name in COUNTERS.items():
        found = re.search(rf"^{name} (\S+)$", said, re.MULTILINE)
        if found is None:
            raise Failed(f"GET /metrics does not have {name}")
        counters[key] = float(found[1])
    return counters


class Keeper(Server):
    """Coffer or Redis, on all cores, with its default number of threads."""

    def __init__(self, name, binaries, within):
        super().__init__(name, f"0-{os.cpu_count() - 1}", binaries, within)

    def command(self, binaries):
        if self.name == "redis":
            self.port = free_port()
            # No rewrite of its file during the run: that would only slow it down.
            return [path_of("redis-server"), "--port", self.port, "--bind", "127.0.0.1", "--save",
                    "", "--appendonly", "yes", "--appendfsync", "always",
                    "--auto-aof-rewrite-percentage", "0", "--dir", self.folder]
        flags = ["--in-memory"] if self.name == "memory" else ["--data", self.folder / "data"]
        if self.name.startswith("wait "):
            flags += ["--commit-wait", self.name.removeprefix("wait ")]
        return [binaries["coffer"], "serve", "--listen", "127.0.0.1:0", "--accounts",
                self.write_accounts(ACCOUNTS), *flags]

    def counters(self):
        """Returns how many records and batches the journal has written so far."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=10) as reply:
            return counters_of(reply.read().decode())


class Postgres(Server):
    """PostgreSQL in its default configuration, but for max_connections and its socket's place."""

    def __init__(self, within):
        super().__init__("postgres", f"0-{os.cpu_count() - 1}", None, within)

    def command(self, _):
        if os.geteuid() == 0:
            user = next(filter(self._exists, OTHER_USERS), None)
            if user is None:
                raise Failed("PostgreSQL must not run as root, and there is no other user")
            os.chown(self.folder, *self._exists(user))
            self.as_user = ["setpriv", f"--reuid={user}", "--clear-groups"]
        else:
            self.as_user = []
        self.data = self.folder / "data"
        self.run(program("initdb"), "--auth", "trust", "--username", DATABASE, "--pgdata",
                 self.data)
        return [*self.as_user, program("postgres"), "-D", self.data, "-c", "listen_addresses=",
                "-c", f"unix_socket_directories={self.folder}", "-c",
                f"max_connections={MOST_CONNECTIONS}"]

    @staticmethod
    def _exists(user):
        """Returns the ids of a user and of its group, or None if there is no such user."""
        try:
            found = pwd.getpwnam(user)
        except KeyError:
            return None
        return found.pw_uid, found.pw_gid

    def run(self, *command):
        """Runs one of PostgreSQL's programs to its end. Returns its output."""
        done = subprocess.run([*self.as_user, *map(str, command)], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False, cwd=self.folder,
                              env={**os.environ, "PGHOST": str(self.folder), "PGUSER": DATABASE,
                                   "PGDATABASE": DATABASE, "LC_ALL": "C"})
        if done.returncode != 0:
            raise Failed(f"{pathlib.Path(command[0]).name} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    def _wait_until_it_listens(self):
        deadline = time.monotonic() + START_TIMEOUT_S
        while self.process.poll() is None:
            try:
                self.run(program("psql"), "-q", "-c", f"""
                    CREATE TABLE accounts (id int PRIMARY KEY, balance bigint) WITH (fillfactor=20);
                    INSERT INTO accounts SELECT id, 1000000000000
                        FROM generate_series(1, {ACCOUNTS}) AS id;""")
                return
            except Failed as failure:
                if time.monotonic() > deadline:
                    raise failure
                time.sleep(0.1)
        raise Failed(f"PostgreSQL did not start:\n{self.log.read_text()}")

    def close(self):
        # SIGINT, because on SIGTERM it would wait for its clients.
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            for one in family(self.process.pid):
                os.kill(one, signal.SIGKILL)
            self.process.wait()
        self.temporary.cleanup()

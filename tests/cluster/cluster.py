"""Three members of etcd and three nodes of a replicated ledger on this machine, in a folder."""

import base64
import json
import os
import pathlib
import subprocess
import urllib.error
import urllib.request

from etcd_members import Etcd, call
from processes import TIMEOUT_S, DidNotStart, Program, free_ports, wait_until
from proxy import Proxies

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("COFFER_BINARY") or str(ROOT / "build" / "coffer")
NODES = 3
SOON_S = 2
LEDGER = "cluster"


def environment(extra=None):
    """Ours without what would configure the server, and with `extra`."""
    kept = {name: value for name, value in os.environ.items()
            if name != "PORT" and not name.startswith("COFFER_")}
    return {**kept, **(extra or {})}


class Node(Program):
    """`coffer serve --replicate`, at one port for all its lives."""

    def __init__(self, name, port, folder, stores, flags, env=None):
        self.port, self.data = port, folder / name
        super().__init__(name, [
            BINARY, "serve", "--replicate", ",".join(stores), "--ledger", LEDGER, "--node", name,
            "--listen", f"127.0.0.1:{port}", "--advertise", self.url(), "--data", self.data,
            *flags], folder / f"{name}.log", environment(env))

    def url(self, path=""):
        return f"http://127.0.0.1:{self.port}{path}"

    def call(self, method, path, timeout_s=SOON_S):
        """Status and body of its reply, (0, "") without one. Does not follow redirections."""
        class Stay(urllib.request.HTTPRedirectHandler):
            def redirect_request(self, *_):
                return None
        request = urllib.request.Request(self.url(path), method=method)
        try:
            with urllib.request.build_opener(Stay).open(request, timeout=timeout_s) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, refused.read().decode()
        except OSError:
            return 0, ""

    def as_of(self):
        """The record that a standby's ledger has reached, or 0."""
        try:
            with urllib.request.urlopen(self.url("/accounts?limit=1&stale=ok"),
                                        timeout=SOON_S) as reply:
                return int(reply.headers.get("Coffer-As-Of", 0))
        except OSError:
            return 0

    def role(self):
        """"leader", "standby", or "" where it does not answer."""
        if not self.is_running or self.is_stopped:
            return ""
        _, body = self.call("GET", "/readyz")
        return found[0] if (found := members_named("role", body)) else ""

    def is_ready(self):
        return self.call("GET", "/readyz")[0] == 200

    def command_on_data(self, command, *words):
        """A command of the binary about its data directory."""
        return subprocess.run([BINARY, command, self.data, *words], capture_output=True, text=True,
                              check=False, env=environment())


def members_named(name, body):
    """The values of all members of a name, however deep in a JSON body."""
    try:
        left = [json.loads(body, parse_float=str)]
    except ValueError:
        return []
    found = []
    while left:
        one = left.pop()
        if isinstance(one, dict):
            found += [one[name]] if name in one else []
            left += one.values()
        elif isinstance(one, list):
            left += one
    return found


class Cluster:
    """`flags` are for each node, `proxied` has each reach etcd through proxies of its own. A
    context manager: ends all of it."""

    def __init__(self, folder, flags=(), etcd_flags=(), ports=None, etcd_ports=None,
                 proxied=False, seed=0, envs=None,
                 start_s=TIMEOUT_S):
        self.folder = pathlib.Path(folder)
        self.etcd = Etcd(self.folder, etcd_flags, etcd_ports)
        self.flags, self.proxied, self.seed = flags, proxied, seed
        self.ports = ports or free_ports(NODES)
        self.envs = envs or [None] * NODES
        self.start_s = start_s
        self.proxies = None
        self.nodes = []

    def start(self):
        self.etcd.start()
        stores = [self.etcd.urls] * NODES
        if self.proxied:
            targets = [int(url.rpartition(":")[2]) for url in self.etcd.urls] * NODES
            self.proxies = Proxies(self.seed, targets)
            urls = [f"http://127.0.0.1:{port}" for port in self.proxies.ports]
            stores = [urls[place * 3:place * 3 + 3] for place in range(NODES)]
        self.nodes = [Node(f"node-{place + 1}", self.ports[place], self.folder, stores[place],
                           self.flags, self.envs[place]) for place in range(NODES)]
        for one in self.nodes:
            one.start()
        self.wait_for_leader(self.start_s)
        return self

    def links_of(self, node):
        """The places of its links among the proxies."""
        first = self.nodes.index(node) * 3
        return range(first, first + 3)

    def leader(self):
        """The node that is the leader and may answer, or None."""
        return next((one for one in self.nodes if one.role() == "leader" and one.is_ready()), None)

    def standbys(self):
        return [one for one in self.nodes if one.role() == "standby"]

    def wait_for_leader(self, timeout_s=TIMEOUT_S):
        def leads():
            for one in self.nodes:
                if not one.is_running and one.process.returncode not in (-9, 0):
                    raise DidNotStart(f"{one.name}: {one.last_lines()}")
            return self.leader()
        return wait_until(leads, "a node leads", timeout_s)

    def wait_for_roles(self, timeout_s=60):
        """Until one node leads and all others follow."""
        return wait_until(lambda: len(self.standbys()) == NODES - 1 and self.leader(),
                          lambda: f"one node leads: {[one.role() for one in self.nodes]}",
                          timeout_s)

    def first_entry(self):
        """The number of the first entry that etcd has of the log."""
        return self._entry("ASCEND")

    def last_entry(self):
        return self._entry("DESCEND")

    def _entry(self, order):
        prefix = f"coffer/{LEDGER}/log/".encode()
        body = {"key": base64.b64encode(prefix).decode(), "limit": 1, "keys_only": True,
                "range_end": base64.b64encode(prefix[:-1] + b"0").decode(),
                "sort_target": "KEY", "sort_order": order}
        found = wait_until(lambda: next(filter(None, (
            call(url, "/v3/kv/range", body) for url in self.etcd.urls)), None), "etcd answers")
        key = base64.b64decode(found["kvs"][0]["key"])
        return int(key[len(prefix):])

    def end(self):
        """Ends the nodes in order. Returns their exit statuses by name."""
        for one in self.nodes:
            one.begin_to_end()
        return {one.name: one.wait() for one in self.nodes}

    def close(self):
        for one in self.nodes:
            one.kill()
        self.etcd.close()
        if self.proxies is not None:
            self.proxies.close()

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(self, *_):
        self.close()

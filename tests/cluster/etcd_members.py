"""Members of etcd on this machine, three where no other number is asked for."""

import json
import shutil
import urllib.error
import urllib.request

from processes import DidNotStart, Program, free_ports, wait_until

MEMBERS = 3
SOON_S = 1
ATTEMPTS = 3  # another program may have taken a port


def is_installed():
    return shutil.which("etcd") is not None


def call(url, path, body, timeout_s=SOON_S):
    """The reply of etcd's JSON gateway, or None."""
    request = urllib.request.Request(url + path, json.dumps(body).encode(),
                                     {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=timeout_s) as reply:
            return json.load(reply)
    except (OSError, ValueError):
        return None


class Member(Program):
    def __init__(self, name, command, log, url):
        super().__init__(name, command, log)
        self.url = url

    def status(self):
        return call(self.url, "/v3/maintenance/status", {})


class Etcd:
    """Members with their data in `folder`. `flags` are etcd's. A context manager: ends them."""

    def __init__(self, folder, flags=(), ports=None, count=MEMBERS):
        self.folder, self.flags, self.ports, self.count = folder, flags, ports, count
        self.members = []

    def start(self):
        for attempt in range(ATTEMPTS):
            found = free_ports(2 * self.count)
            self.members = self._members(self.ports or found[:self.count], found[self.count:])
            for one in self.members:
                one.start()
            try:
                self.wait_until_ready()
                return self
            except (DidNotStart, TimeoutError) as why:
                said = "\n".join([str(why), *(one.last_lines() for one in self.members)])
                self.close()
                if attempt + 1 == ATTEMPTS or self.ports or isinstance(why, TimeoutError):
                    raise DidNotStart(f"etcd did not start: {said}") from None
                for one in self.members:
                    shutil.rmtree(self.folder / one.name, ignore_errors=True)
        raise AssertionError

    def _members(self, ports, peer_ports):
        urls = [f"http://127.0.0.1:{port}" for port in ports]
        peers = [f"http://127.0.0.1:{port}" for port in peer_ports]
        names = [f"etcd-{number}" for number in range(1, self.count + 1)]
        cluster = ",".join(f"{name}={peer}" for name, peer in zip(names, peers))
        return [Member(name, [
            "etcd", "--name", name, "--data-dir", self.folder / name,
            "--listen-client-urls", url, "--advertise-client-urls", url,
            "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
            "--initial-cluster", cluster, "--initial-cluster-token", f"coffer-{ports[0]}",
            "--logger", "zap", "--log-level", "error", *self.flags,
        ], self.folder / f"{name}.log", url) for name, url, peer in zip(names, urls, peers)]

    @property
    def urls(self):
        return [one.url for one in self.members]

    def wait_until_ready(self):
        def is_ready():
            if not all(one.is_running for one in self.members):
                raise DidNotStart
            return self.has_quorum()
        wait_until(is_ready, "etcd has a leader")

    def has_quorum(self):
        """Whether a linearizable read succeeds at each member."""
        return all(call(url, "/v3/kv/range", {"key": "AA=="}) is not None for url in self.urls)

    def leader(self):
        """The member that leads, or None."""
        for one in self.members:
            said = one.status() if one.is_running and not one.is_stopped else None
            if said and said.get("leader") == said["header"]["member_id"]:
                return one
        return None

    def has_alarm(self):
        return any("alarms" in (call(url, "/v3/maintenance/alarm", {"action": "GET"}) or {})
                   for url in self.urls)

    def most_bytes(self):
        """The size of the largest member's file, as far as they answer."""
        return max(int((one.status() or {}).get("dbSize", 0)) for one in self.members)

    def close(self):
        for one in self.members:
            one.kill()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()

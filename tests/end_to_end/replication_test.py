"""Two nodes of one ledger, with a real etcd: who leads, what is kept, and what is refused."""

import contextlib
import http.client
import json
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

import server

SOON_S = 60
ACCOUNT = "/accounts/10001"


def wait_until(holds, what):
    deadline = time.monotonic() + SOON_S
    while time.monotonic() < deadline:
        found = holds()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"never: {what}")


def free_ports(count):
    with contextlib.ExitStack() as taken:
        sockets = [taken.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


class Etcd:
    """One member, with its data in `folder`."""

    def __init__(self, folder):
        self.folder = folder
        client, peer = free_ports(2)
        self.url = f"http://127.0.0.1:{client}"
        peer_url = f"http://127.0.0.1:{peer}"
        self.process = subprocess.Popen(
            ["etcd", "--data-dir", str(folder), "--log-level", "error", "--logger", "zap",
             "--listen-client-urls", self.url, "--advertise-client-urls", self.url,
             "--listen-peer-urls", peer_url, "--initial-advertise-peer-urls", peer_url,
             "--initial-cluster", f"default={peer_url}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self._answers, "etcd answers")

    def _answers(self):
        if self.process.poll() is not None:
            raise AssertionError("etcd has ended")
        try:
            with socket.create_connection(self.url.rsplit("/", 1)[1].rsplit(":", 1), timeout=1):
                return True
        except OSError:
            return False

    def close(self):
        self.process.kill()
        self.process.wait(SOON_S)


class Node(server.Server):
    def __init__(self, name, etcd, data, port, *flags, ledger="bank"):
        self.name, self.etcd, self.own_port = name, etcd, port
        super().__init__("--threads", "1", "--replicate", etcd.url, "--ledger", ledger, "--node",
                         name, "--advertise", f"http://127.0.0.1:{port}", *flags, data=data,
                         listen=f"127.0.0.1:{port}")

    def again(self):
        return Node(self.name, self.etcd, self.data, self.own_port)

    def ask(self, method, path, body=None, key=None):
        """The status and what the reply has, or None."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if key:
            headers["Idempotency-Key"] = key
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None,
                               headers)
            reply = connection.getresponse()
            return reply.status, json.loads(reply.read() or b"{}")
        except (OSError, http.client.HTTPException, ValueError):
            return None
        finally:
            connection.close()

    def posts(self, path, body, key=None):
        """The data of a success, or None."""
        found = self.ask("POST", path, body, key)
        return found[1]["data"] if found and found[0] in (200, 201) else None

    def shows(self, path):
        """What a standby shows, which is perhaps old."""
        found = self.ask("GET", path + "?stale=ok")
        return found[1]["data"] if found and found[0] == 200 else None


@unittest.skipUnless(shutil.which("etcd"), "skipped: etcd is not installed")
class Replication(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(
            tempfile.TemporaryDirectory(prefix="coffer-test-")))
        self.etcd = Etcd(self.folder / "etcd")
        self.addCleanup(self.etcd.close)
        self.ports = free_ports(2)

    def node(self, name, *flags, ledger="bank"):
        one = Node(name, self.etcd, self.folder / name, self.ports["ab".index(name)], *flags,
                   ledger=ledger)
        self.addCleanup(one.close)
        return one

    def again(self, node):
        one = node.again()
        self.addCleanup(one.close)
        return one

    def two_nodes(self):
        """The leader, and a standby."""
        first = self.node("a")
        wait_until(lambda: first.posts(ACCOUNT + "/deposit", {"amount": 1.0}, "first"),
                   "the first node leads")
        return first, self.node("b")

    def wait_until_leads(self, node, key="who-leads"):
        return wait_until(lambda: node.posts(ACCOUNT + "/deposit", {"amount": 1.0}, key),
                          f"node {node.name} leads")

    def wait_until_shows(self, node, balance):
        wait_until(lambda: (node.shows(ACCOUNT + "/balance") or {}).get("balance") == balance,
                   f"node {node.name} shows {balance}")

    def test_the_first_leader_opens_the_accounts_and_standbys_follow(self):
        leader, standby = self.two_nodes()
        self.wait_until_shows(standby, 1001.0)
        self.assertIsNone(standby.posts(ACCOUNT + "/deposit", {"amount": 5.0}))
        self.assertEqual(standby.shows("/accounts/100000/balance")["balance"], 10000.0)
        for balance in (1003.0, 1005.0):
            self.assertEqual(
                leader.posts(ACCOUNT + "/deposit", {"amount": 2.0})["new_balance"], balance)
        self.wait_until_shows(standby, 1005.0)

    def test_keys_and_holds_outlive_a_leader_that_is_killed(self):
        leader, standby = self.two_nodes()
        hold = leader.posts(ACCOUNT + "/holds", {"amount": 10.0}, "hold")["hold"]
        self.assertEqual(
            leader.posts("/accounts/10002/deposit", {"amount": 5.0}, "once")["new_balance"],
            2005.0)
        leader.kill()
        again = wait_until(
            lambda: standby.posts("/accounts/10002/deposit", {"amount": 5.0}, "once"),
            "the standby leads")
        self.assertEqual(again["new_balance"], 2005.0)
        other = standby.posts(ACCOUNT + "/holds", {"amount": 1.0})["hold"]
        self.assertNotEqual(other, hold)
        captured = standby.posts(f"{ACCOUNT}/holds/{hold}/capture", {})
        self.assertEqual((captured["status"], captured["balance"]), ("captured", 991.0))
        # The one that was killed follows.
        follows = self.again(leader)
        self.wait_until_shows(follows, 991.0)

    def test_a_hold_expires_whichever_node_leads(self):
        leader, standby = self.two_nodes()
        hold = leader.posts(ACCOUNT + "/holds", {"amount": 10.0, "expires_in": "2s"})["hold"]
        leader.kill()

        def status():
            found = standby.ask("GET", f"{ACCOUNT}/holds/{hold}")
            return found and found[0] == 200 and found[1]["data"]["status"]

        wait_until(lambda: status() == "expired", "the hold has expired")
        self.assertEqual(standby.ask("GET", ACCOUNT)[1]["data"]["held"], 0.0)

    def test_a_leader_that_stood_still_is_a_standby_after_that_in_the_same_process(self):
        leader, standby = self.two_nodes()
        leader.process.send_signal(signal.SIGSTOP)
        try:
            self.wait_until_leads(standby)
        finally:
            leader.process.send_signal(signal.SIGCONT)
        wait_until(lambda: "no more" in leader.stderr(), "the first leader notices")
        self.wait_until_shows(leader, 1002.0)
        self.assertIsNone(leader.process.poll())
        self.assertIsNone(leader.posts(ACCOUNT + "/deposit", {"amount": 5.0}))
        standby.kill()
        self.wait_until_leads(leader, "again")

    def test_a_leader_that_is_stopped_hands_over(self):
        leader, standby = self.two_nodes()
        self.wait_until_shows(standby, 1001.0)
        self.assertEqual(leader.stop(), 0)
        self.assertIn("has handed 'bank' over", leader.stderr())
        self.wait_until_leads(standby)
        self.assertEqual(standby.stop(), 0)
        self.assertNotEqual(standby.snapshots(), [])

    def test_a_leader_is_asked_to_step_down(self):
        leader, standby = self.two_nodes()
        self.wait_until_shows(standby, 1001.0)
        asked = leader.ask("POST", "/admin/step-down")
        self.assertIn(asked[0], (200, 202), asked)
        self.wait_until_leads(standby)
        self.wait_until_shows(leader, 1002.0)
        self.assertIsNone(leader.process.poll())

    def test_with_a_read_barrier_it_answers_all_the_same(self):
        node = self.node("a", "--read-barrier")
        self.wait_until_leads(node)
        status, said = node.ask("GET", ACCOUNT + "/balance")
        self.assertEqual((status, said["data"]["balance"]), (200, 1001.0))

    def refusal(self, *flags):
        ended = server.run("serve", "--listen", "127.0.0.1:0", *flags)
        self.assertEqual(ended.returncode, 1, ended.stderr)
        return ended.stderr

    def replicated(self, data, ledger="bank"):
        return ("--data", data, "--replicate", self.etcd.url, "--ledger", ledger, "--node", "a",
                "--advertise", "http://127.0.0.1:1")

    def test_a_copy_is_refused_alone_and_for_another_ledger(self):
        node = self.node("a")
        self.wait_until_leads(node)
        self.assertEqual(node.stop(), 0)
        self.assertIn("is a copy of the replicated ledger 'bank'",
                      self.refusal("--data", node.data))
        self.assertIn("is a copy of the replicated ledger 'bank', and not of 'other'",
                      self.refusal(*self.replicated(node.data, ledger="other")))

    def test_a_history_of_its_own_is_refused(self):
        with server.Server(data=self.folder / "own") as alone:
            alone.stop()
        self.assertIn("has a history of its own", self.refusal(*self.replicated(alone.data)))

    def test_check_looks_at_whose_copy_a_directory_is(self):
        node = self.node("a")
        self.wait_until_leads(node)
        self.assertEqual(node.stop(), 0)
        listen = ("--listen", "127.0.0.1:0")
        right = server.run("check", *listen, *self.replicated(node.data))
        self.assertEqual(right.returncode, 0, right.stdout)
        self.assertIn("node 'a' of 'bank'", right.stdout)
        wrong = server.run("check", *listen, "--data", node.data)
        self.assertEqual(wrong.returncode, 1, wrong.stdout)
        self.assertIn("is a copy of the replicated ledger 'bank'", wrong.stdout)

    def test_an_etcd_that_was_wiped_is_refused(self):
        node = self.node("a")
        self.wait_until_leads(node)
        self.assertEqual(node.stop(), 0)
        self.etcd.close()
        self.etcd = Etcd(self.folder / "another")
        self.addCleanup(self.etcd.close)
        self.assertIn("etcd has no ledger 'bank'", self.refusal(*self.replicated(node.data)))
        begun = self.node("b")
        self.wait_until_leads(begun)
        self.assertIn("etcd has another ledger as 'bank'",
                      self.refusal(*self.replicated(node.data)))


if __name__ == "__main__":
    unittest.main()

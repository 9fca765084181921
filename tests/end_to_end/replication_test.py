"""Two nodes of one ledger, with a real etcd: who leads, what is kept, and what is refused."""

import http.client
import json
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

import server

sys.path.insert(0, str(server.ROOT / "tests" / "cluster"))

from processes import free_ports, within  # noqa: E402

SOON_S = 60
LAST_BYTES = 2000  # of each log, that a failure shows
ACCOUNT = "/accounts/10001"


def wait_until(holds, what):
    deadline = time.monotonic() + SOON_S
    while time.monotonic() < deadline:
        found = holds()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"never: {what}")


class Etcd:
    """One member, with its data in `folder`."""

    def __init__(self, folder):
        self.log = folder.with_suffix(".log")
        client, peer = free_ports(2)
        self.url = f"http://127.0.0.1:{client}"
        peer_url = f"http://127.0.0.1:{peer}"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                ["etcd", "--data-dir", str(folder), "--log-level", "error", "--logger", "zap",
                 "--listen-client-urls", self.url, "--advertise-client-urls", self.url,
                 "--listen-peer-urls", peer_url, "--initial-advertise-peer-urls", peer_url,
                 "--initial-cluster", f"default={peer_url}"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            wait_until(self._answers, "etcd answers")
        except BaseException:
            self.close()
            raise

    def _answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"etcd has ended: {self.last_lines()}")
        request = urllib.request.Request(self.url + "/v3/kv/range", b'{"key":"AA=="}')
        try:
            with urllib.request.urlopen(request, timeout=1):
                return True
        except OSError:
            return False

    def last_lines(self):
        return self.log.read_text(errors="replace")[-LAST_BYTES:]

    def close(self):
        self.process.kill()
        self.process.wait(SOON_S)


class Node(server.Server):
    def __init__(self, name, etcd, data, port, *flags, ledger="bank", env=None):
        self.name, self.etcd, self.own_port = name, etcd, port
        super().__init__("--threads", "1", "--replicate", etcd.url, "--ledger", ledger, "--node",
                         name, "--advertise", f"http://127.0.0.1:{port}", *flags, data=data,
                         listen=f"127.0.0.1:{port}", env=env)

    def again(self):
        return Node(self.name, self.etcd, self.data, self.own_port)

    def last_lines(self):
        return self.stderr()[-LAST_BYTES:]

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

    def posts(self, path, body, key):
        """The data of a success, or None: at a standby, and wherever etcd is slow."""
        found = self.ask("POST", path, body, key)
        return found[1]["data"] if found and found[0] in (200, 201) else None

    def posts_soon(self, path, body, key):
        return wait_until(lambda: self.posts(path, body, key), f"{self.name} posts {path} {key}")

    def gets_soon(self, path):
        """What a leader has."""
        def data():
            found = self.ask("GET", path)
            return found[1]["data"] if found and found[0] == 200 else None
        return wait_until(data, f"{self.name} shows {path}")

    def location_of(self, method, path):
        """Of the redirection that it answers with, or None."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path)
            return connection.getresponse().getheader("Location")
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def shows(self, path):
        """What a standby shows, which is perhaps old."""
        found = self.ask("GET", path + "?stale=ok")
        return found[1]["data"] if found and found[0] == 200 else None


@unittest.skipUnless(shutil.which("etcd"), "skipped: etcd is not installed")
class Replication(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(
            tempfile.TemporaryDirectory(prefix="coffer-test-")))
        self.enterContext(within())
        self.etcd = self.new_etcd("etcd")
        self.ports = free_ports(2)

    def kept(self, program, name):
        """Shows at the end what it has said: ctest prints that of a test that fails."""
        self.addCleanup(program.close)
        self.addCleanup(lambda: print(f"{name}: {program.last_lines()}", flush=True))
        return program

    def new_etcd(self, name):
        return self.kept(Etcd(self.folder / name), name)

    def node(self, name, *flags, ledger="bank"):
        port = self.ports["ab".index(name)]
        return self.kept(Node(name, self.etcd, self.folder / name, port, *flags, ledger=ledger),
                         name)

    def again(self, node):
        return self.kept(node.again(), node.name)

    def two_nodes(self):
        """The leader, and a standby."""
        first = self.node("a")
        first.posts_soon(ACCOUNT + "/deposit", {"amount": 1.0}, "first")
        return first, self.node("b")

    def wait_until_leads(self, node, key="who-leads"):
        return node.posts_soon(ACCOUNT + "/deposit", {"amount": 1.0}, key)

    def wait_until_shows(self, node, balance, account=ACCOUNT):
        wait_until(lambda: (node.shows(account + "/balance") or {}).get("balance") == balance,
                   f"node {node.name} shows {balance}")

    def wait_until_sends_on(self, standby, leader):
        """It posts nothing, but names the leader."""
        def sends_on():
            self.assertIsNone(standby.posts(ACCOUNT + "/deposit", {"amount": 5.0}, "refused"))
            location = standby.location_of("POST", ACCOUNT + "/deposit")
            return location and location.startswith(leader.url("/"))
        wait_until(sends_on, f"{standby.name} sends clients to {leader.name}")

    def test_the_first_leader_opens_the_accounts_and_standbys_follow(self):
        leader, standby = self.two_nodes()
        self.wait_until_shows(standby, 1001.0)
        self.wait_until_sends_on(standby, leader)
        self.wait_until_shows(standby, 10000.0, "/accounts/100000")
        for balance in (1003.0, 1005.0):
            self.assertEqual(balance, leader.posts_soon(ACCOUNT + "/deposit", {"amount": 2.0},
                                                        str(balance))["new_balance"])
        self.wait_until_shows(standby, 1005.0)

    def test_keys_and_holds_outlive_a_leader_that_is_killed(self):
        leader, standby = self.two_nodes()
        hold = leader.posts_soon(ACCOUNT + "/holds", {"amount": 10.0}, "hold")["hold"]
        deposit = "/accounts/10002/deposit", {"amount": 5.0}, "once"
        self.assertEqual(leader.posts_soon(*deposit)["new_balance"], 2005.0)
        leader.kill()
        self.assertEqual(standby.posts_soon(*deposit)["new_balance"], 2005.0)
        other = standby.posts_soon(ACCOUNT + "/holds", {"amount": 1.0}, "other")["hold"]
        self.assertNotEqual(other, hold)
        captured = standby.posts_soon(f"{ACCOUNT}/holds/{hold}/capture", {}, "capture")
        self.assertEqual((captured["status"], captured["balance"]), ("captured", 991.0))
        # The one that was killed follows.
        follows = self.again(leader)
        self.wait_until_shows(follows, 991.0)

    def test_a_hold_expires_whichever_node_leads(self):
        leader, standby = self.two_nodes()
        hold = leader.posts_soon(ACCOUNT + "/holds", {"amount": 10.0, "expires_in": "2s"},
                                 "hold")["hold"]
        leader.kill()
        wait_until(
            lambda: standby.gets_soon(f"{ACCOUNT}/holds/{hold}")["status"] == "expired",
            "the hold has expired")
        self.assertEqual(standby.gets_soon(ACCOUNT)["held"], 0.0)

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
        self.wait_until_sends_on(leader, standby)
        standby.kill()
        self.wait_until_leads(leader, "again")

    def test_a_leader_that_is_stopped_hands_over(self):
        leader, standby = self.two_nodes()
        self.wait_until_shows(standby, 1001.0)
        self.assertEqual(leader.stop(), 0)
        leader.wait_until_it_says("has handed 'bank' over")
        self.wait_until_leads(standby)
        self.assertEqual(standby.stop(), 0)
        self.assertNotEqual(standby.snapshots(), [])

    def reason_of_unreadiness(self, node):
        found = node.ask("GET", "/readyz")
        return found[1]["error"]["message"] if found and found[0] == 503 else ""

    def wait_until_logs(self, node, text):
        wait_until(lambda: text in node.stderr(), f"{node.name} logs: {text}")

    def test_nodes_that_etcd_does_not_answer_say_so(self):
        leader, standby = self.two_nodes()
        self.wait_until_shows(standby, 1001.0)
        wait_until(lambda: "another one takes" in self.reason_of_unreadiness(standby),
                   "the standby knows the leader")
        self.etcd.close()
        self.wait_until_logs(leader, "etcd does not confirm now that this node leads")
        self.wait_until_logs(standby, "the log cannot be read now")
        for node in (leader, standby):
            wait_until(lambda node=node: "not known now which node leads" in
                       self.reason_of_unreadiness(node), f"{node.name} knows no leader")
        self.assertEqual(standby.stop(), 0)
        again = self.again(standby)
        self.wait_until_logs(again, "the log cannot be read now")
        self.assertIn("not known now which node leads", self.reason_of_unreadiness(again))
        leader.stop()
        self.assertNotIn("has handed", leader.stderr())
        leader.wait_until_it_says("etcd has not confirmed a hand-over")

    def test_a_leader_is_asked_to_step_down(self):
        leader, standby = self.two_nodes()
        self.wait_until_shows(standby, 1001.0)
        # Its answer may be lost; then it is asked of a standby.
        asked = wait_until(lambda: leader.ask("POST", "/admin/step-down"), "an answer")
        self.assertIn(asked[0], (202, 409), asked)
        self.wait_until_leads(standby)
        self.wait_until_shows(leader, 1002.0)
        self.assertIsNone(leader.process.poll())

    def test_with_a_read_barrier_it_answers_all_the_same(self):
        node = self.node("a", "--read-barrier")
        self.wait_until_leads(node)
        self.assertEqual(node.gets_soon(ACCOUNT + "/balance")["balance"], 1001.0)

    def refusal(self, *flags):
        ended = server.run("serve", "--listen", "127.0.0.1:0", *flags)
        self.assertEqual(ended.returncode, 1, ended.stderr)
        return ended.stderr

    def replicated(self, data, ledger="bank"):
        return ("--data", data, "--replicate", self.etcd.url, "--ledger", ledger, "--node", "a",
                "--advertise", "http://127.0.0.1:1")

    def test_an_advertised_url_that_no_client_can_use_is_refused(self):
        for url in ("http://127.0.0.1:", "http://127.0.0.1:0", "http://[::1", "http://",
                    "http://127.0.0.1:80/", "http://127.0.0.1:65536", "ftp://127.0.0.1:80"):
            with self.subTest(url):
                ended = server.run("serve", *self.replicated(self.folder / "b")[:-1], url)
                self.assertEqual(ended.returncode, 2, ended.stderr)
                self.assertIn(f"'{url}' is not a URL", ended.stderr)
        self.assertFalse((self.folder / "b").exists())

    def test_of_accounts_that_are_wrong_none_is_opened(self):
        wrong = self.folder / "wrong.json"
        wrong.write_text('{"accounts":[{"account_number":"7","balance":1.0},{"balance":1.0}]}')
        refusal = self.refusal(*self.replicated(self.folder / "b"), "--accounts", wrong)
        self.assertIn("wrong.json", refusal)
        node = self.node("a")
        self.wait_until_leads(node)
        self.assertEqual(node.ask("GET", "/accounts/7/balance")[0], 404)

    def test_a_copy_is_refused_alone_and_for_another_ledger(self):
        node = self.node("a")
        self.wait_until_leads(node)
        self.assertEqual(node.stop(), 0)
        self.assertIn("is a copy of the replicated ledger 'bank'",
                      self.refusal("--data", node.data))
        self.assertIn("is a copy of the replicated ledger 'bank', and not of 'other'",
                      self.refusal(*self.replicated(node.data, ledger="other")))

    def test_a_copy_without_its_node_json_begins_no_second_history(self):
        node = self.node("a")
        self.wait_until_leads(node)
        self.assertEqual(node.stop(), 0)
        (node.data / "node.json").unlink()
        self.assertIn("is a copy of the replicated ledger 'bank'",
                      self.refusal("--data", node.data))
        self.assertIn("copy journal/node.json there to its place",
                      self.refusal(*self.replicated(node.data)))
        shutil.copy(node.data / "journal" / "node.json", node.data)
        self.wait_until_leads(self.again(node), "again")

    def test_a_history_of_its_own_is_refused(self):
        with server.Server(data=self.folder / "own") as alone:
            alone.stop()
        self.assertIn("has a journal, and no node.json", self.refusal(*self.replicated(alone.data)))

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

    def test_files_that_cannot_be_read_are_refused_also_where_nothing_needs_them_yet(self):
        absent = self.folder / "absent"
        for flag in ("--etcd-ca", "--node-token", "--etcd-password-file", "--etcd-cert"):
            given = {"--etcd-password-file": ("--etcd-user", "root"),
                     "--etcd-cert": ("--etcd-key", absent)}.get(flag, ())
            with self.subTest(flag):
                flags = (*self.replicated(self.folder / "b"), *given, flag, absent)
                self.assertIn(str(absent), self.refusal(*flags))
                checked = server.run("check", "--listen", "127.0.0.1:0", *flags)
                self.assertEqual(checked.returncode, 1, checked.stdout)
                self.assertIn(str(absent), checked.stdout)

    def test_urls_of_two_etcd_clusters_are_refused(self):
        other = self.new_etcd("another")
        refusal = self.refusal(*self.replicated(self.folder / "b"), "--replicate", other.url)
        self.assertIn(f"{other.url}: it is of another etcd cluster", refusal)

    def test_an_etcd_that_was_wiped_is_refused(self):
        node = self.node("a")
        self.wait_until_leads(node)
        self.assertEqual(node.stop(), 0)
        self.etcd.close()
        self.etcd = self.new_etcd("another")
        self.assertIn("etcd has no ledger 'bank'", self.refusal(*self.replicated(node.data)))
        begun = self.node("b")
        self.wait_until_leads(begun)
        self.assertIn("etcd has another ledger as 'bank'",
                      self.refusal(*self.replicated(node.data)))


if __name__ == "__main__":
    unittest.main()

"""coffer join: the data directory of a new node, made of another node's, with a real etcd."""

import contextlib
import http.server
import json
import shutil
import socket
import subprocess
import threading
import unittest
import urllib.error
import urllib.request

import server
from one_etcd import LEDGER, OneEtcd, first_record
from replication_test import wait_until

# Trims all that a snapshot has.
TRIMMING = ("--segment-size", "4MiB", "--snapshot-every", "100ms", "--snapshot-keep", "1",
            "--retain", "1ms", "--idempotency-ttl", "1s")
BATCH = 5_000


class Trimmed(http.server.ThreadingHTTPServer):
    """Passes requests on to a node, but answers the first ones for its journal as a node does that
    has trimmed what they are for. A context manager."""

    def __init__(self, node, refusals):
        self.node, self.refusals, self.asked = node, refusals, []
        super().__init__(("127.0.0.1", 0), PassingOn)
        self.serving = threading.Thread(target=self.serve_forever)

    def url(self, path):
        return f"http://127.0.0.1:{self.server_address[1]}{path}"

    def __enter__(self):
        self.serving.start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.serving.join()
        self.server_close()


class PassingOn(http.server.BaseHTTPRequestHandler):
    def answer(self):
        self.server.asked.append(self.path.partition("?")[0])
        if self.server.asked.count("/admin/journal") <= self.server.refusals and \
                self.server.asked[-1] == "/admin/journal":
            status, body = 410, b'{"success":false,"error":{"type":"history_trimmed"},"code":410}'
            self.server.node.ask("POST", "/accounts/10001/deposit", {"amount": 1})
            self.server.node.ask("POST", "/admin/snapshot")
        else:
            request = urllib.request.Request(self.server.node.url(self.path), method=self.command)
            try:
                with urllib.request.urlopen(request, timeout=server.TIMEOUT_S) as reply:
                    status, body = reply.status, reply.read()
            except urllib.error.HTTPError as error:
                status, body = error.code, error.read()
        self.send_response(status)
        self.send_header("Content-Length", len(body))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = answer

    def log_message(self, *_):
        pass


class Joining(OneEtcd):
    def assert_leads_after(self, leader, name, balance):
        """Node `name`, from the directory that was made, has all of it and takes over."""
        joined = self.node(name)
        self.wait_until_shows(joined, balance)
        leader.kill()
        self.assertEqual(balance + 1, self.post(joined))
        self.assertEqual(0, joined.stop())
        self.run_coffer("audit", joined.data)

    def refusal(self, data):
        """What a node says that does not take a directory."""
        return self.run_coffer("serve", "--listen", "127.0.0.1:0", "--data", data, "--replicate",
                               self.etcd.url, "--ledger", LEDGER, "--node", "b", "--advertise",
                               "http://127.0.0.1:1", status=1)

    def test_a_node_joins_beside_postings_and_leads_once_the_leader_is_killed(self):
        leader = self.leader()
        is_over, balances = threading.Event(), []

        def keep_posting():
            while not is_over.is_set():
                balances.append(self.post(leader))

        posting = threading.Thread(target=keep_posting)
        posting.start()
        try:
            wait_until(lambda: balances, "a posting beside it")
            said = self.join(leader, "b")
            after = len(balances)
            wait_until(lambda: len(balances) > after, "a posting after it")
        finally:
            is_over.set()
            posting.join()
        self.assertIn("joined as", said)
        identity = json.loads((self.folder / "b" / "node.json").read_text())
        own = json.loads((leader.data / "node.json").read_text())
        self.assertEqual(LEDGER, identity["ledger"])
        self.assertEqual(own["ledger_id"], identity["ledger_id"])
        self.assertNotEqual(own["incarnation"], identity["incarnation"])
        self.assertEqual(identity, json.loads(
            (self.folder / "b" / "journal" / "node.json").read_text()))
        self.assertEqual(1, first_record(self.folder / "b"))
        self.assert_leads_after(leader, "b", balances[-1])

    def test_of_a_trimmed_journal_it_copies_what_is_left(self):
        leader = self.leader(*TRIMMING)
        line = {"operation": "deposit", "account_number": "10002", "amount": 0.01}
        batch = self.folder / "batch.ndjson"
        batch.write_text("\n".join([json.dumps(line)] * BATCH))

        def has_trimmed():
            with contextlib.suppress(subprocess.CalledProcessError):  # curl got no answer
                server.post(leader, "/batch", f"@{batch}", content_type="application/x-ndjson")
            return first_record(leader.data) > 1

        wait_until(has_trimmed, "the journal is trimmed")
        self.assertIn("joined as", self.join(leader, "b"))
        self.assertGreater(first_record(self.folder / "b"), 1)
        self.assert_leads_after(leader, "b", self.post(leader))

    def test_of_a_journal_that_is_trimmed_meanwhile_it_takes_a_newer_snapshot(self):
        leader = self.leader()
        with Trimmed(leader, refusals=2) as trimmed:
            self.assertIn("joined as", self.join(trimmed, "b"))
            snapshots = [path for path in trimmed.asked if path.startswith("/admin/snapshots/")]
            self.assertEqual(2, len(set(snapshots)))
        self.assertEqual(1, len(list((self.folder / "b" / "snapshots").glob("[0-9]*.json"))))
        self.assert_leads_after(leader, "b", self.post(leader))

    def test_of_a_journal_that_is_always_trimmed_before_it_joins_nothing(self):
        leader = self.leader()
        with Trimmed(leader, refusals=1000) as trimmed:
            self.assertIn("--retain", self.join(trimmed, "b", status=1))
        self.assertFalse((self.folder / "b").exists())

    def test_what_a_killed_one_has_left_is_named_and_replaced_with_force(self):
        part = self.folder / "b.partial"
        with socket.create_server(("127.0.0.1", 0)) as silent:
            join = subprocess.Popen(
                [server.BINARY, "join", f"http://127.0.0.1:{silent.getsockname()[1]}",
                 self.folder / "b", "--ledger", LEDGER], stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=server.environment())
            try:
                wait_until((part / "copy.partial").exists, "the copy has begun")
            finally:
                join.kill()
                join.wait(server.TIMEOUT_S)
        leader = self.leader()
        self.assertIn("--force", self.join(leader, "b", status=1))
        self.assertFalse((self.folder / "b").exists())
        self.assertIn("copy.partial", self.refusal(part))
        self.assertIn("joined as", self.join(leader, "b", "--force"))
        self.assertFalse(part.exists())
        self.assert_leads_after(leader, "b", self.post(leader))

    def test_where_there_is_something_it_copies_nothing(self):
        leader = self.leader()
        shutil.copytree(self.folder / "a" / "snapshots", self.folder / "b" / "snapshots")
        self.join(leader, "b", status=1)
        self.assertEqual([self.folder / "b" / "snapshots"], list((self.folder / "b").iterdir()))

    def test_a_server_that_does_not_answer_leaves_nothing(self):
        with socket.create_server(("127.0.0.1", 0)) as gone:
            url = f"http://127.0.0.1:{gone.getsockname()[1]}"
        said = self.run_coffer("join", url, self.folder / "b", "--ledger", LEDGER, status=1)
        self.assertIn(url, said)
        self.assertEqual([], list(self.folder.glob("b*")))

    def test_a_copy_made_for_another_ledger_is_refused(self):
        leader = self.leader()
        self.run_coffer("join", leader.url(""), self.folder / "b", "--ledger", "other")
        self.assertIn("is a copy of the replicated ledger 'other'",
                      self.refusal(self.folder / "b"))

    def test_with_tokens_it_needs_one_of_scope_admin(self):
        files = {scope: self.folder / scope for scope in ("admin", "read", "lines")}
        lines = ""
        for scope in ("admin", "read"):
            made = server.run("token", scope, "--scope", scope)
            files[scope].write_text(made.stdout)
            lines += made.stderr
        files["lines"].write_text(lines)
        leader = self.node("a", "--tokens", files["lines"], "--node-token", files["admin"])
        wait_until(lambda: (leader.ask("GET", "/readyz") or [0])[0] == 200, "a leads")
        self.assertIn("401", self.join(leader, "b", status=1))
        self.assertIn("403", self.join(leader, "b", "--node-token", files["read"], status=1))
        self.assertEqual([], list(self.folder.glob("b*")))
        self.assertIn("joined as", self.join(leader, "b", "--node-token", files["admin"]))


if __name__ == "__main__":
    unittest.main()

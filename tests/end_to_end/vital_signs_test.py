"""Health, readiness, snapshots on demand, request ids, timings and logs, by a running server."""

import json
import os
import re
import threading
import time
import unittest

from server import Server, curl, get, run


def wait_until(is_so):
    for _ in range(400):
        if is_so():
            return
        time.sleep(0.05)
    raise AssertionError("it does not become so")


def deposit(server, *more):
    return curl("-X", "POST", server.url("/accounts/10001/deposit"), "-H",
                "Content-Type: application/json", "-d", '{"amount":1}', *more)


class Health(unittest.TestCase):
    def test_readiness_names_each_check(self):
        with Server() as server:
            ready = get(server, "/readyz").json()
            self.assertTrue(ready["data"]["ready"])
            for name in ("ledger", "journal", "disk", "stopping"):
                self.assertEqual("ok", ready["data"]["checks"][name])

    def test_a_server_that_stops_says_so_behind_the_message(self):
        with Server("--drain-grace", "30s") as server:
            server.process.terminate()
            wait_until(lambda: get(server, "/readyz").status == 503)
            refusal = get(server, "/readyz").json()["error"]
            self.assertEqual(["type", "message", "checks"], list(refusal))
            self.assertEqual("stops", refusal["checks"]["stopping"])
            self.assertEqual(200, get(server, "/healthz").status)

    def test_the_loops_turn(self):
        with Server("--threads", "2") as server:
            self.assertEqual({"success": True, "data": {"healthy": True}, "code": 200},
                             get(server, "/healthz").json())


class Snapshots(unittest.TestCase):
    def take(self, server):
        return curl("-X", "POST", server.url("/admin/snapshot"))

    def test_one_is_taken_at_once_and_named(self):
        with Server("--snapshot-every", "0") as server:
            deposit(server)
            before = server.snapshots()
            taken = self.take(server).json()["data"]
            self.assertEqual(["snapshot", "record", "accounts", "seconds"], list(taken))
            new = [path for path in server.snapshots() if path not in before]
            self.assertEqual([taken["snapshot"]], [path.name for path in new])
            self.assertEqual(10, taken["accounts"])
            self.assertEqual(taken["record"], json.loads(new[0].read_text())["after_record"])
            # Also where it has nothing new.
            self.assertNotEqual(taken["snapshot"], self.take(server).json()["data"]["snapshot"])

    def test_a_second_one_meanwhile_is_refused(self):
        with Server("--snapshot-every", "0") as server:
            replies = []
            threads = [threading.Thread(target=lambda: replies.append(self.take(server)))
                       for _ in range(8)]
            for one in threads:
                one.start()
            for one in threads:
                one.join()
            self.assertLessEqual({reply.status for reply in replies}, {200, 409})
            self.assertIn(200, {reply.status for reply in replies})
            for reply in replies:
                if reply.status == 409:
                    self.assertEqual("snapshot_under_way", reply.error_type())

    def test_one_that_fails_is_503_and_the_server_goes_on(self):
        with Server("--snapshot-every", "0") as server:
            folder = server.data / "snapshots"
            aside = server.data / "aside"
            folder.rename(aside)
            folder.write_text("a file in its place")
            self.assertEqual(503, self.take(server).status)
            self.assertEqual(200, deposit(server).status)
            folder.unlink()
            aside.rename(folder)
            self.assertEqual(200, self.take(server).status)

    def test_in_memory_there_are_none(self):
        with Server("--in-memory") as server:
            self.assertEqual(501, self.take(server).status)


class Ids(unittest.TestCase):
    def test_each_reply_has_one(self):
        with Server() as server:
            seen = [get(server, path).fields["x-request-id"]
                    for path in ("/readyz", "/nowhere", "/accounts/10001/statement", "/metrics")]
            self.assertEqual(4, len(set(seen)))
            self.assertEqual("mine", deposit(server, "-H", "X-Request-Id: mine")
                             .fields["x-request-id"])

    def test_a_timing_is_given_to_those_that_ask(self):
        with Server() as server:
            timing = deposit(server, "-H", "X-Server-Timing: 1").fields["server-timing"]
            found = re.fullmatch(r"ledger;dur=(\d+\.\d{3}), disk;dur=(\d+\.\d{3})", timing)
            self.assertIsNotNone(found, timing)
            self.assertGreater(float(found[2]), 0)
            self.assertNotIn("server-timing", deposit(server).fields)


class Logs(unittest.TestCase):
    def test_each_line_is_json_and_each_request_is_there(self):
        with Server("--log-format", "json", "--access-log", "all") as server:
            deposit(server, "-H", 'X-Request-Id: "quoted\\', "-H", "Idempotency-Key: secret-key")
            get(server, "/idempotency-keys/secret-key")
            get(server, "/accounts/10001/balance?x=secret-key")
            wait_until(lambda: server.stderr().count('"event":"request"') >= 3)
            server.stop()
            lines = [json.loads(line) for line in server.stderr().splitlines()]
            requests = [line for line in lines if line.get("event") == "request"]
            self.assertEqual(["time", "level", "event", "id", "method", "path", "status", "bytes",
                              "duration_ms", "token", "peer"], list(requests[0]))
            self.assertEqual('"quoted\\', requests[0]["id"])
            self.assertEqual(["/accounts/{account}/deposit", "/idempotency-keys/{key}",
                              "/accounts/{account}/balance"], [line["path"] for line in requests])
            self.assertEqual("127.0.0.1", requests[0]["peer"])
            self.assertNotIn("secret", server.stderr())
            self.assertTrue(all("message" in line for line in lines if "event" not in line))

    def test_few_lines_are_left_by_a_level_and_one_of_many_by_a_sample(self):
        with Server("--log-level", "error", "--access-log", "all") as server:
            deposit(server)
            server.stop()
            self.assertEqual("", server.stderr())
        with Server("--access-log", "1/10", "--threads", "1") as server:
            for _ in range(30):
                deposit(server)
            server.stop()
            self.assertEqual(3, server.stderr().count(" request id="))

    def test_a_full_pipe_blocks_no_request(self):
        reader, writer = os.pipe()
        try:
            with Server("--access-log", "all", "--in-memory", log=writer) as server:
                with server.connect() as client:
                    request = b"GET /accounts/10001/balance HTTP/1.1\r\nHost: localhost\r\n\r\n"
                    replies = 0
                    for _ in range(50):  # more lines than the pipe and what waits can hold
                        client.sendall(request * 100)
                        replies += self.read_replies(client, 100)
                    self.assertEqual(5000, replies)
        finally:
            os.close(reader)
            os.close(writer)

    def read_replies(self, client, count):
        found = b""
        while found.count(b'"code":200}') < count:
            piece = client.recv(1 << 16)
            if not piece:
                break
            found += piece
        return found.count(b'"code":200}')

    def test_wrong_flags_are_refused(self):
        for flags in (("--log-format", "xml"), ("--log-level", "loud"), ("--access-log", "1/0")):
            done = run("serve", *flags)
            self.assertEqual(2, done.returncode)
            self.assertIn(flags[1], done.stderr)


if __name__ == "__main__":
    unittest.main()

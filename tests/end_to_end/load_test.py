"""coffer-load against the server: what it writes, and whether its audit can be trusted."""

import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import threading
import time
import unittest

from server import BINARY, Server, TIMEOUT_S, environment, post

LOAD = os.environ.get("COFFER_LOAD_BINARY") or str(pathlib.Path(BINARY).with_name("coffer-load"))
SHORT = ("--duration", "500ms", "--warmup", "100ms")
OPERATIONS = ("balance", "deposit", "withdraw", "transfer", "transaction", "hold", "capture",
              "release")
ALL = ("--mix", ",".join(f"{one}={20 if one == 'hold' else 10}" for one in OPERATIONS))


def load(server, *flags):
    """Runs coffer-load to its end; `server` may be a URL."""
    url = server if isinstance(server, str) else server.url("")
    return subprocess.run([LOAD, "--url", url, *map(str, flags)], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=TIMEOUT_S, check=False,
                          env=environment())


class Load(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def measured(self, server, *flags, status=0):
        """The results as JSON of a run that must end with `status`."""
        file = self.folder / "results.json"
        done = load(server, "--json", file, *flags)
        self.assertEqual(status, done.returncode, done.stdout + done.stderr)
        return json.loads(file.read_text())

    def test_interrupted_it_writes_what_it_has_and_audits(self):
        with Server("--in-memory") as server:
            for how in (signal.SIGINT, signal.SIGTERM):
                for flags in (("--rate", "2000"), ("--pipeline", "4", "--own-accounts",
                                                   "--connections", "4", "--threads", "2")):
                    self.interrupt(server, how, flags)

    def interrupt(self, server, how, flags):
        files = {kind: self.folder / f"results.{kind}" for kind in ("json", "hdr", "html")}
        outputs = [part for kind, file in files.items() for part in (f"--{kind}", file)]
        with subprocess.Popen(
                [LOAD, "--url", server.url(""), "--duration", "600s", "--warmup", "100ms", *flags,
                 *outputs], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                env=environment()) as process:
            self.assertIn("measuring", process.stderr.readline() + process.stderr.readline())
            process.send_signal(how)
            process.send_signal(how)  # as `timeout` does
            out, _ = process.communicate(timeout=TIMEOUT_S)
        self.assertEqual(0, process.returncode)
        self.assertIn("interrupted: 600.0 s were asked for", out)
        self.assertIn("exact", out)
        results = json.loads(files["json"].read_text())
        self.assertTrue(results["interrupted"])
        self.assertTrue(results["audit"]["exact"])
        self.assertLess(0, results["achieved_per_second"])
        self.assertLess(0, results["measured_seconds"])
        self.assertLess(results["measured_seconds"], 300)
        self.assertEqual(0, results["outcomes"]["unanswered"])
        for file in files.values():
            self.assertLess(0, file.stat().st_size)

    def test_interrupted_twice_it_ends_at_once(self):
        with Server("--in-memory") as server, subprocess.Popen(
                [LOAD, "--url", server.url(""), "--duration", "600s", "--reply-limit", "600s"],
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                env=environment()) as process:
            process.stderr.readline()
            server.process.send_signal(signal.SIGSTOP)  # so that there is something to wait for
            process.send_signal(signal.SIGINT)
            time.sleep(1.2)
            self.assertIsNone(process.poll())
            process.send_signal(signal.SIGINT)
            self.assertEqual(-signal.SIGINT, process.wait(TIMEOUT_S))
            server.process.send_signal(signal.SIGCONT)

    def assert_one_line(self, done, status, what):
        self.assertEqual(status, done.returncode, done.stderr)
        self.assertEqual(1, len(done.stderr.splitlines()), done.stderr)
        self.assertIn(what, done.stderr)

    def test_a_closed_loop_is_measured_and_audited(self):
        with Server("--in-memory") as server:
            found = self.measured(server, *SHORT, "--pipeline", 8, "--threads", 2)
        self.assertTrue(found["audit"]["exact"])
        self.assertGreater(found["achieved_per_second"], 1000)
        self.assertGreater(found["outcomes"]["done"]["deposit"], 100)
        self.assertEqual({}, found["outcomes"]["errors_by_status"])
        self.assertEqual(0, found["outcomes"]["unanswered"])
        latency = found["latency_us"]
        rising = [latency[name] for name in ("p50", "p90", "p99", "p99.9", "p99.99", "max")]
        self.assertEqual(sorted(rising), rising)
        self.assertGreater(latency["p50"], 0)

    def test_an_open_loop_keeps_to_its_rate_and_writes_its_files(self):
        hdr, html = self.folder / "latency.hdr", self.folder / "page.html"
        with Server("--in-memory") as server:
            found = self.measured(server, *SHORT, "--rate", 2000, "--hdr", hdr, "--html", html)
        self.assertTrue(found["audit"]["exact"])
        # At most what is due. Less only where the machine has no time for it at the run's ends.
        self.assertLess(found["achieved_per_second"], 2100)
        self.assertGreater(found["achieved_per_second"], 1000)
        self.assertLessEqual(found["latency_us"]["count"], 1001)
        self.assertGreater(found["latency_us"]["count"], 500)
        self.assertRegex(hdr.read_text(), r"^       Value     Percentile TotalCount")
        self.assertIn(f"Total count    = {found['latency_us']['count']:12}]", hdr.read_text())
        page = html.read_text()
        self.assertIn("prefers-color-scheme: dark", page)
        self.assertEqual([], re.findall(r"(?:src|href)=|url\(|@import", page))

    def test_a_stall_of_the_server_is_not_hidden(self):
        with Server("--in-memory") as server:
            def stall():
                time.sleep(0.5)
                server.process.send_signal(signal.SIGSTOP)
                time.sleep(0.4)
                server.process.send_signal(signal.SIGCONT)
            stalling = threading.Thread(target=stall)
            stalling.start()
            found = self.measured(server, "--duration", "1500ms", "--warmup", "0", "--rate", 1000,
                                  "--connections", 2)
            stalling.join()
        # 400 of 1500 requests were due while nothing moved, half of them for over 200 ms.
        self.assertGreater(found["latency_us"]["p90"], 150_000)
        self.assertLess(found["service_us"]["p90"], found["latency_us"]["p90"] / 2)
        self.assertEqual(0, found["outcomes"]["never_sent"])

    def test_the_audit_is_exact_though_connections_are_killed(self):
        with Server("--in-memory", "--threads", 2) as server:
            for flags in (("--pipeline", 16), ("--rate", 20_000, "--pipeline", 4)):
                with self.subTest(flags):
                    found = self.measured(server, "--duration", "2s", "--warmup", "0",
                                          "--connections", 10, "--kill-connections", 200, *flags,
                                          "--mix", "balance=10,deposit=50,withdraw=40")
                    self.assertTrue(found["audit"]["exact"])
                    self.assertGreater(found["connections"]["killed"], 20)
                    self.assertGreater(found["audit"]["in_doubt"], 0)
                    self.assertEqual(0, found["connections"]["malformed"])

    def test_every_operation_is_audited_on_shared_and_own_accounts_and_beside_kills(self):
        own = ("--connections", 4, "--pipeline", 8)  # two accounts each, and one three
        for flags in (("--pipeline", 4, "--threads", 2), ("--own-accounts", *own),
                      ("--kill-connections", 100, *own), ("--rate", 5000, "--amounts", "50-400")):
            with self.subTest(flags), Server("--in-memory", "--threads", 2) as server:
                found = self.measured(server, "--duration", "1s", "--warmup", "0", *ALL, *flags)
                self.assertTrue(found["audit"]["exact"])
                for operation in OPERATIONS:
                    self.assertGreater(found["outcomes"]["done"][operation], 0, operation)
                self.assertEqual({}, found["outcomes"]["errors_by_status"])
                self.assertNotEqual("0.0", found["audit"]["captures"])
                self.assertNotEqual("0.0", found["audit"]["held_change"])
                self.assertEqual("0.0", found["audit"]["held_off_by"])

    def test_a_hold_by_somebody_else_is_found_out_to_the_cent(self):
        for flags in ((), ("--own-accounts", "--connections", 5)):
            with self.subTest(flags), Server("--in-memory") as server:
                meddling = threading.Timer(
                    0.5, post, (server, "/accounts/10003/holds", '{"amount":12.34}'))
                meddling.start()
                found = self.measured(server, "--duration", "1s", "--warmup", "0", *flags, *ALL,
                                      "--amounts", "0.01", status=3)
                meddling.join()
                self.assertEqual(("0.0", "12.34"), (found["audit"]["off_by"],
                                                    found["audit"]["held_off_by"]))
                self.assertEqual([{"account_number": "10003", "off_by": "0.0",
                                   "held_off_by": "12.34"}], found["audit"]["deviations"])

    def test_a_posting_by_somebody_else_is_found_out_to_the_cent(self):
        for flags in ((), ("--own-accounts", "--connections", 5), ("--kill-connections", 50,
                                                                  "--connections", 5)):
            with self.subTest(flags), Server("--in-memory") as server:
                def meddle():
                    time.sleep(0.5)
                    post(server, "/accounts/10003/deposit", '{"amount":12345.67}')
                meddling = threading.Thread(target=meddle)
                meddling.start()
                found = self.measured(server, "--duration", "1s", "--warmup", "0", *flags,
                                      status=3)
                meddling.join()
                self.assertFalse(found["audit"]["exact"])
                self.assertEqual("12345.67", found["audit"]["off_by"])
                self.assertEqual([{"account_number": "10003", "off_by": "12345.67"}],
                                 found["audit"]["deviations"])

    def test_the_difference_is_said_in_the_end(self):
        with Server("--in-memory") as server:
            meddling = threading.Timer(
                0.4, post, (server, "/accounts/10001/withdraw", '{"amount":0.01}'))
            meddling.start()
            done = load(server, "--duration", "1s", "--warmup", "0", "--rate", 100)
            meddling.join()
        self.assertEqual(3, done.returncode)
        self.assertIn("off by -0.01", done.stdout)
        self.assertIn("account 10001 is off by -0.01", done.stdout)
        self.assertIn("off by -0.01", done.stderr)

    def test_a_server_that_is_killed_ends_the_run_in_time(self):
        with Server("--in-memory") as server:
            threading.Timer(0.5, server.process.kill).start()
            done = load(server, "--duration", "1s", "--warmup", "0", "--reply-limit", "500ms",
                        "--quiet")
        self.assert_one_line(done, 1, "no audit: cannot reach")

    def test_a_server_that_hangs_ends_the_run_in_time(self):
        with Server("--in-memory") as server:
            stopping = threading.Timer(0.5, server.process.send_signal, (signal.SIGSTOP,))
            stopping.start()
            done = load(server, "--duration", "1s", "--warmup", "0", "--reply-limit", "300ms",
                        "--quiet")
            server.process.send_signal(signal.SIGCONT)
        self.assert_one_line(done, 1, "no audit: ")

    def test_many_accounts_come_from_a_file_it_writes(self):
        accounts = self.folder / "accounts.json"
        done = load("http://127.0.0.1:1", "--write-accounts", accounts, "--accounts", "20000",
                    "--opening", "50")
        self.assertEqual(0, done.returncode, done.stderr)
        with Server("--in-memory", "--accounts", accounts) as server:
            found = self.measured(server, *SHORT, "--accounts", "1-20000", "--skew", "zipf:0.99",
                                  "--pipeline", 4)
            self.assertTrue(found["audit"]["exact"])
            self.assertGreater(found["outcomes"]["done"]["deposit"], 100)

    def test_wrong_flags_are_one_line_and_status_2(self):
        for flags in (("--mix", "x=1"), ("--rate", "0"), ("--skew", "zipf"), ("--unknown",),
                      ("--url", "nowhere"), ("--kill-connections", "1", "--connections", "11"),
                      ("--mix", "transfer=1", "--accounts", "7-7")):
            with self.subTest(flags):
                self.assert_one_line(load("http://127.0.0.1:1", *flags)
                                     if "--url" not in flags else load(*flags[1:]), 2, "--help")

    def test_a_server_that_is_not_there_is_one_line_and_status_1(self):
        with Server("--in-memory") as server:
            url = server.url("")
        self.assert_one_line(load(url), 1, "cannot reach 127.0.0.1:")

    def test_an_account_that_is_not_there_is_one_line_and_status_1(self):
        with Server("--in-memory") as server:
            self.assert_one_line(load(server, "--accounts", "42-43"), 1, "account 42: status 404")

    def test_a_file_that_cannot_be_written_is_said_before_the_run(self):
        done = load("http://127.0.0.1:1", "--json", self.folder / "no" / "file")
        self.assert_one_line(done, 1, "cannot write")  # and not that it cannot connect

    def test_help_says_that_nobody_else_may_post(self):
        done = load("http://127.0.0.1:1", "--help")
        self.assertEqual(0, done.returncode)
        self.assertIn("Nobody else may post", done.stdout)


if __name__ == "__main__":
    unittest.main()

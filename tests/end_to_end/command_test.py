"""The command line: flags, environment, and one line for each thing that can be wrong."""

import os
import pathlib
import re
import socket
import tempfile
import unittest

from server import Server, balance, get, run

GOOD = """{"accounts":[
{"account_number":"7","balance":1.5},
{"account_number":"8","balance":2}
]}"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


class Command(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def write(self, text, name="accounts.json"):
        path = self.folder / name
        path.write_text(text)
        return path

    def assert_fails(self, status, *arguments, says="", env=None):
        done = run(*arguments, env=env)
        self.assertEqual(status, done.returncode, done)
        self.assertEqual("", done.stdout)
        self.assertRegex(done.stderr, r"\Acoffer: [^\n]+\n\Z")
        self.assertIn(says, done.stderr)

    def assert_serve_fails(self, status, *flags, says="", env=None):
        self.assert_fails(status, "serve", "--listen", "127.0.0.1:0", "--data",
                          self.folder / "data", *flags, says=says, env=env)

    def test_version_and_help_answer_on_stdout(self):
        version = run("version")
        self.assertEqual((0, ""), (version.returncode, version.stderr))
        self.assertRegex(version.stdout, r"^coffer \d+\.\d+\.\d+\n$")
        usage = run("help")
        self.assertEqual((0, ""), (usage.returncode, usage.stderr))
        for word in ("serve", "version", "help", "--listen", "--threads", "--data", "--accounts",
                     "--snapshot-every", "--snapshot-keep", "--in-memory", "--max-head",
                     "--max-target", "--max-body", "--max-batch-lines", "--max-output",
                     "--max-held", "--max-connections-per-peer", "--requests-per-wake",
                     "--idle-timeout", "--head-timeout", "--body-timeout", "--write-timeout",
                     "--linger-timeout", "--drain-timeout", "--drain-grace",
                     "COFFER_LISTEN"):
            self.assertIn(word, usage.stdout)

    def test_what_it_does_not_understand_is_one_line_and_status_2(self):
        self.assert_fails(2)
        self.assert_fails(2, "sevre")
        self.assert_fails(2, "version", "now")
        for flags in (["--lisen", "127.0.0.1:0"], ["--listen", "nowhere"], ["--listen"],
                      ["--listen", "127.0.0.1:65536"], ["--threads", "0"], ["--threads", "two"],
                      ["--snapshot-every", "5"], ["--snapshot-every", "-1s"],
                      ["--snapshot-every", "1 s"], ["--snapshot-every", "soon"],
                      ["--snapshot-keep", "0"], ["--snapshot-keep", "-1"],
                      ["--drain-timeout", "soon"], ["--head-timeout", "0"],
                      ["--max-body", "64KB"], ["--max-body", "-1"], ["--max-head", "1"],
                      ["--max-target", "16KiB"], ["--max-held", "256KiB"],
                      ["--max-body", "1GiB"], ["--max-connections", "0"],
                      ["--requests-per-wake", "0"], ["--max-batch-lines", "0"], ["extra"]):
            with self.subTest(flags=flags):
                self.assert_fails(2, "serve", "--data", self.folder / "data", *flags)

    def test_what_is_wrong_in_the_environment_is_status_2_too(self):
        for name, value in (("COFFER_LISTEN", "nowhere"), ("COFFER_THREADS", "no"),
                            ("COFFER_SNAPSHOT_EVERY", "5"), ("COFFER_SNAPSHOT_KEEP", "x")):
            with self.subTest(name=name):
                data = ("--data", self.folder / "data")
                self.assert_fails(2, "serve", *data, env={name: value})
        self.assert_fails(2, "serve", "--data", self.folder / "data", env={"PORT": "http"})

    def test_durations_have_units(self):
        for text in ("500ms", "30s", "5m", "1h", "0"):
            with self.subTest(text), Server("--snapshot-every", text, "--in-memory") as server:
                self.assertEqual("1000.0", balance(server))

    def test_a_taken_port_is_one_line_and_status_1(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            self.assert_fails(1, "serve", "--data", self.folder, "--listen", address, says=address)
        with Server() as other:
            address = f"127.0.0.1:{other.port}"
            self.assert_fails(1, "serve", "--data", self.folder, "--listen", address, says=address)

    def test_accounts_that_cannot_be_read_are_one_line_and_status_1(self):
        missing = self.folder / "missing.json"
        self.assert_serve_fails(1, "--accounts", missing, says=str(missing))
        self.assert_serve_fails(1, "--accounts", self.folder, says=str(self.folder))

    def test_malformed_accounts_are_named_by_their_line(self):
        second = '{"accounts":[\n%s\n]}'
        for text, line in ((second % "{", 3), (second % "[]", 2), ("{", 1), ("", None), ("{}", 1),
                           (second % '{"account_number":"1"}', 2),
                           (second % '{"balance":1.0}', 2),
                           (second % '{"account_number":1,"balance":1.0}', 2),
                           (second % '{"account_number":"01","balance":1.0}', 2),
                           (second % '{"account_number":"1","balance":"1"}', 2),
                           (second % '{"account_number":"1","balance":-1}', 2),
                           (second % '{"account_number":"1","balance":1.005}', 2),
                           (second % '{"account_number":"1","balance":1e400}', 2),
                           (GOOD.replace("8", "7"), 3), (GOOD + "x", 4), (GOOD[:-1], None)):
            with self.subTest(text=text):
                path = self.write(text)
                says = f"{path}: " if line is None else f"{path}: line {line}: "
                self.assert_serve_fails(1, "--accounts", path, says=says)

    def test_an_unwritable_data_directory_is_one_line_and_status_1(self):
        in_the_way = self.write("a file", "file")
        self.assert_fails(1, "serve", "--listen", "127.0.0.1:0", "--data", in_the_way,
                          says=str(in_the_way))
        self.assert_fails(1, "serve", "--listen", "127.0.0.1:0", "--data", in_the_way / "below",
                          says=str(in_the_way))
        if os.geteuid() != 0:  # for root everything is writable
            self.folder.chmod(0o500)
            self.assert_serve_fails(1, says=str(self.folder))

    def test_accounts_come_from_a_file_or_none_or_the_samples(self):
        with Server("--accounts", self.write(GOOD)) as server:
            self.assertEqual(("1.5", "2.0"), (balance(server, 7), balance(server, 8)))
            self.assertEqual(404, get(server, "/accounts/10001/balance").status)
        with Server("--accounts", "none") as server:
            self.assertEqual(404, get(server, "/accounts/10001/balance").status)
        with Server() as server:
            self.assertEqual("1000.0", balance(server, 10001))

    def test_the_environment_mirrors_the_flags_and_flags_win(self):
        port = free_port()
        env = {"COFFER_LISTEN": f"127.0.0.1:{port}", "COFFER_ACCOUNTS": str(self.write(GOOD)),
               "COFFER_THREADS": "1", "COFFER_SNAPSHOT_EVERY": "0", "COFFER_SNAPSHOT_KEEP": "2",
               "COFFER_IN_MEMORY": "1"}
        with Server(listen=None, env=env) as server:
            self.assertEqual(port, server.port)
            self.assertEqual("1.5", balance(server, 7))
        with Server("--accounts", "none", env={**env, "PORT": "1"}) as server:
            self.assertNotEqual(port, server.port)
            self.assertEqual(404, get(server, "/accounts/7/balance").status)

    def test_threads_are_as_many_as_processors_may_be_used(self):
        processor = min(os.sched_getaffinity(0))
        for flags, threads in (((), 1), (("--threads", "3"), 3)):
            with Server("--in-memory", *flags, prefix=["taskset", "-c", str(processor)]) as server:
                self.assertEqual(f"  threads     {threads}\n", server.process.stdout.readline())

    def test_port_in_the_environment_listens_everywhere(self):
        port = free_port()
        with Server(listen=None, env={"PORT": str(port)}) as server:
            self.assertEqual(port, server.port)
            self.assertTrue(re.search(rf"http://0\.0\.0\.0:{port}\b", "".join(server.banner)))
            self.assertEqual("1000.0", balance(server))


if __name__ == "__main__":
    unittest.main()

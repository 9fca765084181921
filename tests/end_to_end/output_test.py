"""Output to a full device and to closed descriptors; variables that are meant for `serve`."""

import pathlib
import subprocess
import tempfile
import unittest

from server import BINARY, TIMEOUT_S, Server, environment, post, run

# Wrong for `serve`, each of them.
WRONG_FOR_SERVE = {"COFFER_LISTEN": "nowhere", "COFFER_THREADS": "0", "COFFER_IN_MEMORY": "maybe",
                   "COFFER_SNAPSHOT_EVERY": "30", "COFFER_SNAPSHOT_KEEP": "-1",
                   "COFFER_RETAIN": "some", "COFFER_IDEMPOTENCY_TTL": "0",
                   "COFFER_MAX_IDEMPOTENCY_KEYS": "many", "COFFER_SEGMENT_SIZE": "1",
                   "COFFER_MAX_BODY": "64KB", "COFFER_MAX_CONNECTIONS": "0",
                   "COFFER_DRAIN_TIMEOUT": "soon", "COFFER_COMMIT_WAIT": "1h", "PORT": "http"}


def shell(command, **more):
    return subprocess.run(["bash", "-c", command], text=True, timeout=TIMEOUT_S, check=False,
                          stdin=subprocess.DEVNULL, env=environment(), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, **more)


class Output(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.data = cls.folder / "data"
        with Server(data=cls.data) as server:
            post(server, "/accounts/10001/deposit", '{"amount":1}')
            assert server.stop() == 0, server.stderr()

    def commands(self):
        """Each with its arguments for a shell."""
        data = self.data
        return ("version", "help", "--version", "--help", "serve --help", "audit --help",
                f"audit {data}", f"audit --json {data}", f"export {data} --format csv",
                f"export {data} --format csv --output /dev/stdout",
                f"backup {data} $(mktemp -u -p {self.folder})",
                f"restore --json {data} $(mktemp -u -p {self.folder})")

    def assert_says_so(self, done, reason):
        self.assertEqual(1, done.returncode, done)
        self.assertRegex(done.stderr, r"\Acoffer: [^\n]+\n\Z")
        self.assertIn(reason, done.stderr)

    def test_a_full_device_is_one_line_and_status_1(self):
        for command in self.commands():
            with self.subTest(command):
                done = shell(f"{BINARY} {command} >/dev/full")
                self.assert_says_so(done, "No space left on device")

    def test_a_closed_standard_output_is_one_line_and_status_1(self):
        for command in self.commands():
            with self.subTest(command):
                self.assert_says_so(shell(f"{BINARY} {command} >&-"), "coffer: ")

    def test_a_server_without_standard_descriptors_writes_its_log_into_no_file_of_its_own(self):
        data = self.folder / "closed"
        for _ in range(2):
            done = shell(f"{BINARY} serve --listen 127.0.0.1:0 --data {data} <&- >&- 2>&- & "
                         f"sleep 1; kill -TERM $!; wait $!")
            self.assertEqual(0, done.returncode)
            audit = run("audit", data)
            self.assertEqual((0, ""), (audit.returncode, audit.stderr), audit.stdout)

    def test_variables_of_serve_do_not_concern_other_commands(self):
        for arguments in (("version",), ("help",), ("--version",), ("--help",), ("serve", "--help"),
                          ("audit", self.data), ("export", self.data, "--format", "csv"),
                          ("backup", self.data, self.folder / "copy"),
                          ("restore", self.folder / "copy", self.folder / "restored")):
            with self.subTest(arguments[0]):
                done = run(*arguments, env=WRONG_FOR_SERVE)
                self.assertEqual((0, ""), (done.returncode, done.stderr))

    def test_each_of_these_variables_concerns_serve(self):
        for name, value in WRONG_FOR_SERVE.items():
            with self.subTest(name):
                done = run("serve", "--data", self.folder / "none", env={name: value})
                self.assertEqual(2, done.returncode, done)
                self.assertRegex(done.stderr, r"\Acoffer: [^\n]+\n\Z")


if __name__ == "__main__":
    unittest.main()

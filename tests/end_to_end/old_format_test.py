"""A data directory of the first format of the journal, without running time, with a snapshot of
format 2 and postings that a kill -9 left behind it."""

import pathlib
import tarfile
import tempfile
import unittest

from server import Server, balance, post, run

KEPT = pathlib.Path(__file__).with_name("data-format-1.tar.xz")


def keyed(server, key, path, body):
    return post(server, path, body, "--header", f"Idempotency-Key: {key}")


class OldFormat(unittest.TestCase):
    def setUp(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        with tarfile.open(KEPT) as kept:
            kept.extractall(folder)
        self.data = folder / "data"

    def assert_audited(self):
        found = run("audit", self.data)
        self.assertEqual(0, found.returncode, found.stdout + found.stderr)

    def test_is_audited(self):
        self.assert_audited()
        lines = run("export", self.data, "--format", "csv").stdout.splitlines()
        self.assertEqual(1 + 10 + 4, len(lines))

    def test_is_served_with_its_keys_and_goes_on(self):
        for _ in range(2):  # by what this version has written, too
            with Server(data=self.data) as server:
                self.assertEqual("1012.25", balance(server))
                self.assertEqual("9001.0", balance(server, 10009))
                for key, path, body, status in (
                        ("first-key", "/accounts/10001/deposit", '{"amount":5}', 200),
                        ("second-key", "/accounts/10001/deposit", '{"amount":7.25}', 200),
                        ("refused-key", "/accounts/10002/withdraw", '{"amount":99999}', 400),
                        ("unknown-key", "/accounts/424242/deposit", '{"amount":1}', 404)):
                    again = keyed(server, key, path, body)
                    self.assertEqual(status, again.status, again.body)
                    if status != 404:
                        self.assertEqual("true", again.fields.get("idempotent-replayed"))
                self.assertEqual(200, keyed(server, "new", "/accounts/10002/deposit",
                                            '{"amount":1}').status)
                self.assertEqual("1012.25", balance(server))
                self.assertEqual("2001.0", balance(server, 10002))
                server.stop()
            self.assert_audited()


if __name__ == "__main__":
    unittest.main()

"""Files that cannot be read for once: a start or an audit says which, and changes nothing."""

import errno
import pathlib
import sys
import tempfile
import unittest

from server import DidNotStart, Server, balance, curl, run
from damage_test import contents
from http_test import post_bytes, split

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from faults.shim import FOR_EVER, Faults, library  # noqa: E402

# The audit reads beside a start, when it can: which of its calls come before others is not fixed.
FLAGS = ("--threads", "2", "--segment-size", "4MiB", "--snapshot-every", "1h", "--no-audit")
POSTINGS = 40
READING = ("open", "pread", "read")
MOST_POINTS = 24  # of a call, spread evenly over all that a run makes
PASSED_OVER = "a snapshot is passed over: "


def points(made):
    """Numbers of calls before the one that fails: the first, the last, and some between."""
    count = min(made, MOST_POINTS)
    return sorted({place * (made - 1) // max(count - 1, 1) for place in range(count)})


@unittest.skipUnless(library().exists(), f"there is no {library()}")
class ReadFault(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.data = self.folder / "data"
        for _ in range(2):  # a snapshot each
            with Server(*FLAGS, data=self.data) as server:
                self.post(server)
                self.assertEqual(0, server.stop())
        with Server(*FLAGS, data=self.data) as server:  # and a tail that has none
            self.post(server)
            server.kill()
        self.files = self.kept()

    def post(self, server):
        with server.connect() as connection:
            for _ in range(POSTINGS):  # a batch each
                connection.sendall(post_bytes(b'{"amount":1}', 10001))
                (status, _, _), = split(connection.recv(65536))
                self.assertEqual(200, status)

    def kept(self):
        """All there is but a segment that is made ahead, which is no more than room."""
        found = contents(self.data)
        found.pop("journal/spare.tmp", None)
        return found

    def assert_names_a_file(self, line):
        self.assertRegex(line, f"{self.data}/?[^ ,]*(, offset [0-9]+)?: .*Input/output error")

    def start(self, environment=None):
        """What a server that started has said."""
        with Server(*FLAGS, data=self.data, env=environment) as server:
            self.assertEqual(f"{1000 + 3 * POSTINGS}.0", balance(server))
            # A call that fails is one: what it was for is read again.
            statement = server.url("/accounts/10001/statement?limit=1")
            replies = [reply for reply in (curl(statement), curl(statement)) if reply.status == 200]
            self.assertTrue(replies)
            for reply in replies:
                self.assertIn(f'"sequence":{1 + 3 * POSTINGS},', reply.body)
            server.kill()
            return server.stderr()

    def start_with(self, faults):
        """One call of it fails: it refuses, or says which snapshot it does without, or the call was
        one for the index of the journal. Whether it refused."""
        try:
            said = self.start(faults.environment)
        except DidNotStart as failure:
            self.assertEqual(1, failure.status, failure.said)
            line, = (line for line in failure.said.splitlines() if " info " not in line
                     and PASSED_OVER not in line)
            self.assertTrue(line.startswith("coffer: "), line)
            self.assert_names_a_file(line)
            return True
        passed_over = [line for line in said.splitlines() if PASSED_OVER in line]
        self.assertLessEqual(len(passed_over), 1, said)
        for line in passed_over:
            self.assert_names_a_file(line)
        return False

    def audit_with(self, faults):
        audited = run("audit", self.data, env=faults.environment)
        self.assertEqual(1, audited.returncode, audited.stdout + audited.stderr)
        lines = (audited.stdout + audited.stderr).splitlines()
        said = [line for line in lines if line.startswith(("fault: ", "coffer: "))]
        self.assertTrue(said, lines)
        for line in said[:1]:
            self.assert_names_a_file(line)
        return True

    def sweep(self, clean, failing, times):
        """How often `failing` was true, and how many calls failed. `clean` is a run of it without
        faults, given an environment."""
        refused = tried = hit = 0
        with Faults(self.data) as faults:
            clean(faults.environment)
            made = {call: faults.made(call) for call in READING}
        for call in READING:
            self.assertGreater(made[call], 0, f"the shim does not see {call}")
            for after in points(made[call]):
                with self.subTest(call=call, after=after), Faults(self.data) as faults:
                    tried += 1
                    faults.fail(call, errno.EIO, after, times)
                    refused += failing(faults)
                    hit += faults.hit(call)
                    self.assertEqual(self.files, self.kept())
        # The last calls of a start are of threads beside it, and it may be killed before them.
        self.assertGreaterEqual(hit, tried - len(READING))
        self.assertNotIn(PASSED_OVER, self.start())
        return refused, tried

    def test_a_start_that_cannot_read_a_file_says_which_and_changes_nothing(self):
        refused, tried = self.sweep(self.start, self.start_with, 1)
        print(f"\n    {tried} starts, {refused} refused", end=" ")
        self.assertGreater(refused, tried / 2)

    def test_an_audit_that_cannot_read_a_file_says_which_and_changes_nothing(self):
        # For ever: a batch that cannot be read is read again, as one that is being written is.
        refused, tried = self.sweep(
            lambda environment: run("audit", self.data, env=environment), self.audit_with,
            FOR_EVER)
        self.assertEqual(tried, refused)


if __name__ == "__main__":
    unittest.main()

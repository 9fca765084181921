"""The benchmark over HTTP as a whole, for a moment, with COFFER_BINARY and BARE_BINARY."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from bench.http.servers import family  # noqa: E402

BINARIES = [os.environ.get(name) for name in ("COFFER_BINARY", "BARE_BINARY")]
TIMEOUT_S = 60


@unittest.skipUnless(all(BINARIES), "no COFFER_BINARY and BARE_BINARY to run")
@unittest.skipUnless(shutil.which("wrk") and shutil.which("taskset"), "no wrk, or no taskset")
@unittest.skipUnless(len(os.sched_getaffinity(0)) > 1, "a server and its client need a core each")
class Run(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.kept = self.folder / "kept.json"
        self.scratch = self.folder / "scratch"
        self.scratch.mkdir()

    def start(self, *words):
        return subprocess.Popen(
            [ROOT / "tools" / "bench", "http", "--only", "coffer", "bare", "--coffer", BINARIES[0],
             "--bare", BINARIES[1], "--json", self.kept, *map(str, words)],
            text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, "TMPDIR": str(self.scratch)})

    def test_it_measures_coffer_and_the_bare_server_in_every_way(self):
        # Long enough that a busy machine makes a request in each run.
        with self.start("--rounds", 1, "--seconds", 1) as run:
            said, complained = run.communicate(timeout=TIMEOUT_S)
        self.assertEqual(0, run.returncode, complained)
        runs = json.loads(self.kept.read_text())["runs"]
        self.assertEqual(9, len({(one["server"], one["method"], one["depth"]) for one in runs}))
        for one in runs:
            with self.subTest(**one):
                self.assertGreater(one["rate"], 0)
                self.assertGreater(one["server_us"], 0)
                self.assertGreater(one["p99_us"], 0)
        self.assertIn("x bare epoll server", said)
        self.assertEqual([], list(self.scratch.iterdir()))

    def test_it_leaves_nothing_behind_when_it_is_interrupted(self):
        with self.start("--seconds", 30) as run:
            for line in run.stderr:
                if line.startswith("Round 1"):
                    break
            started = family(run.pid)
            run.send_signal(signal.SIGINT)
            run.communicate(timeout=TIMEOUT_S)
        self.assertNotEqual(0, run.returncode)
        self.assertGreater(len(started), 2)
        # A client that was killed is there until its new parent has waited for it.
        deadline = time.monotonic() + TIMEOUT_S
        while left := [pid for pid in started if pathlib.Path(f"/proc/{pid}").exists()]:
            self.assertLess(time.monotonic(), deadline, left)
            time.sleep(0.05)
        self.assertEqual([], list(self.scratch.iterdir()))


if __name__ == "__main__":
    unittest.main()

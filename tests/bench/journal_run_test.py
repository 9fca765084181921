"""The journal's benchmark as a whole, for a moment, with COFFER_BINARY and LOAD_BINARY."""

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

BINARIES = [os.environ.get(name) for name in ("COFFER_BINARY", "LOAD_BINARY")]
TIMEOUT_S = 60


@unittest.skipUnless(all(BINARIES), "no COFFER_BINARY and LOAD_BINARY to run")
@unittest.skipUnless(shutil.which("wrk") and shutil.which("taskset"), "no wrk, or no taskset")
class Run(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.folder.chmod(0o755)  # PostgreSQL runs as another user than root
        self.kept = self.folder / "kept.json"
        self.scratch = self.folder / "scratch"
        self.scratch.mkdir()

    def start(self, *words):
        return subprocess.Popen(
            [ROOT / "tools" / "bench", "journal", "--coffer", BINARIES[0], "--load", BINARIES[1],
             "--json", self.kept, "--dir", self.scratch, *map(str, words)],
            text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, "TMPDIR": str(self.scratch)})

    def test_it_measures_coffer_and_the_disk(self):
        with self.start("--only", "coffer", "memory", "--connections", 1, 64, "--rounds", 1,
                        "--seconds", 0.2) as run:
            said, complained = run.communicate(timeout=TIMEOUT_S)
        self.assertEqual(0, run.returncode, complained)
        runs = json.loads(self.kept.read_text())["runs"]
        self.assertEqual({("disk", 1), ("coffer", 1), ("memory", 1), ("coffer", 64),
                          ("memory", 64), ("open loop", 64), ("open loop in memory", 64)},
                         {(one["server"], one["connections"]) for one in runs})
        for one in runs:
            with self.subTest(**one):
                self.assertGreater(one["rate"], 0)
                self.assertLessEqual(one["p50_us"], one["p99_us"])
                self.assertGreaterEqual(one.get("group", 1), 1)
        self.assertIn("a lone client: p50 / (1.5 fdatasyncs + in memory)", said)
        self.assertEqual([], list(self.scratch.iterdir()))

    def test_it_leaves_nothing_behind_when_it_is_interrupted(self):
        with self.start("--only", "coffer", "redis", "postgres", "--connections", 1,
                        "--seconds", 20) as run:
            for line in run.stderr:
                if line.startswith("Round 1"):
                    break
            started = family(run.pid)
            run.send_signal(signal.SIGINT)
            run.communicate(timeout=TIMEOUT_S)
        self.assertNotEqual(0, run.returncode)
        self.assertGreater(len(started), 1)
        # A client that was killed is there until its new parent has waited for it.
        deadline = time.monotonic() + TIMEOUT_S
        while left := [pid for pid in started if pathlib.Path(f"/proc/{pid}").exists()]:
            self.assertLess(time.monotonic(), deadline, left)
            time.sleep(0.05)
        self.assertEqual([], list(self.scratch.iterdir()))


if __name__ == "__main__":
    unittest.main()

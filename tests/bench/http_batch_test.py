"""The benchmark of batches as a whole, for a moment, with COFFER_BINARY."""

import os
import pathlib
import shutil
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("COFFER_BINARY")
TIMEOUT_S = 120


@unittest.skipUnless(BINARY, "no COFFER_BINARY to run")
@unittest.skipUnless(shutil.which("wrk") and shutil.which("taskset"), "no wrk, or no taskset")
@unittest.skipUnless(len(os.sched_getaffinity(0)) > 1, "a server and its client need a core each")
class Run(unittest.TestCase):
    def test_it_measures_batches_in_memory_and_durable_and_counts_them(self):
        run = subprocess.run(
            [ROOT / "bench" / "http" / "batch.py", "--coffer", BINARY, "--rounds", "1",
             "--seconds", "1"], capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        self.assertEqual(0, run.returncode, run.stderr)
        for name in ("Coffer --in-memory", "Coffer "):
            self.assertRegex(run.stdout, rf"(?m)^{name} +[1-9][0-9,]+ +[1-9][0-9,]+ +>= ")


if __name__ == "__main__":
    unittest.main()

"""tools/cluster starts three and three, prints what works, and ends all of it."""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import unittest

from cluster import BINARY, ROOT
from etcd_members import is_installed
from processes import TIMEOUT_S, wait_until, within

PROGRAM = ROOT / "tools" / "cluster"
WITHIN_S = 360  # a test; ctest gives it 600, and the end may take 3 * TIMEOUT_S
KEY = "-H 'Idempotency-Key: once'"


def is_there(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def data_of(text):
    """Of a success, or nothing."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found.get("data", {}) if found.get("success") else {}


class Refusals(unittest.TestCase):
    def refused(self, *words, path=None):
        env = dict(os.environ, **({"PATH": path} if path else {}))
        done = subprocess.run([sys.executable, PROGRAM, *words], capture_output=True, text=True,
                              timeout=TIMEOUT_S, check=False, env=env)
        self.assertEqual(1, done.returncode)
        return done.stderr

    def test_it_names_what_is_missing(self):
        self.assertRegex(self.refused(path="/nonexistent"), "^tools/cluster: there is no etcd: ")
        if is_installed():
            self.assertRegex(self.refused("--coffer", "/nonexistent/coffer"),
                             "^tools/cluster: there is no /nonexistent/coffer: build it")


@unittest.skipUnless(is_installed(), "no etcd")
class Started(unittest.TestCase):
    def test_what_it_prints_works_and_it_ends_everything_at_ctrl_c(self):
        with tempfile.TemporaryDirectory(prefix="coffer-cluster-") as folder, within(WITHIN_S):
            with subprocess.Popen([PROGRAM, "--coffer", BINARY, "--dir", folder], text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE) as tool:
                try:
                    printed = self.printed_by(tool)
                    self.try_it(printed)
                finally:
                    tool.send_signal(signal.SIGINT)
                    _, errors = tool.communicate(timeout=3 * TIMEOUT_S)
            self.assertEqual((0, ""), (tool.returncode, errors))
            for pid in re.findall(r"process (\d+)", printed):
                self.assertFalse(is_there(int(pid)))
            self.assertEqual([], list(pathlib.Path(folder).iterdir()))

    def printed_by(self, tool):
        lines = []
        for line in tool.stdout:
            lines.append(line)
            if line.startswith("Ctrl-C"):
                return "".join(lines)
        self.fail(f"it ended: {tool.stderr.read()}{''.join(lines)}")

    def said(self, command):
        return subprocess.run(command, shell=True, capture_output=True, text=True,
                              timeout=TIMEOUT_S, check=False).stdout

    def try_it(self, printed):
        self.assertEqual(6, len(re.findall(r"process \d+", printed)))
        deposit, stale, nodes, step_down = re.findall(r"^ {4}(curl .*)$", printed, re.MULTILINE)
        # On a busy machine a node may have no leader for a moment.
        deposited = wait_until(lambda: data_of(self.said(f"{deposit} {KEY}")), "it is posted")
        self.assertEqual(1005.0, deposited["new_balance"])
        wait_until(lambda: re.search("(?im)^Coffer-As-Of: ", self.said(stale)), "a standby shows")
        wait_until(lambda: "node-1" in self.said(nodes), "the leader lists the nodes")
        [old] = re.findall(r"(node-\d) .*, leads\n", printed)
        urls = dict(re.findall(r"(node-\d)  (http://\S+)", printed))
        others = [f"{url}/readyz" for name, url in urls.items() if name != old]

        def has_handed_over():
            said.append(self.said(step_down))
            return any(self.said(f"curl -sf {url}") for url in others)
        said = []
        wait_until(has_handed_over, lambda: f"another node leads: {said[-5:]}")


if __name__ == "__main__":
    unittest.main()

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
from processes import TIMEOUT_S, wait_until

PROGRAM = ROOT / "tools" / "cluster"


def is_there(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


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
        with tempfile.TemporaryDirectory(prefix="coffer-cluster-") as folder:
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

    def try_it(self, printed):
        self.assertEqual(6, len(re.findall(r"process \d+", printed)))
        commands = re.findall(r"^ {4}(curl .*)$", printed, re.MULTILINE)
        said = [subprocess.run(command, shell=True, capture_output=True, text=True,
                               timeout=TIMEOUT_S, check=True).stdout for command in commands]
        deposited, stale, nodes, stepped_down = said
        self.assertEqual(1005.0, json.loads(deposited)["data"]["new_balance"])
        self.assertRegex(stale, "(?im)^Coffer-As-Of: ")
        self.assertIn("node-1", nodes)
        self.assertTrue(json.loads(stepped_down)["success"])
        [old] = re.findall(r"(node-\d) .*, leads\n", printed)
        urls = dict(re.findall(r"(node-\d)  (http://\S+)", printed))
        ready = [f"{url}/readyz" for name, url in urls.items() if name != old]
        wait_until(lambda: any(subprocess.run(["curl", "-sf", url], capture_output=True,
                                              check=False).returncode == 0 for url in ready),
                   "another node leads")


if __name__ == "__main__":
    unittest.main()

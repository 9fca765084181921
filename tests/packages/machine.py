"""A machine that lasts for one test: this one's files, and an init system of its own.

All that it changes is in memory and gone with it. It has its own processes, network, mounts and
control groups, so no service of this machine is touched, and port 5000 is free there.
"""

import os
import pathlib
import subprocess
import tempfile
import time
import unittest

from packages import need

INIT = pathlib.Path("/lib/systemd/systemd")
LIMIT_S = 240

# Runs in new namespaces, with the folder of the test as $1, which is /test in the machine. No unit
# but those of the test is started.
BOOT = r"""
set -euo pipefail
mount --make-rprivate /
mkdir "$1/mounts"
mount -t tmpfs tmpfs "$1/mounts"
cd "$1/mounts"
mkdir upper work root
mount -t overlay overlay -o lowerdir=/,upperdir=upper,workdir=work root
cd root
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t tmpfs -o mode=755 tmpfs sys/fs/cgroup
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mount -t tmpfs -o mode=755 tmpfs dev
for device in null zero full random urandom tty; do
    touch dev/$device
    mount --bind /dev/$device dev/$device
done
mkdir dev/shm dev/pts test
ln -s pts/ptmx dev/ptmx
mount --bind "$1" test
touch dev/console
mount --bind "$1/console" dev/console
: >etc/fstab
rm -rf etc/systemd/system etc/init.d etc/rc?.d lib/systemd/system-generators usr/sbin/policy-rc.d
rm -rf lib/systemd/system/*.wants
mkdir -p etc/systemd/system/coffer.service.d
cat >etc/systemd/system/coffer.service.d/log.conf <<end
[Service]
StandardOutput=append:/test/log
StandardError=append:/test/log
end
cat >etc/systemd/system/test.service <<end
[Unit]
DefaultDependencies=no
SuccessAction=exit-force
FailureAction=exit-force
[Service]
Type=oneshot
ExecStart=/bin/bash -c 'bash -eux /test/script >/test/output 2>&1; echo \$? >/test/status'
end
mkdir before
pivot_root . before
exec chroot . bash -euc 'umount -l /before; exec env -i container=coffer-test \
    PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --unit=test.service --log-target=console --show-status=no'
"""

# What scripts may use.
COMMANDS = r"""
install() { dpkg --no-triggers --force-confold -i "$1" 2>&1; }
eventually() {
    local try
    for ((try = 0; try < 600; try++)); do
        if "$@"; then return 0; fi
        sleep 0.1
    done
    return 1
}
ask() { curl --silent --show-error --fail-with-body --max-time 10 http://127.0.0.1:5000"$@"; }
post() { ask "$1" --header 'Content-Type: application/json' --data "$2"; }
main_pid() { systemctl show --value --property MainPID coffer; }
"""


def control_groups():
    """Where control groups of version 2 are mounted, and which is ours."""
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        fields = line.split()
        if fields[fields.index("-") + 1] == "cgroup2":
            ours = pathlib.Path("/proc/self/cgroup").read_text().split("0::", 1)[1].split("\n")[0]
            return pathlib.Path(fields[4]) / ours.lstrip("/")
    raise unittest.SkipTest("no control groups of version 2 here")


class Machine:
    """Boots, runs a script, and ends. Skips the test where that is not possible."""

    def __init__(self, test):
        need("unshare", "curl", "dpkg")
        if os.geteuid() != 0:
            test.skipTest("only root can start a machine")
        if not INIT.exists():
            test.skipTest("no systemd here")
        self.test = test
        self.folder = pathlib.Path(test.enterContext(tempfile.TemporaryDirectory()))
        self.group = control_groups() / f"coffer-test-{os.getpid()}"
        try:
            self.group.mkdir()
        except OSError as refused:
            test.skipTest(f"no control group can be made: {refused}")
        test.addCleanup(self._remove_group)

    def _remove_group(self):
        deadline = time.monotonic() + 10
        while self.group.exists():
            for folder, _, _ in os.walk(self.group, topdown=False):
                try:
                    os.rmdir(folder)
                except OSError:  # a process is still ending
                    pass
            self.test.assertLess(time.monotonic(), deadline, "processes are left")
            time.sleep(0.02)

    def _start(self, *command):
        enter = self.group / "cgroup.procs"
        return subprocess.run(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--uts", "--ipc", "--net",
             "--cgroup", *command], stdin=subprocess.DEVNULL, capture_output=True, text=True,
            check=False, timeout=LIMIT_S, preexec_fn=lambda: enter.write_text(str(os.getpid())))

    def run(self, script):
        """What the script has printed. It must succeed, each of its commands too."""
        for name in ("console", "output", "log", "status"):
            (self.folder / name).touch()
        (self.folder / "boot").write_text(BOOT)
        (self.folder / "script").write_text(COMMANDS + script)
        booted = self._start("bash", self.folder / "boot", self.folder)
        status = (self.folder / "status").read_text().strip()
        output = (self.folder / "output").read_text()
        if not status and not output:
            self.test.skipTest(f"systemd cannot start here: {booted.stderr.strip()}")
        self.test.assertEqual("0", status, "\n" + output + self.log() + self.console())
        return output

    def log(self):
        return (self.folder / "log").read_text()

    def console(self):
        return (self.folder / "console").read_text(errors="replace")

"""The Debian package on a machine with systemd: installed, served, upgraded and removed."""

import re
import shutil
import unittest

from machine import Machine
from packages import FIXTURES, make_deb


class Service(unittest.TestCase):
    def machine(self):
        machine = Machine(self)
        shutil.copy(make_deb(), machine.folder / "coffer.deb")
        return machine

    def test_it_serves_after_the_installation_confined(self):
        machine = self.machine()
        output = machine.run(r"""
install /test/coffer.deb
systemctl is-active coffer
systemctl is-enabled coffer
ask /readyz
post /accounts '{"account_number": "7"}'
post /accounts/7/deposit '{"amount": 12.75}'
pid=$(main_pid)
grep -E '^(Seccomp|NoNewPrivs|CapBnd|CapEff):' /proc/$pid/status
test "$(stat --format %u /proc/$pid)" != 0
test -e /var/lib/coffer/journal
test "$(stat --format %a /var/lib/private/coffer/)" = 750
systemctl reload coffer
kill -KILL "$pid"
eventually ask /accounts/7/balance
test "$(main_pid)" != "$pid"
ask /metrics
systemctl stop coffer
systemctl show --property Result coffer
""")
        self.assertRegex(output, r"Seccomp:\t2")
        self.assertRegex(output, r"NoNewPrivs:\t1")
        self.assertRegex(output, r"CapBnd:\t0+\n")
        self.assertIn('"balance":12.75', output)
        self.assertIn("Result=success", output)
        self.assertIn("SIGHUP", machine.log())
        self.assertNotIn("Operation not permitted", machine.log())
        self.assertRegex(machine.log(), r"snapshots taken, 0 failed\n\Z")

    def test_an_upgrade_goes_on_with_the_data_of_an_earlier_format(self):
        machine = self.machine()
        shutil.copy(make_deb("0.0.9"), machine.folder / "earlier.deb")
        shutil.copy(FIXTURES / "data-format-2.tar.xz", machine.folder / "data.tar.xz")
        output = machine.run(r"""
install /test/earlier.deb
ask /readyz
systemctl stop coffer
rm -rf /var/lib/private/coffer/*
tar -xJf /test/data.tar.xz --strip-components 1 -C /var/lib/private/coffer
chown -R --reference /var/lib/private/coffer /var/lib/private/coffer/*
echo 'snapshot-keep = 7' >>/etc/coffer/coffer.conf
systemctl start coffer
before=$(ask /accounts/10001/balance)
post /accounts/10002/deposit '{"amount": 1}'
pid=$(main_pid)
install /test/coffer.deb
test "$(main_pid)" != "$pid"
test "$(ask /accounts/10001/balance)" = "$before"
ask /accounts/10002/balance
grep snapshot-keep /etc/coffer/coffer.conf
dpkg-query --show coffer
systemctl stop coffer
coffer audit /var/lib/coffer
""")
        self.assertIn('"balance":2001.0', output)
        self.assertIn("snapshot-keep = 7", output)
        self.assertIn("audit: all holds", output)
        self.assertNotRegex(output, r"coffer\t0\.0\.9")
        self.assertIn("the newest 7 kept", machine.log())

    def test_a_removal_and_a_purge_leave_the_data(self):
        output = self.machine().run(r"""
install /test/coffer.deb
post /accounts '{"account_number": "7"}'
post /accounts/7/deposit '{"amount": 12.75}'
dpkg --no-triggers --remove coffer
if systemctl is-active coffer; then exit 1; fi
test ! -e /usr/bin/coffer
test -e /etc/coffer/coffer.conf
test -e /var/lib/private/coffer/journal
install /test/coffer.deb
ask /accounts/7/balance
dpkg --no-triggers --purge coffer
if systemctl is-enabled coffer; then exit 1; fi
test ! -e /etc/coffer
test -e /var/lib/private/coffer/journal
install /test/coffer.deb
ask /accounts/7/balance
""")
        self.assertEqual(2, len(re.findall(r'"balance":12\.75\b', output)))
        self.assertIn("coffer: the ledger in /var/lib/coffer stays", output)

    def test_the_group_of_the_configuration_reads_tokens_and_the_socket_is_in_run(self):
        output = self.machine().run(r"""
install /test/coffer.deb
echo secret >/etc/coffer/secret
chgrp coffer-config /etc/coffer/secret
chmod 640 /etc/coffer/secret
groups=$(grep ^Groups: /proc/$(main_pid)/status)
[[ " $groups " =~ [[:space:]]$(getent group coffer-config | cut -d : -f 3)[[:space:]] ]]
echo 'listen = unix:/run/coffer/socket' >>/etc/coffer/coffer.conf
systemctl restart coffer
curl --silent --unix-socket /run/coffer/socket http://localhost/readyz
""")
        self.assertIn('"ready":true', output)


if __name__ == "__main__":
    unittest.main()

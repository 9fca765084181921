"""The Debian package as a file: what is in it, and what the tools of Debian think of it."""

import pathlib
import re
import subprocess
import tempfile
import unittest

from packages import ROOT, make_deb, make_deb_in, need

SERVICE = ROOT / "tools" / "packaging" / "coffer.service"
MOST_EXPOSURE = 2.0
# Who publishes a package gives an address of his own, by COFFER_MAINTAINER.
NO_ADDRESS = "bogus-mail-host,bogus-mail-host-in-debian-changelog"


def output_of(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


class DebianPackage(unittest.TestCase):
    def test_lintian_finds_no_error(self):
        need("lintian")
        done = subprocess.run(["lintian", "--suppress-tags", NO_ADDRESS, "--fail-on",
                               "error,warning", make_deb()],
                              capture_output=True, text=True, check=False)
        self.assertEqual((0, ""), (done.returncode, done.stdout), done.stderr)

    def test_it_needs_the_c_library_alone(self):
        self.assertRegex(output_of("dpkg-deb", "--field", make_deb(), "Depends"),
                         r"\Alibc6 \([^()]*\)\n\Z")

    def test_the_same_package_is_made_again(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(make_deb().read_bytes(), make_deb_in(folder).read_bytes())

    def test_its_configuration_is_one_that_dpkg_keeps(self):
        with tempfile.TemporaryDirectory() as folder:
            output_of("dpkg-deb", "--control", make_deb(), folder)
            conffiles = pathlib.Path(folder, "conffiles").read_text()
        self.assertEqual("/etc/coffer/coffer.conf\n", conffiles)

    def test_a_version_can_be_given(self):
        earlier = make_deb("0.0.9")
        self.assertEqual("0.0.9\n", output_of("dpkg-deb", "--field", earlier, "Version"))

    def test_the_unit_is_valid_and_little_exposed(self):
        need("systemd-analyze")
        shown = output_of("systemd-analyze", "security", "--offline=true", "--no-pager", SERVICE)
        exposure = float(re.search(r"exposure level for coffer\.service: ([\d.]+)", shown)[1])
        self.assertLessEqual(exposure, MOST_EXPOSURE)

    def test_the_unit_runs_what_the_package_has(self):
        listed = output_of("dpkg-deb", "--contents", make_deb())
        unit = SERVICE.read_text()
        for path in re.findall(r"(/usr/bin/coffer|/etc/coffer/coffer\.conf)\b", unit):
            self.assertIn(f" .{path}\n", listed)
        for page in ("man1/coffer.1.gz", "man1/coffer-serve.1.gz", "man5/coffer.conf.5.gz"):
            self.assertIn(f" ./usr/share/man/{page}\n", listed)
        self.assertIn(" ./usr/share/bash-completion/completions/coffer\n", listed)


if __name__ == "__main__":
    unittest.main()

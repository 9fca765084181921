"""What the server agrees to by TLS, and with which certificate."""

import contextlib
import http.client
import json
import re
import signal
import ssl
import subprocess
import time
import unittest

from certificates import Certificates, TlsServer, openssl
from server import TIMEOUT_S, DidNotStart, Server, curl, wait_until

BALANCE = "/accounts/10001/balance"
REQUEST = f"GET {BALANCE} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def ask(connection, request=REQUEST):
    """The status of one request by an open connection."""
    connection.sendall(request)
    reply = http.client.HTTPResponse(connection)
    reply.begin()
    reply.read()
    return reply.status


def subject(connection):
    return openssl("x509", "-inform", "DER", "-noout", "-subject",
                   stdin=connection.getpeercert(binary_form=True)).strip()


class WithCertificates(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.certificates = cls.enterClassContext(Certificates())


class Protocol(WithCertificates):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = cls.enterClassContext(TlsServer(cls.certificates))

    def handshake(self, *arguments):
        """Returns version and cipher, or None if there is no agreement."""
        said = self.server.s_client(*arguments)
        found = re.search(r"New, (\S+), Cipher is (\S+)", said)
        return None if found is None or found[2] == "(NONE)" else (found[1], found[2])

    def test_the_certificate_is_verified_in_both_versions(self):
        for version in ["-tls1_2", "-tls1_3"]:
            with self.subTest(version):
                said = self.server.s_client(version, "-verify_return_error", "-verify_hostname",
                                            "localhost")
                self.assertIn("Verify return code: 0 (ok)", said)

    def test_curl_speaks_both_versions_and_http_1_1(self):
        for version in [["--tls-max", "1.2"], ["--tlsv1.3"], ["--http1.0"]]:
            with self.subTest(version):
                reply = curl(*self.certificates.curl_flags(), *version, self.server.url(BALANCE))
                self.assertEqual(reply.json()["data"]["balance"], 1000.0)

    def test_older_versions_are_refused(self):
        for version in ["-tls1", "-tls1_1"]:
            with self.subTest(version):
                # The client's own lowest level lets it offer what is refused.
                said = self.server.s_client(version, "-cipher", "ALL:@SECLEVEL=0")
                self.assertIn("alert protocol version", said)

    def test_only_ciphers_with_forward_secrecy_that_authenticate_are_accepted(self):
        listed = openssl("ciphers", "-tls1_2", "ALL:COMPLEMENTOFALL:@SECLEVEL=0").strip()
        accepted = set()
        for cipher in listed.split(":"):
            if cipher.startswith("TLS_"):
                continue
            if found := self.handshake("-tls1_2", "-cipher", f"{cipher}:@SECLEVEL=0"):
                self.assertEqual(found[1], cipher)
                accepted.add(cipher)
        self.assertEqual(accepted, {"ECDHE-ECDSA-AES128-GCM-SHA256",
                                    "ECDHE-ECDSA-AES256-GCM-SHA384",
                                    "ECDHE-ECDSA-CHACHA20-POLY1305"})

    def test_the_ciphers_of_tls_1_3_are_accepted_but_for_short_tags(self):
        accepted = {cipher for cipher in [
            "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
            "TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256"]
            if self.handshake("-tls1_3", "-ciphersuites", cipher)}
        self.assertEqual(accepted, {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
                                    "TLS_CHACHA20_POLY1305_SHA256"})

    def test_weak_groups_are_refused(self):
        for group in ["secp224r1", "prime192v1", "ffdhe2048"]:
            with self.subTest(group):
                self.assertIsNone(self.handshake("-groups", group))
        for group in ["X25519", "P-256", "P-384"]:
            with self.subTest(group):
                self.assertIsNotNone(self.handshake("-groups", group))

    def test_the_protocol_is_http_1_1(self):
        for offered, chosen in [("http/1.1", "http/1.1"), ("h2,http/1.1", "http/1.1"),
                                ("http/1.0", "http/1.0")]:
            with self.subTest(offered):
                self.assertIn(f"ALPN protocol: {chosen}", self.server.s_client("-alpn", offered))
        self.assertIn("No ALPN negotiated", self.server.s_client())

    def test_a_client_that_offers_only_other_protocols_is_told(self):
        for offered in ["h2", "http/0.9", "ftp"]:
            with self.subTest(offered):
                said = self.server.s_client("-alpn", offered)
                self.assertIn("alert no application protocol", said)

    def test_a_client_cannot_renegotiate(self):
        with subprocess.Popen(
                ["openssl", "s_client", "-connect", f"127.0.0.1:{self.server.tls_port}",
                 "-tls1_2"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT) as client:
            printed = b""
            while b"Extended master secret" not in printed:
                printed += client.stdout.read1()
            said, _ = client.communicate(b"R\n", timeout=TIMEOUT_S)
        self.assertIn(b"RENEGOTIATING", said)
        self.assertIn(b"no renegotiation", said)

    def test_nothing_is_compressed_and_renegotiation_is_marked_as_secure(self):
        said = self.server.s_client("-tls1_2", "-comp")
        self.assertIn("Compression: NONE", said)
        self.assertIn("Secure Renegotiation IS supported", said)

    def test_sessions_of_tls_1_3_are_resumed_and_older_ones_are_not(self):
        for version, is_resumed in [(ssl.TLSVersion.TLSv1_2, False),
                                    (ssl.TLSVersion.TLSv1_3, True)]:
            with self.subTest(version):
                context = self.server.context()
                context.minimum_version = context.maximum_version = version
                with self.server.wrap(self.server.raw(), context) as first:
                    ask(first)  # a ticket of TLS 1.3 comes with what is read
                    self.assertFalse(first.session_reused)
                    session = first.session
                    self.assertEqual(session.has_ticket, is_resumed)
                with self.server.wrap(self.server.raw(), context, session) as second:
                    self.assertEqual(second.session_reused, is_resumed)
                    self.assertEqual(ask(second), 200)

    def test_the_connection_ends_with_the_goodbye_of_tls(self):
        with self.server.connect() as connection:
            connection.suppress_ragged_eofs = False
            connection.sendall(REQUEST.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
            while connection.recv(65536):
                pass  # an end without goodbye is an error


class ClientCertificates(WithCertificates):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.certificates.make("client", by="authority")
        cls.certificates.authority("foreign-authority")
        cls.certificates.make("foreign", by="foreign-authority")
        cls.server = cls.enterClassContext(TlsServer(
            cls.certificates, "--tls-client-ca", cls.certificates.certificate("authority")))

    def curl(self, *arguments):
        return subprocess.run(
            ["curl", "--silent", "--show-error", "--max-time", "20",
             *self.certificates.curl_flags(), *map(str, arguments), self.server.url(BALANCE)],
            capture_output=True, text=True, check=False)

    def test_one_that_the_ca_has_signed_is_let_in(self):
        done = self.curl("--cert", self.certificates.certificate("client"),
                         "--key", self.certificates.key("client"))
        self.assertEqual(json.loads(done.stdout)["code"], 200, done.stderr)

    def test_none_or_anothers_is_refused_with_the_reason(self):
        foreign = ["--cert", self.certificates.certificate("foreign"),
                   "--key", self.certificates.key("foreign")]
        for version in [["--tls-max", "1.2"], ["--tlsv1.3"]]:
            for what, reason in [([], "certificate required|handshake failure"),
                                 (foreign, "unknown ca")]:
                with self.subTest(version=version, what=what):
                    done = self.curl(*version, *what)
                    self.assertEqual(done.stdout, "")
                    self.assertRegex(done.stderr, reason)

    def test_the_client_is_told_whose_certificates_are_taken(self):
        self.assertIn("CN = authority", self.server.s_client("-tls1_2"))

    def test_the_certificate_is_shown_in_each_handshake(self):
        context = self.server.context("client")
        with self.server.wrap(self.server.raw(), context) as first:
            self.assertEqual(ask(first), 200)
            session = first.session
            self.assertFalse(session.has_ticket)
        with self.server.wrap(self.server.raw(), context, session) as second:
            self.assertFalse(second.session_reused)
            self.assertEqual(ask(second), 200)


class Reload(unittest.TestCase):
    def setUp(self):
        self.certificates = Certificates()
        self.addCleanup(self.certificates.temporary.cleanup)
        self.certificates.make("renewed", by="authority")
        self.context = contextlib.ExitStack()
        self.addCleanup(self.context.close)

    def serve(self, *flags):
        return self.context.enter_context(TlsServer(self.certificates, *flags))

    def subject_now(self, server):
        with server.connect() as fresh:
            return subject(fresh)

    def test_new_connections_get_the_new_certificate_and_open_ones_go_on(self):
        server = self.serve()
        with server.connect() as before:
            self.assertEqual(subject(before), "subject=CN = server")
            self.certificates.install("renewed")
            wait_until(lambda: self.subject_now(server) == "subject=CN = renewed")
            for _ in range(3):
                self.assertEqual(ask(before), 200)
        server.wait_until_it_says("certificate: read again")

    def test_it_is_read_again_at_sighup(self):
        server = self.serve()
        server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "certificate: read again" in server.stderr())
        self.assertEqual(self.subject_now(server), "subject=CN = server")

    def test_requests_go_on_while_it_is_read_again(self):
        server = self.serve("--threads", 2)
        with server.connect() as kept:
            for name in ["renewed", "server-again"]:
                if name == "server-again":
                    self.certificates.make(name, by="authority")
                self.certificates.install(name)
                deadline = time.monotonic() + TIMEOUT_S
                while self.subject_now(server) != f"subject=CN = {name}":
                    self.assertEqual(ask(kept), 200)
                    self.assertLess(time.monotonic(), deadline)

    def test_a_bad_one_is_refused_and_the_old_stays_in_use(self):
        server = self.serve()
        self.certificates.certificate("server").write_text("no certificate\n")
        wait_until(lambda: "certificate: not read again" in server.stderr())
        server.wait_until_it_says("what was read before stays in use")
        server.wait_until_it_says(str(self.certificates.certificate("server")))
        self.assertEqual(self.subject_now(server), "subject=CN = server")
        self.certificates.install("renewed")
        wait_until(lambda: self.subject_now(server) == "subject=CN = renewed")

    def test_a_renewal_of_another_type_is_read_once_both_files_are_there(self):
        self.certificates.make("rsa", by="authority", kind=("rsa:2048",))
        server = self.serve()
        self.certificates.install("rsa", self.certificates.certificate)
        wait_until(lambda: "key type mismatch" in server.stderr())
        self.assertEqual(self.subject_now(server), "subject=CN = server")
        self.certificates.install("rsa", self.certificates.key)
        wait_until(lambda: self.subject_now(server) == "subject=CN = rsa")

    def test_a_new_client_ca_holds_for_new_connections(self):
        self.certificates.make("client", by="authority")
        self.certificates.authority("other")
        self.certificates.make("other-client", by="other")
        ca = self.certificates.folder / "ca"
        ca.write_bytes(self.certificates.certificate("authority").read_bytes())
        server = self.serve("--tls-client-ca", ca)
        old, new = server.context("client"), server.context("other-client")

        def gets_in(context):
            try:
                with server.wrap(server.raw(), context) as connection:
                    return ask(connection) == 200
            except (ssl.SSLError, http.client.HTTPException, OSError):
                return False
        with server.wrap(server.raw(), old) as kept:
            self.assertEqual(ask(kept), 200)
            self.assertFalse(gets_in(new))
            ca.write_bytes(self.certificates.certificate("other").read_bytes())
            wait_until(lambda: gets_in(new))
            self.assertFalse(gets_in(old))
            self.assertEqual(ask(kept), 200)


class Start(WithCertificates):
    def refusal(self, *flags):
        with self.assertRaises(DidNotStart) as refused:
            Server("--listen", "tls:127.0.0.1:0", *flags)
        said = refused.exception.said.strip()
        self.assertEqual(said.count("\n"), 0, said)
        return refused.exception.status, said

    def test_wrong_files_are_refused_with_their_name(self):
        files = self.certificates
        files.make("stranger", by="authority")
        files.make("weak", by="authority", kind=("rsa:1024",))
        files.make("rsa", by="authority", kind=("rsa:2048",))
        openssl("ec", "-in", files.key("server"), "-aes128", "-passout", "pass:secret", "-out",
                files.key("locked"))
        (files.folder / "empty").write_text("")
        cert, key = files.certificate("server"), files.key("server")
        absent = files.folder / "absent"
        for flags, reason in [
                (["--tls-cert", absent, "--tls-key", key], f"certificate {absent}: No such file"),
                (["--tls-cert", cert, "--tls-key", absent], f"key {absent}: No such file"),
                (["--tls-cert", files.folder / "empty", "--tls-key", key],
                 f"certificate {files.folder / 'empty'}: "),
                (["--tls-cert", cert, "--tls-key", files.key("stranger")],
                 f"key {files.key('stranger')}: key values mismatch"),
                (["--tls-cert", cert, "--tls-key", files.key("rsa")],
                 f"key {files.key('rsa')}: key type mismatch"),
                (["--tls-cert", files.certificate("rsa"), "--tls-key", key],
                 f"key {key}: key type mismatch"),
                (["--tls-cert", cert, "--tls-key", files.key("locked")],
                 f"key {files.key('locked')}: "),
                (["--tls-cert", files.certificate("weak"), "--tls-key", files.key("weak")],
                 f"certificate {files.certificate('weak')}: ee key too small"),
                (["--tls-cert", cert, "--tls-key", key, "--tls-client-ca", absent],
                 f"client CA {absent}: ")]:
            with self.subTest(reason):
                status, said = self.refusal(*flags)
                self.assertEqual(status, 1)
                self.assertIn(reason, said)

    def test_flags_that_need_each_other_are_named(self):
        cert, key = self.certificates.certificate("server"), self.certificates.key("server")
        for flags, reason in [
                ([], "tls:ADDR:PORT: needs --tls-cert and --tls-key"),
                (["--tls-cert", cert], "--tls-cert: and --tls-key need each other"),
                (["--tls-client-ca", cert], "--tls-client-ca: needs --tls-cert and --tls-key")]:
            with self.subTest(reason):
                status, said = self.refusal(*flags)
                self.assertEqual(status, 2)
                self.assertIn(reason, said)
        with self.assertRaises(DidNotStart) as refused:
            Server("--tls-cert", cert, "--tls-key", key)
        self.assertIn("needs a listener tls:ADDR:PORT", refused.exception.said)

    def test_one_that_has_expired_is_used_with_a_warning(self):
        files = self.certificates
        files.make("old", by="authority")
        files.age("old")
        flags = ["--tls-cert", files.certificate("old"), "--tls-key", files.key("old")]
        with Server("--listen", "tls:127.0.0.1:0", *flags) as server:
            server.wait_until_it_says(f"certificate {files.certificate('old')} has expired")


if __name__ == "__main__":
    unittest.main()

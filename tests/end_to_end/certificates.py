"""Certificates made by openssl for the tests, and clients of TLS."""

import pathlib
import socket
import ssl
import subprocess
import tempfile

from server import TIMEOUT_S, Server


def openssl(*arguments, stdin=b"", check=True):
    """Runs openssl; returns what it printed on both outputs."""
    done = subprocess.run(["openssl", *map(str, arguments)], input=stdin, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=TIMEOUT_S, check=False)
    if check and done.returncode != 0:
        raise RuntimeError(f"openssl {arguments}: {done.stdout.decode(errors='replace')}")
    return done.stdout.decode(errors="replace")


class Certificates:
    """A folder of certificates, as a context manager. `server` names the server's own files."""

    def __init__(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="coffer-tls-")
        self.folder = pathlib.Path(self.temporary.name)
        self.authority("authority")
        self.make("server", by="authority")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.temporary.cleanup()

    def certificate(self, name):
        return self.folder / f"{name}.crt"

    def key(self, name):
        return self.folder / f"{name}.key"

    def authority(self, name):
        """One that signs itself, and others."""
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-keyout", self.key(name), "-out", self.certificate(name), "-days", 30,
                "-subj", f"/CN={name}", "-addext", "keyUsage=critical,keyCertSign,digitalSignature")

    def make(self, name, by, kind=("ec", "-pkeyopt", "ec_paramgen_curve:P-256")):
        openssl("req", "-x509", "-newkey", *kind, "-nodes", "-keyout", self.key(name), "-out",
                self.certificate(name), "-subj", f"/CN={name}", "-days", 30,
                "-CA", self.certificate(by), "-CAkey", self.key(by),
                "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                "-addext", "basicConstraints=critical,CA:FALSE")

    def age(self, name):
        """Makes it one that expired yesterday."""
        openssl("x509", "-in", self.certificate(name), "-signkey", self.key(name), "-days", -1,
                "-out", self.certificate(name))

    def install(self, name, *which):
        """Renames copies of both files, or of those that are named, into the place of the
        server's own."""
        for of in which or (self.certificate, self.key):
            fresh = self.folder / "fresh"
            fresh.write_bytes(of(name).read_bytes())
            fresh.rename(of("server"))

    def flags(self):
        return ["--tls-cert", self.certificate("server"), "--tls-key", self.key("server")]

    def curl_flags(self):
        return ["--cacert", str(self.certificate("authority"))]


class TlsServer(Server):
    """A server with a listener of TLS beside a plain one. `tls_port` is the former's."""

    def __init__(self, certificates, *flags, **more):
        super().__init__("--listen", "tls:127.0.0.1:0", *certificates.flags(), *flags, **more)
        self.certificates = certificates
        while not self.banner[-1].startswith("  threads"):
            self.banner.append(self.process.stdout.readline())
        address, = (line.split()[-1] for line in self.banner if "https://" in line)
        self.tls_port = int(address.rpartition(":")[2])

    def url(self, path):
        """Of TLS, by a name that the certificate has."""
        return f"https://localhost:{self.tls_port}{path}"

    def context(self, client=None):
        made = ssl.create_default_context(cafile=self.certificates.certificate("authority"))
        if client is not None:
            made.load_cert_chain(self.certificates.certificate(client),
                                 self.certificates.key(client))
        return made

    def raw(self):
        """A connection to the port of TLS that has sent nothing."""
        return socket.create_connection(("127.0.0.1", self.tls_port), timeout=TIMEOUT_S)

    def connect(self):
        return self.wrap(self.raw()) if hasattr(self, "tls_port") else super().connect()

    def wrap(self, connection, context=None, session=None):
        return (context or self.context()).wrap_socket(connection, server_hostname="localhost",
                                                       session=session)

    def s_client(self, *arguments, stdin=b""):
        """What openssl s_client prints with these arguments."""
        return openssl("s_client", "-connect", f"127.0.0.1:{self.tls_port}", "-CAfile",
                       self.certificates.certificate("authority"), *arguments, stdin=stdin,
                       check=False)

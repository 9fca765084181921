#!/usr/bin/env python3
"""Measures TLS beside nginx with the same certificate and the same reply: requests and handshakes.

  bench/http/tls.py [--coffer build/coffer] [--rounds 5] [--seconds 3]

Each server has one core, wrk has another. Requests: 64 connections that are kept, one request at a
time each. Handshakes: every request has a connection of its own, with a whole handshake of TLS 1.3
and an ECDSA key of P-256. Printed is the server's CPU time for each, and the ratio; the rounds of
the servers alternate, and medians are shown. Two bounds are printed with the results: 1.05 x
nginx's CPU time a request, and 1,000 handshakes a second of a core, or as many as nginx.
Needs wrk, nginx and openssl.
"""

import argparse
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT))

from bench.http.loads import CONNECTIONS, run  # noqa: E402
from bench.http.servers import FIRST_ACCOUNT, Failed, Server, free_port, path_of  # noqa: E402

BOUND_RATIO, BOUND_HANDSHAKES = 1.05, 1000.0
SERVER_CORE, CLIENT_CORE = 0, 1
TARGET = f"/accounts/{FIRST_ACCOUNT}/balance"


def make_certificate(folder):
    """Writes cert.pem and key.pem."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-keyout", folder / "key.pem", "-out",
                    folder / "cert.pem", "-days", "30", "-subj", "/CN=localhost"],
                   check=True, capture_output=True)


class TlsServer(Server):
    """The same servers with TLS."""

    def __init__(self, name, certificate, binaries):
        self.certificate = certificate  # the folder
        super().__init__(name, SERVER_CORE, binaries)

    def _coffer(self, binaries):
        self.port = free_port()
        return [binaries["coffer"], "serve", "--in-memory", "--threads", 1, "--listen",
                f"tls:127.0.0.1:{self.port}", "--tls-cert", self.certificate / "cert.pem",
                "--tls-key", self.certificate / "key.pem", "--accounts", self.write_accounts()]

    def _nginx(self, binaries):
        command = super()._nginx(binaries)
        conf = self.folder / "conf"
        conf.write_text(conf.read_text().replace(
            f"listen 127.0.0.1:{self.port};",
            f"listen 127.0.0.1:{self.port} ssl; ssl_protocols TLSv1.2 TLSv1.3; "
            f"ssl_certificate {self.certificate}/cert.pem; "
            f"ssl_certificate_key {self.certificate}/key.pem;"))
        return command


def requests_of(said):
    """How many requests wrk made. Fails if any had no success."""
    for line in said.splitlines():
        if "Non-2xx" in line or "Socket errors" in line:
            raise Failed(said)
    found = [int(line.split()[0]) for line in said.splitlines() if " requests in " in line]
    if len(found) != 1 or found[0] == 0:
        raise Failed(said)
    return found[0]


def cpu_us(server, seconds, *fields):
    """The server's CPU time for each of the requests that wrk makes meanwhile."""
    before = server.processor_seconds()
    said = run([path_of("wrk"), "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", *fields,
                f"https://127.0.0.1:{server.port}{TARGET}"], CLIENT_CORE)
    return (server.processor_seconds() - before) / requests_of(said) * 1e6


def verdict(is_met):
    return "met" if is_met else "MISSED"


def report(figures):
    for name, kinds in figures.items():
        for kind, values in kinds.items():
            print(f"{name:8} {kind:10} {statistics.median(values):8.2f} us of CPU "
                  f"({', '.join(f'{value:.2f}' for value in values)})")
    ours, theirs = ({kind: statistics.median(values) for kind, values in figures[name].items()}
                    for name in ("coffer", "nginx"))
    ratio = ours["request"] / theirs["request"]
    print(f"CPU a request: {ratio:.3f} x nginx's "
          f"(<= {BOUND_RATIO}: {verdict(ratio <= BOUND_RATIO)})")
    rate, other = 1e6 / ours["handshake"], 1e6 / theirs["handshake"]
    print(f"handshakes a second of a core: {rate:,.0f}, nginx {other:,.0f} "
          f"(>= {min(BOUND_HANDSHAKES, other):,.0f}: "
          f"{verdict(rate >= min(BOUND_HANDSHAKES, other))})")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--coffer", default="build/coffer")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    chosen = parser.parse_args()
    figures = {name: {"request": [], "handshake": []} for name in ("coffer", "nginx")}
    try:
        with tempfile.TemporaryDirectory(prefix="coffer-bench-") as folder:
            certificate = pathlib.Path(folder)
            make_certificate(certificate)
            binaries = {"coffer": pathlib.Path(chosen.coffer).resolve()}
            with TlsServer("coffer", certificate, binaries) as ours, \
                    TlsServer("nginx", certificate, binaries) as theirs:
                for _ in range(chosen.rounds):
                    for server in (ours, theirs):
                        kinds = figures[server.name]
                        kinds["request"].append(cpu_us(server, chosen.seconds))
                        kinds["handshake"].append(
                            cpu_us(server, chosen.seconds, "-H", "Connection: close"))
        report(figures)
    except Failed as failure:
        sys.exit(f"bench/http/tls.py: {failure}")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Measures a lone append to etcd by Coffer's client beside the same transaction by curl.

  bench/replication/appends.py PROBE [--appends N] [--members 3]

PROBE is build/.../bench_store_probe. Starts etcd on free ports in a temporary directory, on the
disk of $TMPDIR, and ends it. Both send the same transactions over one connection that they keep, in
turns; the figure that counts is the ratio of the medians. It is no test: no time fails it.
"""

import argparse
import base64
import json
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

SIZES = (100, 1024, 64 * 1024, 1024 * 1024)
ROUNDS = 3


def free_ports(count):
    kept = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in kept]
    for each in kept:
        each.close()
    return ports


def start_etcd(folder, members):
    """The processes and their clients' URLs."""
    ports = free_ports(2 * members)
    at = [f"http://127.0.0.1:{port}" for port in ports]
    cluster = ",".join(f"m{n}={at[2 * n + 1]}" for n in range(members))
    processes = []
    for n in range(members):
        with open(folder / f"m{n}.log", "wb") as log:
            processes.append(subprocess.Popen(
                ["etcd", "--name", f"m{n}", "--data-dir", folder / f"m{n}",
                 "--listen-client-urls", at[2 * n], "--advertise-client-urls", at[2 * n],
                 "--listen-peer-urls", at[2 * n + 1],
                 "--initial-advertise-peer-urls", at[2 * n + 1], "--initial-cluster", cluster,
                 "--quota-backend-bytes", str(4 << 30)],
                stdout=log, stderr=log))
    return processes, at[::2]


def post(url, path, body):
    request = urllib.request.Request(url + path, json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=10) as reply:
        return json.load(reply)


def wait_for(url):
    for _ in range(300):
        try:
            return post(url, "/v3/kv/range", {"key": "YQ=="})
        except OSError:
            time.sleep(0.1)
    raise TimeoutError("etcd does not answer")


def text(key):
    return base64.b64encode(key.encode()).decode()


def transaction(prefix, revision, number, value):
    """As src/replication/fenced_append.cpp has it."""
    leader, place, before = (text(f"coffer/{prefix}/{key}") for key in
                             ("leader", f"log/{number:020}", f"log/{number - 1:020}"))
    compare = [{"key": leader, "target": "CREATE", "create_revision": str(revision)},
               {"key": place, "target": "CREATE", "create_revision": "0"},
               {"key": before, "target": "CREATE", "result": "GREATER", "create_revision": "0"}]
    return {"compare": compare, "success": [{"request_put": {"key": place, "value": value}}],
            "failure": [{"request_range": {"key": place}}, {"request_range": {"key": leader}}]}


def by_curl(folder, url, prefix, size, appends):
    """The times of one curl, in microseconds, which keeps its connection."""
    puts = [{"request_put": {"key": text(f"coffer/{prefix}/{key}"), "value": ""}}
            for key in ("leader", f"log/{0:020}")]
    begun = post(url, "/v3/kv/txn", {"success": puts})
    value = base64.b64encode(b"v" * size).decode()
    lines = []
    for number in range(1, appends + 1):
        body = folder / f"body{number}"
        body.write_text(json.dumps(
            transaction(prefix, begun["header"]["revision"], number, value)))
        lines += ["next"] if lines else []
        lines += [f'url = "{url}/v3/kv/txn"', f'data-binary = "@{body}"', "silent",
                  'header = "Expect:"', 'write-out = "\\n%{time_total}\\n"']
    (folder / "config").write_text("\n".join(lines) + "\n")
    done = subprocess.run(["curl", "-K", folder / "config"], capture_output=True, text=True,
                          check=True)
    if done.stdout.count('"succeeded":true') != appends:
        raise RuntimeError("a transaction of curl's has not succeeded: " + done.stdout[-500:])
    return [float(line) * 1e6 for line in done.stdout.splitlines()
            if line and line[0].isdigit()]


def by_probe(probe, urls, prefix, size, appends):
    """The times in microseconds, and the processor's time an append."""
    done = subprocess.run([probe, ",".join(urls), prefix, str(size), str(appends)],
                          capture_output=True, text=True, check=True)
    *times, cpu = done.stdout.splitlines()
    return [float(line) for line in times], float(cpu.split()[1])


def measure(probe, folder, urls, appends):
    print(f"{'bytes':>8} {'curl us':>9} {'coffer us':>9} {'ratio':>6} {'cpu us':>7}")
    for size in SIZES:
        count = appends if size < 1 << 20 else max(10, appends // 10)
        curl, coffer, used = [], [], []
        for turn in range(ROUNDS):
            curl += by_curl(folder, urls[0], f"c{size}-{turn}", size, count)
            times, cpu = by_probe(probe, urls, f"p{size}-{turn}", size, count)
            coffer += times
            used.append(cpu)
        first, second = statistics.median(curl), statistics.median(coffer)
        print(f"{size:8} {first:9.0f} {second:9.0f} {second / first:6.2f} {min(used):7.1f}")


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("probe", type=pathlib.Path)
    options.add_argument("--appends", type=int, default=300)
    options.add_argument("--members", type=int, default=3)
    chosen = options.parse_args()
    for program in ("etcd", "curl"):
        if shutil.which(program) is None:
            sys.exit(f"{program} is not installed: tools/install test")
    with tempfile.TemporaryDirectory(prefix="coffer-appends-") as made:
        folder = pathlib.Path(made)
        processes, urls = start_etcd(folder, chosen.members)
        try:
            wait_for(urls[0])
            measure(chosen.probe, folder, urls, chosen.appends)
        finally:
            for process in processes:
                process.kill()
                process.wait()


if __name__ == "__main__":
    main()

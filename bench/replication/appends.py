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
import statistics
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "cluster"))

from etcd_members import Etcd, call  # noqa: E402

LATE_S = 10
SIZES = (100, 1024, 64 * 1024, 1024 * 1024)
ROUNDS = 3


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
    begun = call(url, "/v3/kv/txn", {"success": puts}, LATE_S)
    if begun is None:
        raise RuntimeError("etcd does not answer")
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
        with Etcd(folder, ["--quota-backend-bytes", str(4 << 30)], count=chosen.members) as etcd:
            measure(chosen.probe, folder, etcd.urls, chosen.appends)


if __name__ == "__main__":
    main()

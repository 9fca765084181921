"""What /metrics returns, its table in src/ops/README.md, and the dashboard of tools/grafana."""

import json
import re
import shutil
import subprocess
import time
import unittest

from one_etcd import OneEtcd
from replication_test import wait_until
from server import ROOT, Server, curl, get

TABLE = ROOT / "src" / "ops" / "README.md"
DASHBOARD = ROOT / "tools" / "grafana" / "dashboard.json"

SAMPLE = re.compile(r"([a-z_]+)(?:\{(.*)\})? (\S+)")
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')
# What a query may have beside metrics: functions, keywords, and the labels of Prometheus itself.
WORDS = {"sum", "by", "rate", "increase", "histogram_quantile", "max", "min", "time"}
LABELS_OF_PROMETHEUS = {"instance"}


class Scrape:
    """The samples and types of one answer."""

    def __init__(self, text):
        self.text = text
        self.types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M))
        self.samples = {}
        for line in text.splitlines():
            if not line.startswith("#"):
                name, labels, value = SAMPLE.fullmatch(line).groups()
                key = tuple(LABEL.findall(labels or ""))
                assert (name, key) not in self.samples, f"twice: {line}"
                self.samples[name, key] = float(value)

    def family(self, name):
        """The metric that a sample is of."""
        for suffix in ("_bucket", "_sum", "_count"):
            if self.types.get(name.removesuffix(suffix)) == "histogram":
                return name.removesuffix(suffix)
        return name

    def labels(self):
        """The names of the labels of each metric, but for those of buckets."""
        found = {}
        for name, key in self.samples:
            found.setdefault(self.family(name), set()).update(
                label for label, _ in key if label != "le")
        return found

    def value(self, name, **labels):
        return self.samples.get((name, tuple(labels.items())), 0)


def scrape(server):
    return Scrape(get(server, "/metrics").body)


def post(server, path, body="", *fields):
    return curl("-X", "POST", server.url(path), "-H", "Content-Type: application/json",
                *(part for field in fields for part in ("-H", field)), "-d", body)


def rows(of_nodes=False):
    """Name, type and labels of each row of the table, or of that of a replicated ledger's nodes."""
    found = {}
    tables = TABLE.read_text().split("| metric of a node |")
    for line in tables[of_nodes].splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `") and len(cells) == 4:
            name, kind, labels, _ = cells
            found[name.strip("`")] = (kind, set(re.findall(r"`([a-z_]+)`", labels)))
    return found


def queries():
    """The expressions of the dashboard's panels."""
    document = json.loads(DASHBOARD.read_text())
    return [target["expr"] for panel in document["panels"] for target in panel.get("targets", ())]


def is_of_nodes(query):
    return any(re.search(rf"\b{name}(_bucket)?\b", query) for name in rows(of_nodes=True))


def as_described(test, table, scrapes):
    """Each row of the table is there at one of the servers at least, as the row says."""
    types, labels = {}, {}
    for one in scrapes:
        types.update(one.types)
        for name, given in one.labels().items():
            labels.setdefault(name, set()).update(given)
    test.assertEqual({name: kind for name, (kind, _) in table.items()}, types)
    test.assertEqual({name: given for name, (_, given) in table.items()},
                     {name: labels.get(name, set()) for name in table})


def check_queries(test, asked, scrapes):
    """They name metrics and labels that one of the servers has. Returns those metrics."""
    samples, family, labels, seen = set(), {}, {}, set()
    for one in scrapes:
        samples.update(sample for sample, _ in one.samples)
        family.update({sample: one.family(sample) for sample, _ in one.samples})
        for name, given in one.labels().items():
            labels.setdefault(name, set()).update(given)
    for query in asked:
        with test.subTest(query=query):
            bare = re.sub(r'"[^"]*"|\[\$__[a-z_]+\]', " ", query)
            grouped = set()
            for names in re.findall(r"by \(([^)]*)\)", bare):
                grouped.update(names.replace(",", " ").split())
            selected = set(re.findall(r"([a-z_]+)\s*(?:=~|!=|=)", bare))
            words = set(re.findall(r"[a-z_]{2,}", bare)) - WORDS - grouped - selected
            for name in words:
                # A histogram is read by its buckets.
                test.assertIn(name, samples)
            has = set().union(*(labels[family[name]] for name in words))
            test.assertLessEqual(selected | grouped, has | LABELS_OF_PROMETHEUS | {"le"})
            seen |= words
    return seen


class Metrics(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.close)
        # So that each label has a value.
        post(cls.server, "/accounts/10001/deposit", '{"amount":1}', "Idempotency-Key: a")
        post(cls.server, "/accounts/10001/deposit", '{"amount":1}', "Idempotency-Key: a")
        post(cls.server, "/accounts/10001/withdraw", '{"amount":1e9}')
        get(cls.server, "/accounts/10001/balance")
        get(cls.server, "/nowhere")
        cls.scrape = scrape(cls.server)

    @unittest.skipIf(shutil.which("promtool") is None, "there is no promtool: see tools/install")
    def test_promtool_is_content(self):
        done = subprocess.run(["promtool", "check", "metrics"], input=self.scrape.text, text=True,
                              capture_output=True, check=False, timeout=60)
        self.assertEqual((0, "", ""), (done.returncode, done.stdout, done.stderr))

    def test_each_is_in_the_table_and_each_of_the_table_is_there(self):
        table = rows()
        self.assertGreater(len(table), 40)
        as_described(self, table, [self.scrape])

    def test_the_queries_of_the_dashboard_name_what_is_there(self):
        asked = [query for query in queries() if not is_of_nodes(query)]
        self.assertGreater(len(asked), 30)
        self.assertGreater(len(check_queries(self, asked, [self.scrape])), 30)

    def test_replies_are_counted_by_route_and_status_alone(self):
        name = "coffer_http_requests_total"
        keys = [key for sample, key in self.scrape.samples if sample == name]
        self.assertEqual({("route", "status")}, {tuple(label for label, _ in key) for key in keys})
        value = self.scrape.value
        self.assertEqual(2, value(name, route="/accounts/{account}/deposit", status="200"))
        self.assertEqual(1, value(name, route="/accounts/{account}/withdraw", status="400"))
        self.assertEqual(1, value(name, route="other", status="404"))

    def test_postings_are_counted_by_operation_and_result(self):
        name, value = "coffer_postings_total", self.scrape.value
        self.assertEqual(1, value(name, operation="deposit", result="ok"))
        self.assertEqual(1, value(name, operation="deposit", result="replayed"))
        self.assertEqual(1, value(name, operation="withdrawal", result="insufficient_funds"))
        self.assertEqual(1, value("coffer_http_refusals_total", reason="insufficient_funds"))

    def test_histograms_are_cumulative_and_end_with_their_count(self):
        for name, kind in self.scrape.types.items():
            if kind != "histogram":
                continue
            with self.subTest(name=name):
                buckets = [(float(key[0][1]), value)
                           for (sample, key), value in self.scrape.samples.items()
                           if sample == name + "_bucket"]
                self.assertEqual(sorted(buckets), buckets)
                self.assertEqual(sorted(value for _, value in buckets),
                                 [value for _, value in buckets])
                self.assertEqual(buckets[-1], (float("inf"), self.scrape.value(name + "_count")))
        self.assertGreater(self.scrape.value("coffer_http_disk_wait_seconds_count"), 0)
        self.assertGreater(self.scrape.value("coffer_journal_sync_seconds_count"), 0)

    def test_what_clients_send_makes_no_new_series(self):
        with Server("--in-memory") as server:
            get(server, "/nowhere")
            get(server, "/metrics")
            before = scrape(server)
            for i in range(50):
                get(server, f"/nowhere-{i}?x={i}")
                get(server, f"/idempotency-keys/{i}")
                curl("-X", f"M{i}", server.url("/readyz"))
            after = scrape(server)
            # The first of a status, and of a reason, each.
            self.assertLess(len(after.samples) - len(before.samples), 6)

    def test_figures_move_with_what_happens(self):
        with Server("--snapshot-every", "0") as server:
            before = scrape(server)
            self.assertEqual(0, before.value("coffer_snapshots_total"))
            for _ in range(5):
                post(server, "/accounts/10001/deposit", '{"amount":1}')
            post(server, "/accounts/10001/holds", '{"amount":1}')
            self.assertEqual(200, post(server, "/admin/snapshot").status)
            after = scrape(server)
            self.assertEqual(1, after.value("coffer_snapshots_total"))
            self.assertEqual(1, after.value("coffer_snapshot_seconds_count"))
            self.assertLess(after.value("coffer_snapshot_age_seconds"), 60)
            self.assertEqual(1, after.value("coffer_holds"))
            self.assertEqual(6, after.value("coffer_journal_records_total")
                             - before.value("coffer_journal_records_total"))
            self.assertGreater(after.value("coffer_connections_accepted_total"),
                               before.value("coffer_connections_accepted_total"))
            self.assertGreater(after.value("process_cpu_seconds_total"), 0)
            self.assertLess(abs(after.value("process_start_time_seconds") - time.time()), 600)

    def test_a_reader_of_events_is_counted(self):
        with Server() as server, server.connect() as reader:
            reader.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n"
                           b"Accept: text/event-stream\r\n\r\n")
            reader.recv(4096)
            found = scrape(server)
            self.assertEqual(1, found.value("coffer_event_streams"))
            self.assertEqual(1, found.value("coffer_http_streams"))


class OfNodes(OneEtcd):
    """A leader and a standby, which each have some of the metrics."""

    maxDiff = None

    def test_each_is_in_the_tables_and_each_of_the_tables_is_there_and_so_is_the_dashboard(self):
        leader, standby = self.leader(), self.node("b")
        self.wait_until_shows(standby, self.post(leader))
        post(leader, "/accounts/10001/holds", '{"amount":1}')
        nodes = rows(of_nodes=True)
        self.assertGreater(len(nodes), 10)

        def scrapes():
            found = [scrape(leader), scrape(standby)]
            names = {name for one in found for name, _ in one.samples}
            lacking = [name for name, (kind, labels) in nodes.items()
                       if labels and name not in names]
            return found if not lacking else None

        # A figure with a label has samples only once there is something to say.
        found = wait_until(scrapes, "nodes have reported")
        table = {**rows(), **nodes}
        del table["coffer_recovery_seconds"]  # it follows, and is open meanwhile
        as_described(self, table, found)
        asked = [query for query in queries() if is_of_nodes(query)]
        seen = check_queries(self, asked, found)
        # The dashboard shows all of them.
        self.assertEqual(set(nodes), {name.removesuffix("_bucket") for name in seen})


if __name__ == "__main__":
    unittest.main()

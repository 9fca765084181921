"""GET /idempotency-keys/{key}: the reply to a request, to the byte, before and after restarts."""

import json
import pathlib
import sys
import tempfile
import unittest
import urllib.parse

from asking import Client
from server import Server, get, post, wait_until

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from faults.shim import FOR_EVER, Faults, library  # noqa: E402

UNKNOWN = ('{"success":false,"error":{"type":"no_such_key","message":"no request with this '
           'Idempotency-Key is remembered"},"code":404}')


def legs(*amounts):
    return {"postings": [{"account_number": str(number), "amount": amount}
                         for number, amount in amounts]}


def everything(client):
    """Each kind of operation and each refusal that is kept, with a key: (key, answer)."""
    told = []

    def ask(path, body):
        key = f"{len(told)} \"{path}\" \\ {json.dumps(body)}"[:250]
        sent = '"' + key.replace("\\", "\\\\").replace('"', '\\"') + '"'
        answer = client.post(path, None if body is None else json.dumps(body), key=sent)
        told.append((key, answer))
        return answer

    full = "92233720368547758.07"
    client.post("/accounts", f'{{"account_number":"30000","opening_balance":{full}}}')
    ask("/accounts/10001/deposit", {"amount": 1.5})
    ask("/accounts/10001/withdraw", {"amount": 2})
    ask("/accounts/10001/withdraw", {"amount": 99999})
    ask("/accounts/30000/deposit", {"amount": 1})
    ask("/accounts/10001/transfer", {"to": "10002", "amount": 3})
    ask("/accounts/10001/transfer", {"to": "10002", "amount": 99999})
    ask("/accounts/10001/transfer", {"to": "30000", "amount": 1})
    ask("/transactions", legs((10003, -5), (10002, 2), (10001, 3)))
    ask("/transactions", legs((10003, -99999), (10002, 99999)))
    ask("/transactions", legs((10003, -1), (30000, 1)))
    ask("/accounts", {"account_number": "20001"})
    ask("/accounts", {"account_number": "20001"})
    ask("/accounts", {"opening_balance": 7})
    ask("/accounts/10001/close", None)
    ask("/accounts/20001/close", None)
    ask("/accounts/20001/close", None)
    ask("/accounts/20001/deposit", {"amount": 1})
    ask("/accounts/10001/transfer", {"to": "20001", "amount": 1})
    ask("/transactions", legs((10003, -1), (20001, 1)))
    ask("/accounts/20001/holds", {"amount": 1})
    ask("/accounts/20001/reopen", None)
    ask("/accounts/20001/reopen", None)
    first = ask("/accounts/10004/holds", {"amount": 40, "expires_in": "1h"}).location
    second = ask("/accounts/10004/holds", {"amount": 50}).location
    ask("/accounts/10004/holds", {"amount": 99999})
    ask(f"{first}/capture", {"amount": 10})
    ask(f"{first}/capture", {"amount": 99})
    ask(f"{first}/capture", {"amount": 5, "to": "10005"})
    ask(f"{first}/capture", {"amount": 1, "to": "30000"})
    ask(f"{first}/capture", {"final": True})
    ask(f"{first}/capture", {})
    ask(f"{second}/release", None)
    ask(f"{second}/release", None)
    return told


class Outcomes(unittest.TestCase):
    def setUp(self):
        self.data = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory())) / "data"

    def found(self, client, key):
        return client.get("/idempotency-keys/" + urllib.parse.quote(key, safe=""))

    def assert_told(self, client, told, record=True):
        records = []
        for key, answer in told:
            found = self.found(client, key)
            self.assertEqual(200, found.status, key)
            self.assertIn(f',"status":{answer.status},"reply":{answer.body}', found.body)
            data = found.data()
            self.assertEqual((key, answer.location), (data["key"], data.get("location")))
            self.assertEqual(["key", "status", "reply"] + ["location"] * bool(answer.location) +
                             ["record"] * record, list(data))
            records.append(data.get("record"))
        if record:
            self.assertEqual(sorted(set(records)), records)

    def test_every_kind_of_reply_is_shown_to_the_byte_before_and_after_restarts(self):
        with Server("--threads", "2", data=self.data) as server, Client(server) as client:
            told = everything(client)
            self.assert_told(client, told)
            server.kill()
        for end in ("kill", "stop", "stop"):
            with Server(data=self.data) as server, Client(server) as client:
                self.assert_told(client, told)
                getattr(server, end)()

    def test_in_memory_there_is_no_record(self):
        with Server("--in-memory", data=self.data) as server, Client(server) as client:
            told = everything(client)
            self.assert_told(client, told, record=False)

    def test_keys_that_are_unknown_or_malformed(self):
        for flags in ((), ("--in-memory",)):
            with Server(*flags, data=self.data) as server, Client(server) as client:
                self.assertEqual((404, UNKNOWN), (lambda one: (one.status, one.body))(
                    self.found(client, "never used")))
                # Not decided by the ledger, so not kept.
                self.assertEqual(404, client.post("/accounts/7/deposit", '{"amount":1}',
                                                  key="a").status)
                self.assertEqual(404, self.found(client, "a").status)
                # To ask does not use a key.
                self.assertEqual(200, client.post("/accounts/10001/deposit", '{"amount":1}',
                                                  key="a").status)
                self.assertEqual(200, self.found(client, "a").status)
                for malformed in ("%C3%A9", "x" * 256):
                    answer = client.get(f"/idempotency-keys/{malformed}")
                    self.assertEqual((400, "invalid_idempotency_key"),
                                     (answer.status, answer.error()["type"]), malformed)

    def test_an_expired_key_is_unknown(self):
        for flags in ((), ("--in-memory",)):
            with Server("--idempotency-ttl", "1s", *flags, data=self.data) as server, \
                    Client(server) as client:
                client.post("/accounts/10001/deposit", '{"amount":1}', key="short")
                wait_until(lambda: self.found(client, "short").status == 404)

    @unittest.skipUnless(library().exists(), f"there is no {library()}")
    def test_a_request_that_is_not_durable_is_in_progress(self):
        faults = self.enterContext(Faults(self.data))
        with Server("--disk-timeout", "500ms", "--snapshot-every", "0", data=self.data,
                    env=faults.environment) as server:
            faults.hang("fdatasync", 3600, times=FOR_EVER)
            unknown = post(server, "/accounts/10001/deposit", '{"amount":1}', "--header",
                           "Idempotency-Key: one")
            self.assertEqual((503, "outcome_unknown"), (unknown.status, unknown.error_type()))
            found = get(server, "/idempotency-keys/one")
            self.assertEqual((409, "request_in_progress"), (found.status, found.error_type()))
            self.assertEqual("1", found.fields["retry-after"])
            server.kill()


if __name__ == "__main__":
    unittest.main()

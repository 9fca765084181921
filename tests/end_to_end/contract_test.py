"""Every row of the API's table of endpoints, with the exact reply: in memory and durable, and again
for each key, also after a kill."""

import re
import tempfile
import unittest

from asking import Answer, Client, success
from server import Server

# Method, path, body, status, data, Location. In the order in which they are asked of the sample
# accounts. {part}, {all}, {last}, {paid} and {free} stand for the ids of holds: the first text that
# stands there is taken for it. {time} is any time.
OPENED = ('{"account_number":"20001","balance":50.0,"held":0.0,"available":50.0,"sequence":1,'
          '"status":"open"}')
NEXT = ('{"account_number":"20002","balance":0.0,"held":0.0,"available":0.0,"sequence":%d,'
        '"status":"%s"}')


def hold(name, amount, captured, remaining, status, expires_at, balance, held, available):
    return (f'{{"hold":"{{{name}}}","account_number":"10001","amount":{amount},'
            f'"captured":{captured},"remaining":{remaining},"status":"{status}",'
            f'"expires_at":{expires_at},"balance":{balance},"held":{held},'
            f'"available":{available}}}')


PLACED = hold("part", 40.0, 0.0, 40.0, "held", '"{time}"', 945.0, 40.0, 905.0)
HOLDS = "/accounts/10001/holds"
ROWS = [
    ("POST", "/accounts", '{"account_number":"20001","opening_balance":50.0}', 201, OPENED,
     "/accounts/20001"),
    ("GET", "/accounts/20001", None, 200, OPENED, None),
    ("GET", "/accounts/20001/balance", None, 200, '{"account_number":"20001","balance":50.0}',
     None),
    ("POST", "/accounts/10009/withdraw", '{"amount":100.0}', 200,
     '{"account_number":"10009","new_balance":8900.0}', None),
    ("POST", "/accounts/10009/deposit", '{"amount":200.0}', 200,
     '{"account_number":"10009","new_balance":9100.0}', None),
    ("POST", "/accounts/10001/transfer", '{"to":"10002","amount":25.0}', 200,
     '{"amount":25.0,"from":{"account_number":"10001","new_balance":975.0},'
     '"to":{"account_number":"10002","new_balance":2025.0}}', None),
    ("POST", "/transactions",
     '{"postings":[{"account_number":"10001","amount":-30.0},'
     '{"account_number":"10002","amount":29.0},{"account_number":"10003","amount":1.0}]}', 200,
     '{"postings":[{"account_number":"10001","amount":-30.0,"new_balance":945.0},'
     '{"account_number":"10002","amount":29.0,"new_balance":2054.0},'
     '{"account_number":"10003","amount":1.0,"new_balance":3001.0}]}', None),
    ("POST", HOLDS, '{"amount":40.0,"expires_in":"1h"}', 201, PLACED, HOLDS + "/{part}"),
    ("GET", HOLDS + "/{part}", None, 200, PLACED, None),
    ("GET", HOLDS, None, 200, '{"holds":[' + PLACED + '],"next":null}', None),
    ("POST", HOLDS, '{"amount":5.0,"expires_in":null}', 201,
     hold("all", 5.0, 0.0, 5.0, "held", "null", 945.0, 45.0, 900.0), HOLDS + "/{all}"),
    ("GET", "/accounts/10001/balance", None, 200,
     '{"account_number":"10001","balance":945.0,"held":45.0,"available":900.0}', None),
    ("POST", HOLDS + "/{part}/capture", '{"amount":30.0}', 200,
     hold("part", 40.0, 30.0, 10.0, "held", '"{time}"', 915.0, 15.0, 900.0), None),
    ("POST", HOLDS + "/{part}/capture", '{"amount":4.0,"final":true}', 200,
     hold("part", 40.0, 34.0, 0.0, "captured", '"{time}"', 911.0, 5.0, 906.0), None),
    ("GET", HOLDS + "/{part}", None, 200,
     hold("part", 40.0, 34.0, 0.0, "captured", '"{time}"', 911.0, 5.0, 906.0), None),
    ("POST", HOLDS + "/{all}/capture", "{}", 200,
     hold("all", 5.0, 5.0, 0.0, "captured", "null", 906.0, 0.0, 906.0), None),
    ("GET", "/accounts/10001/balance", None, 200, '{"account_number":"10001","balance":906.0}',
     None),
    ("POST", HOLDS, '{"amount":6}', 201,
     hold("paid", 6.0, 0.0, 6.0, "held", "null", 906.0, 6.0, 900.0), HOLDS + "/{paid}"),
    ("POST", HOLDS + "/{paid}/capture", '{"amount":2.5,"to":"10002"}', 200,
     hold("paid", 6.0, 2.5, 3.5, "held", "null", 903.5, 3.5, 900.0), None),
    ("GET", "/accounts/10002/balance", None, 200, '{"account_number":"10002","balance":2056.5}',
     None),
    ("POST", HOLDS + "/{paid}/capture", '{"final":true,"to":"10002","amount":1.0}', 200,
     hold("paid", 6.0, 3.5, 0.0, "captured", "null", 902.5, 0.0, 902.5), None),
    ("POST", HOLDS, '{"amount":902.5}', 201,
     hold("free", 902.5, 0.0, 902.5, "held", "null", 902.5, 902.5, 0.0), HOLDS + "/{free}"),
    ("POST", HOLDS + "/{free}/release", "{}", 200,
     hold("free", 902.5, 0.0, 0.0, "released", "null", 902.5, 0.0, 902.5), None),
    ("POST", HOLDS, '{"amount":1}', 201,
     hold("last", 1.0, 0.0, 1.0, "held", "null", 902.5, 1.0, 901.5), HOLDS + "/{last}"),
    ("POST", HOLDS + "/{last}/release", None, 200,
     hold("last", 1.0, 0.0, 0.0, "released", "null", 902.5, 0.0, 902.5), None),
    ("GET", HOLDS, None, 200, '{"holds":[],"next":null}', None),
    ("POST", "/accounts/100000/transfer", '{"to":"20001","amount":10000}', 200,
     '{"amount":10000.0,"from":{"account_number":"100000","new_balance":0.0},'
     '"to":{"account_number":"20001","new_balance":10050.0}}', None),
    ("POST", "/accounts/100000/close", None, 200,
     '{"account_number":"100000","balance":0.0,"held":0.0,"available":0.0,"sequence":3,'
     '"status":"closed"}', None),
    ("GET", "/accounts/100000", None, 200,
     '{"account_number":"100000","balance":0.0,"held":0.0,"available":0.0,"sequence":3,'
     '"status":"closed"}', None),
    ("POST", "/accounts/100000/reopen", "{}", 200,
     '{"account_number":"100000","balance":0.0,"held":0.0,"available":0.0,"sequence":4,'
     '"status":"open"}', None),
    # Without a number it is the one after the highest that was opened.
    ("POST", "/accounts", "{}", 201, NEXT.replace("20002", "100001") % (1, "open"),
     "/accounts/100001"),
    ("POST", "/accounts", None, 201, NEXT.replace("20002", "100002") % (1, "open"),
     "/accounts/100002"),
    ("POST", "/accounts", '{"opening_balance":0.5}', 201,
     '{"account_number":"100003","balance":0.5,"held":0.0,"available":0.5,"sequence":1,'
     '"status":"open"}', "/accounts/100003"),
    ("POST", "/accounts/100001/close", "{}", 200, NEXT.replace("20002", "100001") % (2, "closed"),
     None),
    ("POST", "/accounts/100001/reopen", None, 200, NEXT.replace("20002", "100001") % (3, "open"),
     None),
]


class Contract(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.ids = {}  # of the holds, by their names
        self.given = []  # the requests with their keys, and their answers

    def fill(self, text):
        """A row's text with the ids that are known."""
        for name, known in self.ids.items():
            text = text.replace("{" + name + "}", known)
        return text

    def assert_is(self, due, given):
        """Compares a text of a row with what was given, and learns ids from it."""
        due = re.escape(self.fill(due))
        due = re.sub(r"\\\{time\\\}", r"\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{9}Z", due)
        due = re.sub(r"\\\{(part|all|last|paid|free)\\\}", r"(?P<\1>\\d+-\\d+)", due, count=1)
        found = re.fullmatch(due, given)
        if found is None:
            self.assertEqual(due.replace("\\", ""), given)
        self.ids.update(found.groupdict())

    def ask_all(self, client):
        for number, (method, path, body, status, data, location) in enumerate(ROWS):
            with self.subTest(method=method, path=path, body=body):
                request = (method, self.fill(path), body,
                           f"key-{number}" if method == "POST" else None)
                answer = client.ask(*request)
                self.assertFalse(client.replayed)
                self.assertEqual(status, answer.status, answer.body)
                self.assert_is(success(status, data), answer.body)
                self.assert_is(location or "none", answer.location or "none")
                self.assertIsNone(answer.retry_after)
                if method == "POST":
                    self.given.append((request, answer))

    def assert_replayed(self, client):
        """Every request is answered as it was, although the accounts have changed since."""
        for request, answer in self.given:
            with self.subTest(request=request):
                self.assertEqual(answer, client.ask(*request))
                self.assertTrue(client.replayed)

    def test_every_endpoint_answers_as_documented_in_memory(self):
        with Server("--in-memory") as server, Client(server) as client:
            self.ask_all(client)
            self.assert_replayed(client)

    def test_every_endpoint_answers_as_documented_and_the_next_server_knows_it(self):
        with tempfile.TemporaryDirectory() as folder:
            with Server(data=folder) as server, Client(server) as client:
                self.ask_all(client)
                self.assert_replayed(client)
                shown = self.everything(client)
                server.kill()
            for end in ("kill", "stop", "kill"):
                with Server(data=folder) as server, Client(server) as client:
                    self.assertEqual(shown, self.everything(client))
                    self.assert_replayed(client)
                    self.assertEqual(shown, self.everything(client))
                    getattr(server, end)()

    def everything(self, client):
        """All that can be read of the accounts and holds of the rows."""
        accounts = client.get("/accounts?limit=1000")
        numbers = [one["account_number"] for one in accounts.data()["accounts"]]
        return [accounts, *(client.get(f"/accounts/{number}") for number in numbers),
                *(client.get(f"{HOLDS}/{known}") for known in self.ids.values())]

    def test_a_key_of_another_request_is_refused(self):
        with Server("--in-memory") as server, Client(server) as client:
            self.ask_all(client)
            for number, (request, _) in enumerate(self.given):
                other = self.given[number - 2][0]
                with self.subTest(key=request[3], request=other):
                    answer = client.ask(*other[:3], request[3])
                    self.assertEqual((422, "idempotency_key_reused"),
                                     (answer.status, answer.error()["type"]))

    def test_head_and_options_are_answered_by_the_same_table(self):
        with Server("--in-memory") as server, Client(server) as client:
            path = client.place(10001, 1)
            for one, allowed in (
                    ("/accounts", "GET, HEAD, POST, OPTIONS"),
                    ("/accounts/10001", "GET, HEAD, OPTIONS"),
                    ("/accounts/10001/close", "POST, OPTIONS"),
                    ("/accounts/10001/reopen", "POST, OPTIONS"),
                    ("/accounts/10001/transfer", "POST, OPTIONS"),
                    ("/transactions", "POST, OPTIONS"),
                    ("/accounts/10001/holds", "GET, HEAD, POST, OPTIONS"),
                    (path, "GET, HEAD, OPTIONS"),
                    (path + "/capture", "POST, OPTIONS"),
                    (path + "/release", "POST, OPTIONS")):
                with self.subTest(path=one):
                    client.connection.request("OPTIONS", one)
                    reply = client.connection.getresponse()
                    reply.read()
                    self.assertEqual((204, allowed), (reply.status, reply.getheader("Allow")))
                    self.assertEqual(405, client.ask("DELETE", one).status)
                    if "GET" in allowed:
                        self.assertEqual(Answer(200, ""), client.ask("HEAD", one))


if __name__ == "__main__":
    unittest.main()

"""ETag, If-Match and If-None-Match: exact replies, in memory and with a journal."""

import json
import socket
import tempfile
import threading
import unittest

from asking import Client
from server import TIMEOUT_S, Server

MOST = 2 ** 64 - 1
MISMATCH = ('{"success":false,"error":{"type":"sequence_mismatch","message":"the account has moved '
            'on from what If-Match names"},"code":412}')


def wrong(field):
    return ('{"success":false,"error":{"type":"invalid_parameter","message":"a parameter has a '
            f'wrong value","parameter":"{field}"}},"code":400}}')


def whole_reply(server, method, path, fields=(), body=None):
    """The bytes of one reply, but for its Date and X-Request-Id."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close", *fields]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    with socket.create_connection(("127.0.0.1", server.port), timeout=TIMEOUT_S) as connection:
        connection.sendall("\r\n".join([*lines, "", body or ""]).encode())
        found = b""
        while more := connection.recv(65536):
            found += more
    head, _, content = found.decode().partition("\r\n\r\n")
    kept = [line for line in head.split("\r\n")
            if not line.startswith(("Date: ", "X-Request-Id: "))]
    return "\n".join(kept) + "\n\n" + content


class Asked:
    """A reply's status, tag and body, and whether it was a replay."""

    def __init__(self, client, method, path, body=None, **fields):
        names = {"key": "Idempotency-Key", "match": "If-Match", "none_match": "If-None-Match"}
        sent = {names[name]: value for name, value in fields.items()}
        if body is not None:
            sent["Content-Type"] = "application/json"
        client.connection.request(method, path, body, sent)
        reply = client.connection.getresponse()
        self.status, self.tag = reply.status, reply.getheader("ETag")
        self.body = reply.read().decode()
        self.replayed = reply.getheader("Idempotent-Replayed") == "true"


class Conditions:
    FLAGS = ()

    @classmethod
    def setUpClass(cls):
        folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.server = cls.enterClassContext(Server(*cls.FLAGS, data=folder))

    def setUp(self):
        self.client = self.enterContext(Client(self.server))
        opened = self.ask("POST", "/accounts", '{"opening_balance":100}')
        self.assertEqual((201, '"1"'), (opened.status, opened.tag))
        self.number = json.loads(opened.body)["data"]["account_number"]
        self.path = f"/accounts/{self.number}"

    def ask(self, method, path, body=None, **fields):
        return Asked(self.client, method, path, body, **fields)

    def post(self, operation, body=None, **fields):
        return self.ask("POST", f"{self.path}/{operation}", body, **fields)

    def sequence(self):
        return json.loads(self.ask("GET", self.path).body)["data"]["sequence"]

    def assert_refused(self, expected, answer):
        self.assertEqual(expected, (answer.status, answer.body))
        self.assertIsNone(answer.tag)

    def assert_whole(self, tag, data, reply):
        body = f'{{"success":true,"data":{{"account_number":"{self.number}",{data}}},"code":200}}'
        self.assertEqual(
            "HTTP/1.1 200 OK\nCache-Control: no-store\nContent-Type: application/json\n"
            f'Content-Length: {len(body)}\nETag: "{tag}"\nConnection: close\n\n{body}', reply)

    def test_the_three_endpoints_have_the_tag_and_their_bodies_are_as_before(self):
        self.assert_whole(1, '"balance":100.0',
                          whole_reply(self.server, "GET", f"{self.path}/balance"))
        self.assert_whole(2, '"new_balance":100.5',
                          whole_reply(self.server, "POST", f"{self.path}/deposit",
                                      ['If-Match: "1"'], '{"amount":0.5}'))
        self.assert_whole(3, '"new_balance":100.0',
                          whole_reply(self.server, "POST", f"{self.path}/withdraw",
                                      ['If-Match: *'], '{"amount":0.5}'))

    def test_each_reply_of_a_posting_has_the_tag_of_the_paths_account(self):
        self.assertEqual('"2"', self.post("transfer", '{"to":"10002","amount":1}').tag)
        placed = self.post("holds", '{"amount":5}')
        self.assertEqual((201, '"3"'), (placed.status, placed.tag))
        hold = "holds/" + json.loads(placed.body)["data"]["hold"]
        self.assertEqual('"3"', self.ask("GET", f"{self.path}/{hold}").tag)
        self.assertEqual('"3"', self.ask("GET", f"{self.path}/balance").tag)
        self.assertEqual('"4"', self.post(f"{hold}/capture", '{"amount":1}').tag)
        self.assertEqual('"5"', self.post(f"{hold}/release").tag)
        self.assertEqual('"6"', self.post("withdraw", '{"amount":98}').tag)
        self.assertEqual('"7"', self.post("close").tag)
        self.assertEqual('"8"', self.post("reopen").tag)
        self.assertEqual('"8"', self.ask("GET", self.path).tag)

    def test_refusals_lists_and_transactions_have_no_tag(self):
        legs = json.dumps({"postings": [{"account_number": self.number, "amount": -1},
                                        {"account_number": "10002", "amount": 1}]})
        for answer in (self.ask("POST", "/transactions", legs),
                       self.ask("GET", "/accounts?limit=1"),
                       self.post("withdraw", '{"amount":999}'),
                       self.ask("GET", "/accounts/7/balance"), self.ask("GET", "/readyz")):
            self.assertIsNone(answer.tag)

    def test_if_none_match_gives_304_with_the_tag_and_no_body(self):
        for path in (f"{self.path}/balance", self.path):
            for method in ("GET", "HEAD"):
                self.assertEqual(
                    "HTTP/1.1 304 Not Modified\nCache-Control: no-store\n"
                    'ETag: "1"\nConnection: close\n\n',
                    whole_reply(self.server, method, path, ['If-None-Match: "1"']))
            for named in ('"1"', 'W/"1"', "*", '"0", "1"', '"x",,W/"1" , "2"', " \t*"):
                found = self.ask("GET", path, none_match=named)
                self.assertEqual((304, '"1"', ""), (found.status, found.tag, found.body), named)
            # Malformed ones, too, leave it to the whole reply.
            for named in ('"2"', '"01"', '"1', "1", '"1" "1"', '*, "1"', "**", 'w/"1"', ""):
                found = self.ask("GET", path, none_match=named)
                self.assertEqual((200, '"1"'), (found.status, found.tag), named)

    def test_several_lines_of_a_condition_are_one_list(self):
        def status(method, *fields, body=None):
            path = self.path + ("/deposit" if body else "")
            return whole_reply(self.server, method, path, fields, body).split(" ", 2)[1]

        self.assertEqual("304", status("GET", 'If-None-Match: "7"', "Accept: */*",
                                       'If-None-Match: "1", "8"', 'If-None-Match: "9"'))
        self.assertEqual("200", status("GET", 'If-None-Match: "7"', 'If-None-Match: "8"'))
        self.assertEqual("200", status("GET", 'If-None-Match: "1"', "If-None-Match: *"))
        self.assertEqual("412", status("GET", 'If-Match: "7"', 'If-Match: "8"'))
        for no_list in (['If-Match: "1"', "If-Match: *"], ["If-Match:", 'If-Match: "1"'],
                        ['If-Match: "1"', "If-Match: 1"], ["If-Match: *", "If-Match: *"]):
            self.assertEqual("400", status("POST", *no_list, body='{"amount":1}'), no_list)
        self.assertEqual("412", status("POST", 'If-Match: "7"', 'If-Match: "8"',
                                       body='{"amount":1}'))
        self.assertEqual(1, self.sequence())
        self.assertEqual("200", status("POST", 'If-Match: "7"', "Accept: */*", 'If-Match: "1"',
                                       body='{"amount":1}'))

    def test_if_none_match_changes_nothing_else(self):
        self.assertEqual(404, self.ask("GET", "/accounts/7/balance", none_match="*").status)
        self.assertEqual(200, self.ask("GET", "/readyz", none_match="*").status)
        self.assertEqual(200, self.ask("GET", "/accounts?limit=1", none_match="*").status)

    def test_if_match_on_a_get_is_as_rfc_9110_has_it(self):
        for named, status in (('"1"', 200), ("*", 200), ('"2"', 412), ('W/"1"', 412),
                              ('"2", "1"', 200), (f'"{MOST}"', 412)):
            self.assertEqual(status, self.ask("GET", self.path, match=named).status, named)
        self.assert_refused((412, MISMATCH), self.ask("GET", f"{self.path}/balance", match='"9"'))
        self.assertEqual(412, self.ask("GET", self.path, match='"2"', none_match='"1"').status)
        self.assertEqual(304, self.ask("GET", self.path, match='"1"', none_match='"1"').status)
        self.assert_refused((400, wrong("If-Match")), self.ask("GET", self.path, match="1"))
        self.assertEqual(200, self.ask("GET", "/readyz", match="1").status)

    def test_past_balances_have_no_tag_and_ignore_conditions(self):
        self.post("deposit", '{"amount":1}')
        for past in ("sequence=1", "sequence=2", "at=2100-01-01"):
            path = f"{self.path}/balance?{past}"
            plain = self.ask("GET", path)
            self.assertIsNone(plain.tag)
            for fields in ({"match": '"9"'}, {"none_match": "*"}, {"none_match": '"1", "2"'}):
                found = self.ask("GET", path, **fields)
                self.assertEqual((plain.status, plain.tag, plain.body),
                                 (found.status, found.tag, found.body))
            self.assert_refused((400, wrong("If-Match")), self.ask("GET", path, match="9"))

    def operations(self):
        """Each operation of the account, as what makes it."""
        hold = "holds/" + json.loads(self.post("holds", '{"amount":5}').body)["data"]["hold"]
        return (("deposit", '{"amount":1}'), ("withdraw", '{"amount":1}'),
                ("transfer", '{"to":"10002","amount":1}'), ("holds", '{"amount":1}'),
                (f"{hold}/capture", '{"amount":1}'),
                (f"{hold}/capture", '{"amount":1,"to":"10003"}'), (f"{hold}/release", None))

    def test_if_match_posts_only_after_the_posting_that_it_names(self):
        for operation, body in self.operations():
            last = self.sequence()
            for named in (f'"{last - 1}"', f'"{last + 1}"', '"0"', f'W/"{last}"', f'"0{last}"',
                          '""', f'"{last - 1}", "{last + 1}"', f'"{MOST}"',
                         f'"{MOST}", "{last + 1}"', f'"{MOST}0"'):
                self.assert_refused((412, MISMATCH), self.post(operation, body, match=named))
            self.assertEqual(last, self.sequence())
            done = self.post(operation, body, match=f'"{last + 5}", "{last}"')
            self.assertIn(done.status, (200, 201), done.body)
            self.assertEqual(f'"{last + 1}"', done.tag)
        self.assertEqual(200, self.post("deposit", '{"amount":1}', match="*").status)

    def test_if_match_of_closing_and_reopening(self):
        self.post("withdraw", '{"amount":100}')
        self.assert_refused((412, MISMATCH), self.post("close", match='"1"'))
        self.assertEqual('"3"', self.post("close", match='"2"').tag)
        self.assert_refused((412, MISMATCH), self.post("reopen", match='"2"'))
        # Before what else the account would be refused by.
        self.assert_refused((412, MISMATCH), self.post("deposit", '{"amount":1}', match='"2"'))
        self.assertEqual('"4"', self.post("reopen", match='"3"').tag)

    def test_a_mismatch_comes_behind_what_is_not_there_and_before_the_funds(self):
        self.assert_refused((412, MISMATCH), self.post("withdraw", '{"amount":999}', match='"9"'))
        self.assertEqual(400, self.post("withdraw", '{"amount":999}', match='"1"').status)
        self.assertEqual(404, self.ask("POST", "/accounts/7/deposit", '{"amount":1}',
                                       match='"9"').status)
        self.assertEqual(404, self.post("transfer", '{"to":"7","amount":1}', match='"9"').status)
        self.assert_refused((412, MISMATCH), self.post("holds/2-7/release", match='"9"'))
        self.assertEqual(404, self.post("holds/2-7/release", match='"1"').status)
        self.assertEqual(400, self.post("withdraw", '{"amount":0}', match='"9"').status)

    def test_a_malformed_condition_posts_nothing(self):
        many = ",".join(f'"{i}"' for i in range(1, 18))
        for named in ("1", '"1', '1"', '"1" "2"', '"1";"2"', '*, "1"', '"1", *', "W/1", 'w/"1"', "",
                      '"a b"', many):
            self.assert_refused((400, wrong("If-Match")),
                                self.post("deposit", '{"amount":1}', match=named))
        self.assert_refused((400, wrong("If-None-Match")),
                            self.post("deposit", '{"amount":1}', none_match='"9"'))
        self.assertEqual(1, self.sequence())

    def test_what_has_no_account_in_its_path_refuses_it_before_anything_else(self):
        for path in ("/transactions", "/accounts", "/batch"):
            self.assert_refused((400, wrong("If-Match")),
                                self.ask("POST", path, "no JSON", match='"1"'))
            self.assert_refused((400, wrong("If-Match")), self.ask("POST", path, match="*"))
            self.assert_refused((400, wrong("If-None-Match")),
                                self.ask("POST", path, none_match="*"))

    def test_a_replay_comes_before_the_condition_and_has_the_same_tag(self):
        for operation, body in self.operations():
            tag = f'"{self.sequence()}"'
            key = f"{self.number} {operation} {body}".replace('"', "'")
            early = self.post(operation, body, key=f'"{key}"', match='"99"')
            self.assert_refused((412, MISMATCH), early)
            done = self.post(operation, body, key=f'"{key}"', match=tag)
            self.assertIn(done.status, (200, 201), done.body)
            self.post("deposit", '{"amount":1}')
            for condition in ({"match": tag}, {"match": '"99"'}, {}):
                again = self.post(operation, body, key=f'"{key}"', **condition)
                self.assertTrue(again.replayed)
                self.assertEqual((done.status, done.tag, done.body),
                                 (again.status, again.tag, again.body))

    def test_of_clients_that_expect_the_same_posting_one_posts(self):
        won = []

        def deposit():
            with Client(self.server) as client:
                for expected in range(1, 101):
                    answer = Asked(client, "POST", f"{self.path}/deposit", '{"amount":1}',
                                   match=f'"{expected}"')
                    if answer.status == 200:
                        won.append(expected)

        threads = [threading.Thread(target=deposit) for _ in range(4)]
        for one in threads:
            one.start()
        for one in threads:
            one.join(TIMEOUT_S * 3)
        self.assertEqual(list(range(1, 101)), sorted(won))
        self.assertEqual(101, self.sequence())


class ConditionsInMemory(Conditions, unittest.TestCase):
    FLAGS = ("--in-memory", "--threads", "2")


class ConditionsWithAJournal(Conditions, unittest.TestCase):
    FLAGS = ("--threads", "2")


class AfterRestarts(unittest.TestCase):
    def test_a_key_has_the_same_tag_after_a_restart(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        asked = (("/accounts/10001/deposit", '{"amount":1}'),
                 ("/accounts/10001/transfer", '{"to":"10002","amount":1}'),
                 ("/accounts/10001/holds", '{"amount":1}'), ("/accounts", "{}"))
        told = []
        for _ in range(3):
            with Server(data=folder) as server, Client(server) as client:
                told.append([(one.status, one.tag, one.body) for one in
                             (Asked(client, "POST", path, body, key=path.replace("/", "-"))
                              for path, body in asked)])
                server.kill()
        self.assertEqual(['"2"', '"3"', '"4"', '"1"'], [tag for _, tag, _ in told[0]])
        self.assertEqual([told[0]] * 3, told)


if __name__ == "__main__":
    unittest.main()

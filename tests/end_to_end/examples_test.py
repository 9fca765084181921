"""The examples of the API's description, executed in their order by a server that has just been
started on an empty directory."""

import http.client
import json
import re
import unittest

from asking import problem_of
from server import Server, get

from description import DESCRIPTION, Description, jsonschema, load

# What differs from run to run: times, and cursors.
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z")
CURSOR = re.compile(r"[A-Za-z0-9_-]{20,}")


def without_variations(text):
    return TIME.sub("TIME", text)


def alike(due, given):
    """Whether two values of JSON are the same but for times and cursors, members in order."""
    if isinstance(due, dict) and isinstance(given, dict):
        return list(due) == list(given) and all(alike(due[name], given[name]) for name in due)
    if isinstance(due, list) and isinstance(given, list):
        return len(due) == len(given) and all(map(alike, due, given))
    if isinstance(due, str) and isinstance(given, str):
        return due == given or any(kind.fullmatch(due) and kind.fullmatch(given)
                                   for kind in (TIME, CURSOR))
    return type(due) is type(given) and due == given


def learn(due, given, carried):
    """Notes the texts that are others in this run than in the example."""
    if isinstance(due, dict):
        for name in due:
            learn(due[name], given[name], carried)
    elif isinstance(due, list):
        for one, other in zip(due, given):
            learn(one, other, carried)
    elif isinstance(due, str) and due != given:
        carried[due] = given


def read_lines(reply, lines):
    """The first lines of a stream that may have no end."""
    return "".join(reply.readline().decode() for _ in range(lines))


class Examples(unittest.TestCase):
    maxDiff = None

    def ask(self, server, method, target, fields, body, example, media_type):
        """The status, header fields and text of a reply."""
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        try:
            connection.request(method, target, body, fields)
            reply = connection.getresponse()
            given = {name.lower(): value for name, value in reply.getheaders()}
            if media_type == "text/event-stream" and reply.status == 200:
                return reply.status, given, read_lines(reply, example["value"].count("\n"))
            return reply.status, given, reply.read().decode()
        finally:
            connection.close()

    def assert_is(self, example, media_type, text, carried):
        if "value" not in example:
            return
        if media_type.endswith("json") and "ndjson" not in media_type:
            given = json.loads(text)
            self.assertTrue(alike(example["value"], given),
                            f"{json.dumps(example['value'])}\n{text}")
            learn(example["value"], given, carried)
        elif not media_type.startswith("text/plain"):  # figures differ
            due, given = map(without_variations, (example["value"], text))
            self.assertEqual(sorted(due.splitlines()), sorted(given.splitlines()))

    def assert_is_problem(self, envelope, _, fields, text):
        self.assertEqual("application/problem+json", fields["content-type"])
        self.assertEqual(problem_of(envelope), json.loads(text, parse_float=str))

    def test_each_is_answered_as_shown(self):
        steps = DESCRIPTION.steps()
        self.assertEqual(len(steps), len({step[0] for step in steps}), "two examples at one step")
        carried = {}
        with Server() as server:
            for number, name, method, path, operation, status, media_type, example in steps:
                target, fields, body = DESCRIPTION.request_of(path, operation, example, carried)
                with self.subTest(step=number, name=name, method=method, target=target):
                    given, given_fields, text = self.ask(
                        server, method, target, fields, body, example, media_type)
                    self.assertEqual(status, given, text[:500])
                    self.assertEqual(media_type, given_fields.get("content-type", ""))
                    DESCRIPTION.check(method, target, given, given_fields, text)
                    self.assert_is(example, media_type, text, carried)
                    if status >= 400:
                        others = [fields["Accept"]] if "Accept" in fields else []
                        fields["Accept"] = ", ".join([*others, "application/problem+json"])
                        self.assert_is_problem(text, *self.ask(
                            server, method, target, fields, body, example, media_type))

    def test_each_route_has_one_and_each_body_is_used(self):
        used = {}
        for *_, operation, status, _, example in DESCRIPTION.steps():
            one = used.setdefault(operation["operationId"], (operation, set(), set()))
            one[1].add(status)
            one[2].add(str(example["x-request"].get("body")))
        for path, item in DESCRIPTION.document["paths"].items():
            for method, operation in item.items():
                with self.subTest(method=method, path=path):
                    _, statuses, bodies = used[operation["operationId"]]
                    self.assertTrue(any(status < 300 for status in statuses))
                    for media in operation.get("requestBody", {}).get("content", {}).values():
                        self.assertLessEqual(media["examples"].keys(), bodies)

    @unittest.skipIf(jsonschema is None, "there is no jsonschema: replies are not validated")
    def test_each_is_as_its_schema_says(self):
        for number, name, *_, operation, status, media_type, example in DESCRIPTION.steps():
            with self.subTest(step=number, name=name):
                response = DESCRIPTION.resolve(operation["responses"][str(status)])
                if "value" in example:
                    schema = response["content"][media_type]["schema"]
                    self.assertEqual([], DESCRIPTION.errors(schema, example["value"]))
                body = example["x-request"].get("body")
                if isinstance(body, str) and status < 400:
                    (_, content), = operation["requestBody"]["content"].items()
                    self.assertEqual([], DESCRIPTION.errors(
                        content["schema"], content["examples"][body]["value"]))

    def test_the_document_that_the_server_sends_is_that_of_the_sources(self):
        with Server("--in-memory") as server:
            reply = get(server, "/openapi.json")
            self.assertEqual("application/json", reply.fields["content-type"])
            self.assertTrue(load() == reply.json(), "the binary is older than the description")
            head = get(server, "/openapi.json", "--head")
            self.assertEqual((200, ""), (head.status, head.body))
            self.assertEqual(reply.fields["content-length"], head.fields["content-length"])


class Checks(unittest.TestCase):
    """What the checks of description.py find."""

    BALANCE = '{"success":true,"data":{"account_number":"10001","balance":1000.0},"code":200}'
    JSON = {"content-type": "application/json"}

    def assert_found(self, wrong, method, target, status, fields, body):
        with self.assertRaises(AssertionError) as found:
            Description(load()).check(method, target, status, fields, body)
        self.assertIn(wrong, str(found.exception))

    def test_a_reply_that_is_described_passes(self):
        for target in ("/accounts/10001/balance?x=1", "/%61ccounts/10001/balance"):
            DESCRIPTION.check("GET", target, 200, self.JSON, self.BALANCE)
        DESCRIPTION.check("HEAD", "/accounts/10001/balance", 200, self.JSON, "")
        DESCRIPTION.check("OPTIONS", "/accounts", 204, {"allow": "GET"}, "")
        DESCRIPTION.check(
            "GET", "/nowhere", 404, self.JSON,
            '{"success":false,"error":{"type":"no_such_route","message":"x"},"code":404}')

    def test_a_route_a_status_a_field_or_a_media_type_that_is_not_described_is_found(self):
        path = "/accounts/10001/balance"
        self.assert_found("no such route", "GET", "/nowhere", 200, self.JSON, self.BALANCE)
        self.assert_found("no such route", "POST", path, 200, self.JSON, self.BALANCE)
        self.assert_found("the status", "GET", path, 202, self.JSON, self.BALANCE)
        self.assert_found("the field x-more", "GET", path, 200, {**self.JSON, "x-more": "1"},
                          self.BALANCE)
        self.assert_found("the media type", "GET", path, 200, {"content-type": "text/plain"},
                          self.BALANCE)

    @unittest.skipIf(jsonschema is None, "there is no jsonschema: replies are not validated")
    def test_a_body_that_is_not_as_described_is_found(self):
        for wrong, instead in (
                ("balance", '"balance":"1000.0"'), ("more", '"balance":1.0,"more":1'),
                ("balance", '"blance":1.0'), ("balance", '"balance":-1.0')):
            self.assert_found(wrong, "GET", "/accounts/10001/balance", 200, self.JSON,
                              self.BALANCE.replace('"balance":1000.0', instead))
        self.assert_found(
            "hold_ended", "GET", "/accounts/10001/balance", 404, self.JSON,
            '{"success":false,"error":{"type":"hold_ended","message":"x"},"code":404}')


if __name__ == "__main__":
    unittest.main()

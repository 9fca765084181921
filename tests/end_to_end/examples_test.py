"""The examples of the API's description, executed in their order by a server that has just been
started on an empty directory."""

import http.client
import json
import re
import unittest

from asking import Client, problem_of
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

    def assert_is(self, path, example, media_type, text, carried):
        if "value" not in example:
            return
        if media_type.endswith("json") and "ndjson" not in media_type:
            given = json.loads(text)
            self.assertTrue(alike(example["value"], given),
                            f"{json.dumps(example['value'])}\n{text}")
            learn(example["value"], given, carried)
        elif not media_type.startswith("text/plain"):  # figures differ
            due, given = map(without_variations, (example["value"], text))
            due, given = due.splitlines(), given.splitlines()
            if path == "/accounts":  # they are in no order
                due, given = sorted(due), sorted(given)
            self.assertEqual(due, given)

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
                    self.assert_is(path, example, media_type, text, carried)
                    if status >= 400 and media_type != "application/problem+json":
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
                # What a build without npm has not, and what takes the names of snapshots, or
                # several nodes.
                if path in ("/", "/console", "/admin/step-down") or "{snapshot}" in path:
                    continue
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
                    sent = content["examples"][body]["value"]
                    self.assertEqual([], DESCRIPTION.errors(content["schema"], sent))
                    if "x-line" in content:
                        self.assert_lines_are_valid_where_done(content["x-line"], sent,
                                                               example["value"])

    def assert_lines_are_valid_where_done(self, schema, sent, results):
        for line, result in zip(sent.splitlines(), results.splitlines(), strict=True):
            self.assertEqual(json.loads(result)["success"],
                             not DESCRIPTION.errors(schema, json.loads(line)), line)

    @unittest.skipIf(jsonschema is None, "there is no jsonschema: lines are not validated")
    def test_a_line_of_a_batch_is_done_if_its_schema_allows_it(self):
        batch = DESCRIPTION.document["paths"]["/batch"]["post"]["requestBody"]["content"]
        schema = batch["application/x-ndjson"]["x-line"]
        nothing = {"expires_in": None, "final": None, "to": None, "amount": None, "key": None}
        with Server("--in-memory") as server, Client(server) as client:
            def send(lines):
                text = "".join(json.dumps({"account_number": "10001", **line}) + "\n"
                               for line in lines)
                client.connection.request("POST", "/batch", text,
                                          {"Content-Type": "application/x-ndjson"})
                results = client.connection.getresponse().read().decode()
                self.assert_lines_are_valid_where_done(schema, text, results)
                return map(json.loads, results.splitlines())

            one = {"amount": 1.0}
            placed = send([
                *({"operation": "hold", "amount": 9.0, **more}
                  for more in ({}, {"expires_in": None}, {"expires_in": "1h"}, {"final": None})),
                *({"operation": name, **one, **more} for name in ("deposit", "withdraw")
                  for more in ({}, {"key": name}, {"key": None, "to": None}))])
            holds = [made["data"]["hold"] for made in placed if "hold" in made["data"]]
            send([{"operation": "transfer", "to": "10002", **one},
                  {"operation": "transfer", "to": "10002", **one, "final": None, "key": "t"},
                  {"operation": "capture", "hold": holds[0], **one, "final": True, "to": "10002"},
                  {"operation": "capture", "hold": holds[1], **nothing},
                  {"operation": "capture", "hold": holds[2]},
                  {"operation": "release", "hold": holds[3], **nothing}])
            send([{"operation": "lend", **one}, {"operation": None, **one}, one,
                  {"operation": "deposit"}, {"operation": "withdraw", "amount": None},
                  {"operation": "hold", "expires_in": "1h"}, {"operation": "transfer", **one},
                  {"operation": "transfer", "to": None, **one},
                  {"operation": "transfer", "to": "10002"}, {"operation": "capture", **one},
                  {"operation": "release", "hold": None}, {"operation": "deposit", **one, "key": 1},
                  {"operation": "deposit", **one, "key": ""},
                  {"operation": "deposit", **one, "account_number": None}])

    def test_each_component_is_used(self):
        text = json.dumps(DESCRIPTION.document)
        for kind, components in DESCRIPTION.document["components"].items():
            for name in components:
                by_name = kind == "securitySchemes"
                used = f'{{"{name}": []}}' if by_name else f'"$ref": "#/components/{kind}/{name}"'
                self.assertTrue(used in text, f"{kind} {name} is not used")

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
    JSON = {"content-type": "application/json", "etag": '"1"'}

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

    def test_a_field_that_is_missing_is_found(self):
        for method, target, status, missing in (
                ("GET", "/accounts/10001", 200, "etag"), ("GET", "/accounts/10001", 304, "etag"),
                ("POST", "/accounts/10001/deposit", 200, "etag"),
                ("POST", "/accounts", 201, "location"), ("GET", "/events", 503, "retry-after")):
            fields = {"content-type": "application/json", "etag": '"1"', "location": "/x",
                      "retry-after": "1"}
            response = DESCRIPTION.document["paths"][re.sub("[0-9]+", "{account}", target)]
            described = DESCRIPTION.resolve(
                response[method.lower()]["responses"][str(status)])["headers"]
            kept = {name.lower() for name in described} - {missing} | {"content-type"}
            self.assert_found(f"the field {missing} is missing", method, target, status,
                              {name: fields[name] for name in kept & fields.keys()}, None)

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

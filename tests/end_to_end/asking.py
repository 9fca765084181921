"""One connection to the server, for tests that ask much: requests with keys, and whole replies."""

import dataclasses
import http.client
import json

from server import TIMEOUT_S, description


@dataclasses.dataclass(frozen=True)
class Answer:
    """What is the same when a request is repeated with its key."""
    status: int
    body: str
    location: str | None = None
    retry_after: str | None = None

    def data(self):
        return json.loads(self.body)["data"]

    def error(self):
        return json.loads(self.body)["error"]


class Client:
    """Asks a server for one thing after the other, as a context manager."""

    def __init__(self, server):
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=TIMEOUT_S)
        self.replayed = None  # whether the last answer was that of an earlier request
        self.accept = None  # the Accept field of the requests

    def ask(self, method, path, body=None, key=None):
        """A body of None is none at all, without a Content-Type."""
        fields = {} if body is None else {"Content-Type": "application/json"}
        if key is not None:
            fields["Idempotency-Key"] = key
        if self.accept is not None:
            fields["Accept"] = self.accept
        self.connection.request(method, path, body, fields)
        reply = self.connection.getresponse()
        self.replayed = reply.getheader("Idempotent-Replayed") == "true"
        text = reply.read().decode()
        fields = {name.lower(): value for name, value in reply.getheaders()}
        description.check(method, path, reply.status, fields, text)
        return Answer(reply.status, text, reply.getheader("Location"),
                      reply.getheader("Retry-After"))

    def get(self, path):
        return self.ask("GET", path)

    def post(self, path, body=None, key=None):
        return self.ask("POST", path, body, key)

    def place(self, account, amount, **more):
        """Places a hold and returns its path."""
        answer = self.post(f"/accounts/{account}/holds", json.dumps({"amount": amount, **more}))
        if answer.status != 201:
            raise RuntimeError(f"no hold was placed: {answer}")
        return answer.location

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()


def problem_of(envelope):
    """The problem (RFC 9457) that says the same as the envelope of a refusal; both are texts."""
    value = json.loads(envelope, parse_float=str)  # money is compared digit by digit
    members = value["error"]
    name = members.pop("type")
    return {"type": f"urn:coffer:problem:{name}", "title": name.replace("_", " ").capitalize(),
            "status": value["code"], "detail": members.pop("message"), **members}


def success(status, data):
    """The body of a success with this data, a text of JSON."""
    return f'{{"success":true,"data":{data},"code":{status}}}'

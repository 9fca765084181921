"""The API's description, and replies compared with it.

Every reply that the end-to-end tests get through server.py and asking.py is checked, and one of
many under load: its route, status, media type and header fields are in the description, no field
that is required is missing, and its body is as the schema there says, without members that the
schema does not name. Schemas need jsonschema; without it the rest is checked.
"""

import collections
import copy
import json
import pathlib
import re
import urllib.parse

try:
    import jsonschema
except ImportError:
    jsonschema = None

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "src" / "api" / "openapi"
# Every reply has some of these.
USUAL_FIELDS = {"date", "cache-control", "content-type", "content-length", "connection",
                "transfer-encoding", "x-request-id", "server-timing"}
# Of each kind of reply so many bodies are checked in one process, and then one in so many.
FIRST, THEN_EVERY = 200, 50


class NotAsDescribed(AssertionError):
    """A reply that the description does not have."""


def load():
    """The document, put together as src/api/openapi/embed.cmake does."""
    def members(part):
        found = {}
        for file in sorted((FOLDER / part).glob("*.json")):
            found.update(json.loads(file.read_text()))
        return found
    about = json.loads((FOLDER / "document.json").read_text())
    return {**about, "paths": members("paths"), "components": members("components")}


def takes_stale(operation):
    """Whether a standby may answer: then any reply has two fields more."""
    return {"$ref": "#/components/parameters/Stale"} in operation.get("parameters", ())


def closed(schema):
    """A copy that allows no members but those it names. Clients are to ignore others."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    copied = {name: closed(part) for name, part in schema.items()}
    if "properties" in copied and copied.get("type") == "object" and copied["properties"]:
        copied.setdefault("additionalProperties", False)
    return copied


class Description:
    def __init__(self, document):
        self.document = document
        schemas = {"schemas": closed(document["components"]["schemas"])}
        self.components = {"components": schemas}
        self.validators = {}
        self.seen = collections.Counter()

    def resolve(self, part):
        while "$ref" in part:
            for name in part["$ref"].split("/")[1:]:
                found = found[name] if name != "components" else self.document[name]
            part = found
        return part

    def path_of(self, target):
        """The path of the document that a request's target is of, or None."""
        given = target.partition("?")[0].split("/")
        for path in self.document["paths"]:
            due = path.split("/")
            if len(due) == len(given) and all(
                    one.startswith("{") or one == urllib.parse.unquote(other)
                    for one, other in zip(due, given)):
                return path
        return None

    def errors(self, schema, value):
        """What is wrong with a value, as texts."""
        if jsonschema is None:
            return []
        key = id(schema)
        if key not in self.validators:
            whole = {**closed(copy.deepcopy(schema)), **self.components}
            self.validators[key] = jsonschema.Draft202012Validator(whole)
        return [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}"
                for error in self.validators[key].iter_errors(value)]

    def check(self, method, target, status, fields, body):
        """Raises NotAsDescribed unless the reply is as described. The names of `fields` are in
        small letters; `body` is a text, or None if it is not known."""
        path = self.path_of(target)
        operation = (self.document["paths"][path] if path else {}).get(
            {"HEAD": "get"}.get(method, method.lower()))
        where = f"{method} {target[:200]}: {status} {(body or '')[:500]!r}: "
        if method == "OPTIONS" and status == 204:
            wrong = None if fields.get("allow") and not body else "there is no Allow"
        elif operation is None:
            wrong = self.wrong_without_route(path, status, fields, body)
        else:
            wrong = self.wrong(operation, method, status, fields, body)
        if wrong:
            raise NotAsDescribed(where + wrong)

    def wrong_without_route(self, path, status, fields, body):
        """Of a path or a method that is not described."""
        if status < 400:
            return "no such route is described"
        if body is None or body == "":
            return None
        value = json.loads(body)
        kind = "Problem" if "problem" in fields.get("content-type", "") else "Refusal"
        of_route = {404: "no_such_route", 405: "method_not_allowed"}
        given = value["error"]["type"] if kind == "Refusal" else value["type"].split(":")[-1]
        if status in of_route and (given, status == 405) != (of_route[status], path is not None):
            return "the refusal is not that of a route"
        return "; ".join(self.errors(self.document["components"]["schemas"][kind], value))

    def wrong(self, operation, method, status, fields, body):
        response = operation["responses"].get(str(status))
        if response is None:
            return "the status is not described"
        response = self.resolve(response)
        described = {name.lower(): self.resolve(one)
                     for name, one in response.get("headers", {}).items()}
        usual = USUAL_FIELDS | ({"coffer-as-of", "age"} if takes_stale(operation) else set())
        for name in fields.keys() - usual - {"allow"}:
            if name not in described:
                return f"the field {name} is not described"
            value = fields[name]
            schema = described[name]["schema"]
            errors = self.errors(schema, int(value) if schema.get("type") == "integer" else value)
            if errors:
                return f"the field {name}: {errors}"
        for name, one in described.items():
            if one.get("required") and name not in fields:
                return f"the field {name} is missing"
        content = response.get("content", {})
        if not content:
            return "there is a body" if body else None
        media = content.get(fields.get("content-type"))
        if media is None:
            return f"the media type {fields.get('content-type')} is not described"
        if method == "HEAD" or body is None:
            return "there is a body" if body else None
        return self.wrong_body(media, fields["content-type"], status, body)

    def wrong_body(self, media, media_type, status, body):
        self.seen[id(media)] += 1
        count = self.seen[id(media)]
        if count > FIRST and count % THEN_EVERY:
            return None
        if not media_type.endswith("json") or "ndjson" in media_type:
            lines = body.splitlines() if "x-line" in media else []
            return "; ".join(error for line in lines[:FIRST]
                             for error in self.errors(media["x-line"], json.loads(line)))
        value = json.loads(body)
        # A page that cannot be completed after its status was sent: see the page of the API.
        if status == 200 and value.get("code") == 503:
            media = self.document["components"]["responses"]["Unavailable"]["content"][media_type]
        return "; ".join(self.errors(media["schema"], value))

    def steps(self):
        """The examples that can be sent, in the order of their steps: number, name, method, path,
        operation, status, media type and example."""
        found = []
        for path, item in self.document["paths"].items():
            for method, operation in item.items():
                for status, response in operation["responses"].items():
                    response = self.resolve(response)
                    for media_type, media in response.get("content", {"": response}).items():
                        for name, example in media.get("examples", {}).items():
                            found.append((example["x-request"]["step"], name, method.upper(), path,
                                          operation, int(status), media_type, example))
                    if "x-request" in response:
                        found.append((response["x-request"]["step"], f"status_{status}",
                                      method.upper(), path, operation, int(status), "", response))
        return sorted(found, key=lambda step: step[0])

    def request_of(self, path, operation, example, carried=None):
        """The target, header fields and body of a step's request. `carried` has what replies gave
        in place of values of their examples, such as cursors."""
        def actual(value):
            return (carried or {}).get(value, value)
        asked = example["x-request"]
        given = asked.get("path", {})
        for parameter in map(self.resolve, operation.get("parameters", ())):
            if parameter["in"] == "path":
                name = parameter["name"]
                value = actual(given.get(name, parameter.get("example", "")))
                path = path.replace(f"{{{name}}}", urllib.parse.quote(value, safe=""))
        if "query" in asked:
            path += "?" + urllib.parse.urlencode(
                {name: actual(value) for name, value in asked["query"].items()})
        fields = {name: actual(value) for name, value in asked.get("headers", {}).items()}
        body = asked.get("body")
        if body is None:
            return path, fields, None
        (media_type, content), = operation["requestBody"]["content"].items()
        fields.setdefault("Content-Type", media_type)
        if isinstance(body, str):  # its name, or a text that is refused
            body = content["examples"].get(body, {"value": body})["value"]
        return path, fields, body if isinstance(body, str) else json.dumps(body)


DESCRIPTION = Description(load())


def check(method, target, status, fields, body):
    DESCRIPTION.check(method, target, status, fields, body)


def check_curl(arguments, reply):
    """Checks what curl got for these arguments. Several requests at once are not checked."""
    if "--next" in arguments:
        return
    url, = (one for one in arguments if re.match("https?://", one))
    target = re.sub(r"^https?://[^/]*", "", url) or "/"
    method = "GET"
    for before, one in zip(arguments, (*arguments[1:], "")):
        if before in ("--request", "-X"):
            method = one
            break
        if before in ("--head", "-I"):
            method = "HEAD"
        elif before.startswith("--data") or before == "-d":
            method = "POST"
    check(method, target, reply.status, reply.fields, reply.body)


def check_bytes(request, received):
    """Checks the first reply to bytes that begin with a whole request line."""
    asked = re.match(rb"(?:\r\n)*([A-Z]+) (\S+) HTTP/1\.[01]\r\n", request)
    head, found, rest = received.partition(b"\r\n\r\n")
    answered = re.match(rb"HTTP/1\.1 (\d\d\d) ", head)
    if asked is None or not found or answered is None or answered[1] == b"100":
        return
    fields = {}
    for line in head.decode("latin-1").split("\r\n")[1:]:
        name, _, value = line.partition(":")
        fields[name.lower()] = value.strip()
    size = int(fields.get("content-length", 0))
    has_body = asked[1] != b"HEAD" and len(rest) >= size and "transfer-encoding" not in fields
    target = re.sub(r"^http://[^/]*", "", asked[2].decode("latin-1"))
    check(asked[1].decode(), target, int(answered[1]), fields,
          rest[:size].decode() if has_body and size else None)

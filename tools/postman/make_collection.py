#!/usr/bin/env python3
"""Makes the Postman collection of the examples in the API's description.

  tools/postman/make_collection.py           writes tools/postman/coffer.postman_collection.json
  tools/postman/make_collection.py --print   prints it instead

A request has the tests of its reply: status, media type, and the members and types of its body.
Their function `shape` is that of the collection, whose own tests run before each request's.
What a reply gives and a later request needs, such as a hold's id, is kept in a variable.
"""

import json
import pathlib
import sys
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
COLLECTION = pathlib.Path(__file__).with_name("coffer.postman_collection.json")
sys.path.insert(0, str(ROOT / "tests"))

from description import DESCRIPTION  # noqa: E402

SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
ABOUT = ("Made from the API's description by tools/postman/make_collection.py. The requests are to "
         "be sent in their order, to a server that has just been started on an empty directory.")
# Members of a reply that later requests may need.
CARRIED = ("hold", "next", "time", "sequence", "record")
SHAPE = ("shape = (value) => value === null ? 'null' : Array.isArray(value)"
         " ? value.map(shape) : typeof value === 'object' ? Object.fromEntries("
         "Object.entries(value).map(([name, one]) => [name, shape(one)])) : typeof value;")


def shape(value):
    """The types of a value and its members, as SHAPE finds them."""
    if isinstance(value, dict):
        return {name: shape(one) for name, one in value.items()}
    if isinstance(value, list):
        return [shape(one) for one in value]
    names = {type(None): "null", bool: "boolean", str: "string"}
    return names.get(type(value), "number")


def places(value, path="body"):
    """Each member of CARRIED in a body of JSON: its value, and JavaScript that reads it."""
    if isinstance(value, list):
        for index, one in enumerate(value):
            yield from places(one, f"{path}[{index}]")
    if isinstance(value, dict):
        for name, one in value.items():
            if name in CARRIED and isinstance(one, (str, int)):
                yield str(one), f"{path}.{name}"
            yield from places(one, f"{path}.{name}")


class Maker:
    def __init__(self):
        self.known = {}  # the values of replies so far: their item's script, and how to read them

    def variable(self, name, value):
        """The text of a parameter: a variable if an earlier reply gave its value."""
        if name not in ("hold", "after", "at", "from", "until", "Last-Event-ID") \
                or value not in self.known:
            return value
        script, number, read = self.known[value]
        variable = f"{read.rpartition('.')[2]}_{number}"
        line = f"pm.collectionVariables.set('{variable}', {read});"
        if line not in script:
            script.append(line)
        return "{{%s}}" % variable

    def item(self, number, method, path, operation, status, media_type, example):
        # Before its own reply is known: a request needs what came earlier.
        request = self.request(method, path, operation, example)
        script = self.tests(status, media_type, example)
        value = example.get("value")
        if isinstance(value, dict):
            for one, read in places(value):
                self.known.setdefault(one, (script, number, read))
        name = example.get("summary") or example["description"]
        return {"name": name, "event": [{"listen": "test", "script": {
            "type": "text/javascript", "exec": script}}], "request": request, "response": []}

    def request(self, method, path, operation, example):
        asked = example["x-request"]
        _, fields, body = DESCRIPTION.request_of(path, operation, example)
        parts = []
        parameters = {one["name"]: one for one in
                      map(DESCRIPTION.resolve, operation.get("parameters", ()))
                      if one["in"] == "path"}
        for part in path.strip("/").split("/"):
            if part.startswith("{"):
                name = part[1:-1]
                value = asked.get("path", {}).get(name, parameters[name].get("example"))
                part = self.variable(name, value)
            parts.append(part)
        query = [{"key": name, "value": self.variable(name, value)}
                 for name, value in asked.get("query", {}).items()]
        raw = "{{baseUrl}}/" + "/".join(parts)
        if query:
            raw += "?" + "&".join(
                f"{one['key']}={urllib.parse.quote(one['value'], safe='{}:')}" for one in query)
        url = {"raw": raw, "host": ["{{baseUrl}}"], "path": parts}
        if query:
            url["query"] = query
        made = {"method": method, "description": operation["summary"],
                "header": [{"key": name, "value": self.variable(name, value)}
                           for name, value in fields.items()], "url": url}
        if body is not None:
            language = "json" if fields["Content-Type"] == "application/json" else "text"
            made["body"] = {"mode": "raw", "raw": body, "options": {"raw": {"language": language}}}
        return made

    @staticmethod
    def tests(status, media_type, example):
        script = [f"pm.test('the status is {status}', () => pm.response.to.have.status({status}));"]
        if media_type:
            script.append(f"pm.test('it is {media_type}', () => "
                          f"pm.expect(pm.response.headers.get('Content-Type'))"
                          f".to.eql('{media_type}'));")
        if not media_type.endswith("json") or "ndjson" in media_type or "value" not in example:
            return script
        due = json.dumps(shape(example["value"]))
        script += ["const body = pm.response.json();",
                   f"pm.test('it has the members and types described', () => "
                   f"pm.expect(shape(body)).to.eql({due}));"]
        is_problem = media_type == "application/problem+json"
        error = (example["value"] if is_problem else example["value"].get("error", {})).get("type")
        if error:
            script.append(f"pm.test('the refusal is {error}', () => pm.expect("
                          f"body{'' if is_problem else '.error'}.type).to.eql('{error}'));")
        return script


def collection():
    """The folders are the tags, each where the order of the steps comes to it."""
    maker = Maker()
    folders = []
    for number, _, method, path, operation, status, media_type, example in DESCRIPTION.steps():
        if media_type == "text/event-stream" and status == 200:
            continue  # it has no end
        tag = operation["tags"][0]
        if not folders or folders[-1]["name"] != tag:
            about, = (one["description"] for one in DESCRIPTION.document["tags"]
                      if one["name"] == tag)
            folders.append({"name": tag, "description": about, "item": []})
        folders[-1]["item"].append(
            maker.item(number, method, path, operation, status, media_type, example))
    return {"info": {"name": "Coffer", "description": ABOUT, "schema": SCHEMA}, "item": folders,
            "event": [{"listen": "test", "script": {"type": "text/javascript", "exec": [SHAPE]}}],
            "variable": [{"key": "baseUrl", "value": "http://127.0.0.1:5000"}]}


def text():
    return json.dumps(collection(), indent=2) + "\n"


if __name__ == "__main__":
    if sys.argv[1:] == ["--print"]:
        print(text(), end="")
    elif sys.argv[1:]:
        sys.exit(__doc__)
    else:
        COLLECTION.write_text(text())

"""Asks what became of requests that were not answered, before they are repeated."""

import json

from faults.history import HISTORY_TRIMMED, TRIMMED

UNKNOWN = 404, "no_such_key"


class KeyOutcomes:
    """Asks through `reader` for the outcomes of the requests with these numbers, after a restart
    and while no request is under way. Their repetition must be answered likewise."""

    def __init__(self, reader, history, numbers):
        self.history = history
        self.replayed_before = history.counts["replayed"]
        self.trimmed = 0
        self.answers = {}
        for number in set(numbers):
            self._ask(reader, number)

    def _ask(self, reader, number):
        key = self.history.key_of(number)
        status, body = reader.get(f"/idempotency-keys/{key}")
        if status == 200:
            self._take(number, key, body)
        elif status == TRIMMED and HISTORY_TRIMMED in body and self.history.may_forget:
            self.trimmed += 1
        elif (status, json.loads(body)["error"]["type"]) != UNKNOWN:
            self.history.complain("wrong", f"what became of {key}: {status} {body}")

    def _take(self, number, key, body):
        found = json.loads(body)["data"]
        begin = body.index('"reply":') + len('"reply":')
        _, end = json.JSONDecoder().raw_decode(body, begin)
        self.answers[number] = (found["status"], found.get("location"), body[begin:end])
        if found["key"] != key or found["reply"]["code"] != found["status"]:
            self.history.complain("wrong", f"what became of {key}: {body}")

    def compare(self, is_first):
        """Call it when they have been repeated and answered, and no others. `is_first`: each once.
        Returns how many there were."""
        for number, answer in self.answers.items():
            if hash(answer) != self.history.answers[number]:
                self.history.complain("wrong", f"{self.history.key_of(number)} was answered "
                                               f"otherwise than {answer}")
        replayed = self.history.counts["replayed"] - self.replayed_before
        if is_first and not len(self.answers) <= replayed <= len(self.answers) + self.trimmed:
            self.history.complain("wrong", f"{len(self.answers)} keys were known before they were "
                                           f"repeated, and {replayed} requests had been done")
        return len(self.answers)

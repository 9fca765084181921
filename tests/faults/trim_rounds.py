"""Kills a server again and again while it trims its journal."""

from end_to_end.server import Server, wait_until
from faults.kill_rounds import ASKED_AGAIN, KEY_TTL_S, KillRounds

LONG_KEY = "trim-" + "k" * 200  # fills a segment with fewer postings
FILL = 500  # requests at once
LATE_KILL = 2  # each such round; the others are killed before, while or after they trim
# The life of keys in servers that trim. A request that such a server has not answered is repeated
# to the next one, which keeps keys for longer. Its key is lost only if its record is trimmed, and
# so older than this, while the request is on its way.
TRIMMING = ("--snapshot-every", "50ms", "--snapshot-keep", "1", "--retain", "1s",
            "--idempotency-ttl", "1s", "--threads", "2")


class TrimRounds(KillRounds):
    """A round has three servers. The first two keep the whole journal, and keys for `key_ttl_s`:
    the first is killed under load, and its requests are repeated to the second. The third trims
    what is a second old, and is killed under new load. No export is checked: its start is trimmed.
    """

    SEGMENT_SIZE = "4MiB"

    def __init__(self, folder, seed, say, key_ttl_s=KEY_TTL_S, **options):
        super().__init__(folder, seed, say, key_ttl_s, LONG_KEY, may_forget=True, **options)
        self.trimmed = 0

    def run(self, rounds, audit_every):
        for _ in range(rounds):
            self.rounds += 1
            with self._started() as server:
                self._settle(server, 0)
                self._kill_under_load(server)
            with self._started() as server:
                self._settle(server, ASKED_AGAIN)
                self._fill_a_segment(server)
                server.kill()
            self._trim(self._kill_once_it_has_trimmed if self.rounds % LATE_KILL == 0
                       else self._kill_under_load)
            if self.rounds % audit_every == 0:
                self.audit()
                self.say(self.summary())
        with self._started() as server:
            self._settle(server, 0)
            self._fill_a_segment(server)
        self._trim(self._end_with_one_segment)
        with self._started() as server:
            self._settle(server, 0)
            self._end(server)
        self.audit()

    def _settle(self, server, asked_again):
        self.customers.check_nothing_was_taken_back(server)
        self.customers.settle(server, asked_again)
        self.customers.ask_no_more_for_what_was()

    def _fill_a_segment(self, server):
        """Fills segments, so that there will be one to trim."""
        while len(self.segments()) < 2:
            self.customers.post(server, FILL)
        self.customers.ask_no_more_for_what_was()

    def _trim(self, and_then):
        before = self.segments()
        with Server(*TRIMMING, "--segment-size", self.SEGMENT_SIZE, data=self.data,
                    env=self.clock.environment) as server:
            and_then(server)
        self.trimmed += len(set(before) - set(self.segments()))

    def _wait_until_it_has_trimmed(self, server):
        """Posts, since a snapshot needs a new record, and trimming needs a snapshot."""
        def trimmed():
            self.customers.post(server, 1)
            self.customers.ask_no_more_for_what_was()
            return len(self.segments()) == 1
        wait_until(trimmed)

    def _kill_once_it_has_trimmed(self, server):
        self._wait_until_it_has_trimmed(server)
        self._kill_under_load(server)

    def _end_with_one_segment(self, server):
        self._wait_until_it_has_trimmed(server)
        self._end(server)

    def segments(self):
        return list((self.data / "journal").glob("*.journal"))

    def summary(self):
        return f"{super().summary()}; {self.trimmed} segments trimmed"

"""The accounts and holds that a history leaves, by the lines of an export."""

import dataclasses
import pathlib
import sys

from server import wait_until

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from faults.export_lines import SIGNS, signed_minor_of  # noqa: E402
from faults.money_text import minor_of  # noqa: E402


@dataclasses.dataclass
class Account:
    balance: int = 0
    held: int = 0
    sequence: int = 0
    status: str = "open"
    holds: dict = dataclasses.field(default_factory=dict)  # open ones: what remains


class Model:
    """Replays lines, parsed with amounts as text. Its own amounts are in cents."""

    def __init__(self, lines):
        self.accounts = {}
        for said in lines:
            self._take(said)

    def _take(self, said):
        operation, hold = said["operation"], said.get("hold")
        account = self.accounts.setdefault(said["account_number"], Account())
        amount = signed_minor_of(said["amount"])
        account.balance += SIGNS[operation] * amount
        account.sequence += 1
        if operation in ("closing", "reopening"):
            account.status = "closed" if operation == "closing" else "open"
        elif operation == "hold":
            account.holds[hold] = amount
        elif operation in ("release", "expiry"):
            assert account.holds.pop(hold) == amount
        elif operation == "capture":
            # It may be the last one, which gives back what it leaves.
            left = account.holds[hold] - amount
            is_last = minor_of(said.get("held", "0.0")) < account.held - amount or left == 0
            account.holds.pop(hold)
            if not is_last:
                account.holds[hold] = left
        account.held = sum(account.holds.values()) if hold else account.held

    def compare(self, test, client, expiring):
        """With a server. The holds of the account `expiring` may expire meanwhile."""
        for number, account in self.accounts.items():
            if int(number) == expiring:
                wait_until(lambda: holds_of(client, expiring).items() <= account.holds.items())
                shown = client.get(f"/accounts/{number}").data()
                test.assertEqual(account.balance, round(shown["balance"] * 100))
                continue
            test.assertEqual((account, number), (shown_by(client, number), number))


def shown_by(client, number):
    shown = client.get(f"/accounts/{number}").data()
    return Account(*(round(shown[name] * 100) for name in ("balance", "held")), shown["sequence"],
                   shown["status"], holds_of(client, number))


def holds_of(client, number):
    found, after = {}, ""
    while after is not None:
        page = client.get(f"/accounts/{number}/holds?limit=1000{after}").data()
        found.update((one["hold"], round(one["remaining"] * 100)) for one in page["holds"])
        after = page["next"] and f"&after={page['next']}"
    return found

#!/usr/bin/env python3
"""Explores every interleaving of the protocol models in this folder, right and broken.

Needs spin and a C compiler. Run: python3 tests/models/models_test.py [CLASS.TEST...]
"""

import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

FOLDER = pathlib.Path(__file__).resolve().parent
DEPTH_STEPS_MAX = 1_000_000
MEMORY_MB_MAX = 2_000
TIME_S_MAX = 300

OPPOSITE = ("OPPOSITE", "ROUNDS=2")
DEPOSIT = ("DEPOSIT", "ROUNDS=2", "RECORDS=1", "ATTEMPTS=3")
REUSE = ("REUSE", "RECORDS=1", "ATTEMPTS=1")
LATE = ("LATE", "ATTEMPTS=1")


def explore(model, defines, livelock=False, large=False):
    """Returns what the verifier of `model` prints. Optimising it pays for a large model only."""
    with tempfile.TemporaryDirectory() as place:
        def run(*command):
            done = subprocess.run(command, cwd=place, capture_output=True, text=True,
                                  timeout=TIME_S_MAX, check=False)
            return done.returncode, done.stdout + done.stderr

        for part in FOLDER.glob("*.pml"):
            shutil.copy(part, place)
        status, said = run("spin", *(f"-D{define}" for define in defines), "-a", model)
        if status != 0:
            raise AssertionError(f"spin: {said}")
        status, said = run("cc", "-O2" if large else "-O0", "-w",
                           "-DNP" if livelock else "-DSAFETY", "-DCOLLAPSE",
                           f"-DMEMLIM={MEMORY_MB_MAX}", "-o", "pan", "pan.c")
        if status != 0:
            raise AssertionError(f"cc: {said}")
        return run("./pan", f"-m{DEPTH_STEPS_MAX}", *(["-l"] if livelock else []))[1]


class ModelTest(unittest.TestCase):
    model = ""

    @classmethod
    def setUpClass(cls):
        if shutil.which("spin") is None:
            raise unittest.SkipTest("spin is not installed")

    def errors(self, said):
        for limit in ("max search depth too small", "truncated", "out of memory", "memory limit",
                      "not completed: depth"):
            self.assertNotIn(limit, said)
        found = re.search(r"errors: (\d+)", said)
        self.assertIsNotNone(found, said)
        return int(found.group(1))

    def holds(self, *defines, livelock=False, large=False):
        said = explore(self.model, defines, livelock, large)
        self.assertEqual(self.errors(said), 0, said)
        self.assertNotIn("Search not completed", said)

    def refuted(self, *defines, by="assertion violated", **how):
        said = explore(self.model, defines, **how)
        self.assertGreater(self.errors(said), 0, said)
        self.assertIn(by, said)


class Cut(ModelTest):
    model = "cut.pml"

    def test_moved_money_is_never_in_the_cut_twice(self):
        self.holds("MOVE", "CUTS=2", large=True)

    def test_what_happened_before_is_in_the_cut(self):
        self.holds("FLAG", "CUTS=2", large=True)

    def test_one_account_posted_to_by_three(self):
        self.holds("BUSY", "CUTS=2", large=True)

    def test_an_account_opened_beside_cuts(self):
        self.holds("OPEN", "CUTS=3")

    def test_an_account_moved_by_who_posts_beside_it(self):
        self.holds("BESIDE", "CUTS=2", large=True)

    def test_an_account_opened_while_it_is_moved(self):
        self.holds("OPEN_BESIDE", "CUTS=3", large=True)

    def test_skipping_closed_accounts_and_looking_twice_is_right_as_well(self):
        self.holds("OPEN", "CUTS=3", "SKIP_CLOSED", "EPOCH_RECHECK")

    def test_always_finishes(self):
        self.holds("OPEN", "CUTS=2", livelock=True)

    def test_epoch_first_is_refuted(self):
        self.refuted("FLAG", "EPOCH_FIRST")

    def test_no_before_is_refuted(self):
        self.refuted("MOVE", "NO_BEFORE")

    def test_stale_before_is_refuted(self):
        self.refuted("MOVE", "STALE_BEFORE")

    def test_no_recheck_is_refuted(self):
        self.refuted("BUSY", "NO_RECHECK")

    def test_no_recheck_is_refuted_by_a_move(self):
        self.refuted("BESIDE", "NO_RECHECK")

    def test_skip_closed_is_refuted(self):
        self.refuted("OPEN", "SKIP_CLOSED")

    def test_four_tags_last_for_four_openings(self):
        self.holds("OPEN", "MOD=4", "CUTS=4")

    def test_two_tags_are_refuted_by_three_cuts(self):
        self.refuted("BUSY", "MOD=2", "CUTS=3", large=True)


class Transfer(ModelTest):
    model = "transfer.pml"

    def test_opposite_transfers(self):
        self.holds(*OPPOSITE)

    def test_transfers_beside_deposits(self):
        self.holds("DEPOSIT", "ROUNDS=2")

    def test_one_record_used_again_and_again(self):
        self.holds(*DEPOSIT)

    def test_a_record_used_again_for_a_state_given_back(self):
        self.holds(*REUSE)

    def test_a_chain_of_three_accounts(self):
        self.holds("CHAIN", "ROUNDS=2")

    def test_a_chain_beside_deposits(self):
        self.holds(*LATE, large=True)

    def test_a_reader_beside_them(self):
        self.holds("READER", "ROUNDS=2", "RECORDS=1", "ATTEMPTS=2", large=True)

    def test_a_cut_beside_transfers_has_the_total(self):
        self.holds("CUT", "RECORDS=1", large=True)

    def test_opposite_transfers_always_finish(self):
        self.holds(*OPPOSITE, "PATIENT", livelock=True)

    def test_transfers_beside_deposits_always_finish(self):
        self.holds("DEPOSIT", "PATIENT", livelock=True)

    def test_a_chain_always_finishes(self):
        self.holds("CHAIN", "PATIENT", livelock=True)

    def test_decide_twice_is_refuted(self):
        self.refuted(*OPPOSITE, "DECIDE_TWICE", "OUTCOME_ONLY")

    def test_lower_only_is_refuted(self):
        self.refuted(*DEPOSIT, "LOWER_ONLY", "OUTCOME_ONLY")

    def test_no_last_try_is_refuted(self):
        self.refuted(*DEPOSIT, "NO_LAST_TRY", "OUTCOME_ONLY")

    def test_reuse_pinned_is_refuted(self):
        self.refuted(*DEPOSIT, "REUSE_PINNED", "OUTCOME_ONLY")

    def test_pins_first_is_refuted(self):
        self.refuted(*REUSE, "PINS_FIRST", "OUTCOME_ONLY")

    def test_pins_keep_a_helper_from_what_was_taken_in_hand_again(self):
        self.refuted(*REUSE, "PINS_FIRST", "OUT_OF_HAND_ONLY")

    def test_no_reread_is_refuted(self):
        self.refuted(*DEPOSIT, "NO_REREAD", "OUTCOME_ONLY")

    def test_abort_on_foreign_is_refuted(self):
        self.refuted(*LATE, "ABORT_ON_FOREIGN", "OUTCOME_ONLY", large=True)

    def test_abort_on_foreign_is_for_a_state_that_comes_back(self):
        self.refuted(*LATE, "ABORT_ON_FOREIGN",
                     by="assertion violated ((word[mine.account[leg]]& ~(3))!=mine.expected[leg])")

    def test_unordered_settles_without_end(self):
        self.refuted("OPPOSITE", "UNORDERED", by="assertion violated (w_beyond==0)")

    def test_take_lower_takes_an_account_for_a_transfer_that_is_over(self):
        self.refuted(*DEPOSIT, "TAKE_LOWER", by="assertion violated ((pool[own].phase==2)")

    def test_take_lower_is_right_all_the_same(self):
        self.holds(*DEPOSIT, "TAKE_LOWER", "OUTCOME_ONLY")
        self.holds(*REUSE, "TAKE_LOWER", "OUTCOME_ONLY")


class Transaction(ModelTest):
    model = "transaction.pml"

    def test_three_legs_beside_two_in_the_other_direction(self):
        self.holds("OPPOSITE", "RECORDS=2", "ATTEMPTS=2")

    def test_three_legs_beside_deposits(self):
        self.holds("LATE", "ATTEMPTS=2")

    def test_a_late_reservation_in_the_middle_is_met(self):
        self.holds("MET_LATE", large=True)

    def test_one_record_used_again(self):
        self.holds("REUSE", large=True)

    def test_a_reader_of_the_account_in_the_middle(self):
        self.holds("READER", large=True)

    def test_opposite_ones_always_finish(self):
        self.holds("OPPOSITE", "RECORDS=2", "ATTEMPTS=0", "PATIENT", livelock=True)

    def test_three_legs_beside_deposits_always_finish(self):
        self.holds("MET_LATE", "ATTEMPTS=0", "PATIENT", livelock=True, large=True)

    def test_the_account_in_the_middle_may_be_reserved_too_late(self):
        self.refuted("LATE", "NEVER_LATE")

    def test_no_take_back_is_refuted(self):
        self.refuted("LATE", "NO_TAKE_BACK", "OUTCOME_ONLY", by="((word[1]&3)==0)")

    def test_reuse_pinned_is_refuted(self):
        self.refuted("REUSE", "REUSE_PINNED", "OUTCOME_ONLY")

    def test_no_reread_is_refuted(self):
        self.refuted("REUSE", "NO_REREAD", "OUTCOME_ONLY")

    def test_commit_early_is_refuted(self):
        self.refuted("LATE", "COMMIT_EARLY", "OUTCOME_ONLY")


class Hold(ModelTest):
    model = "hold.pml"

    def test_capture_release_and_expiry_have_one_winner(self):
        self.holds("RACE", "RECORDS=2")

    def test_captures_in_part_beside_a_release(self):
        self.holds("PARTS")

    def test_postings_beside_holds(self):
        self.holds("POSTINGS", "RECORDS=2")

    def test_a_reader_sees_sums_that_were(self):
        self.holds("READER", "RECORDS=2")

    def test_a_capture_to_another_account(self):
        self.holds("PAY")
        self.holds("PAY", "PAYEE_FIRST")

    def test_a_stale_release_of_a_slot_used_again(self):
        self.holds("STALE")

    def test_one_record_used_again(self):
        self.holds("RACE", "RECORDS=1")

    def test_cuts_beside_ends(self):
        self.holds("CUT_RELEASE", large=True)

    def test_cuts_beside_a_placing(self):
        self.holds("CUT_PLACE")

    def test_cuts_beside_a_capture_to_another_account(self):
        self.holds("CUT_PAY")
        self.holds("CUT_PAY", "PAYEE_FIRST")

    def test_a_race_always_finishes(self):
        self.holds("RACE", "PATIENT", livelock=True)

    def test_sum_torn_is_refuted(self):
        self.refuted("READER", "SUM_TORN")

    def test_states_recur_is_refuted(self):
        self.refuted("POSTINGS", "RECORDS=2", "STATES_RECUR")

    def test_no_generation_is_refuted(self):
        self.refuted("STALE", "NO_GENERATION")

    def test_generation_first_is_refuted(self):
        self.refuted("STALE", "GENERATION_FIRST")

    def test_protected_after_is_refuted(self):
        self.refuted("RACE", "PROTECTED_AFTER", "OUTCOME_ONLY")

    def test_reuse_pinned_is_refuted(self):
        self.refuted("RACE", "REUSE_PINNED", "OUTCOME_ONLY")

    def test_no_reread_is_refuted(self):
        self.refuted("RACE", "NO_REREAD", "OUTCOME_ONLY")

    def test_protected_first_is_refuted(self):
        self.refuted("CUT_PLACE", "PROTECTED_FIRST", by="assertion violated (booked==total)")

    def test_moved_back_is_refuted(self):
        self.refuted("CUT_RELEASE", "MOVED_BACK", large=True)

    def test_not_moved_is_refuted(self):
        self.refuted("CUT_RELEASE", "NOT_MOVED")


if __name__ == "__main__":
    unittest.main()

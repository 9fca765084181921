// Histories short enough to see through, each wrong in one way: that the checks see it too.
#include "core/stress/history.hpp"

#include <catch.hpp>

namespace {

using namespace coffer::stress;
using kind = violation_kind;

/// Two accounts opened with 100 each, at moments 0 to 1 and 2 to 3.
history two_accounts() {
    history all;
    all.postings.push_back({{0, 1}, {0, 1, 100}, 100, posting_kind::opening});
    all.postings.push_back({{2, 3}, {1, 1, 100}, 100, posting_kind::opening});
    return all;
}

/// The same, and 30 moved from the first to the second, at moments 10 to 20.
history with_transfer() {
    history all = two_accounts();
    all.postings.push_back({{10, 20}, {0, 2, 70}, -30});
    all.postings.push_back({{10, 20}, {1, 2, 130}, 30});
    all.transfers.push_back({{{0, 2, 70}, {1, 2, 130}}});
    return all;
}

/// Two accounts, and 40 of the first one's held, at moments 10 to 20.
history with_hold() {
    history all = two_accounts();
    all.postings.push_back({{10, 20}, {0, 2, 100, 40}, 0, posting_kind::change, 40});
    all.hold_changes.push_back({{0, 2}, 2, 40, 0, 0});
    return all;
}

std::vector<kind> kinds_in(const history& all) {
    std::vector<kind> kinds;
    for (const violation& one : violations(all, 2))
        kinds.push_back(one.kind);
    return kinds;
}

std::vector<kind> only(kind one) {
    return {one};
}

/// What is wrong once `posting` has been answered too.
std::vector<kind> kinds_with(const made& posting, history all = two_accounts()) {
    all.postings.push_back(posting);
    return kinds_in(all);
}

std::vector<kind> kinds_with(const seen& read, history all = with_transfer()) {
    all.reads.push_back(read);
    return kinds_in(all);
}

std::vector<kind> kinds_with(const taken& cut, history all = with_transfer()) {
    all.cuts.push_back(cut);
    return kinds_in(all);
}

}  // namespace

TEST_CASE("history: what a ledger could have answered is no violation", "[stress]") {
    history all = with_transfer();
    all.reads.push_back({{0, 0}, {1, 0, 0}});      // not open yet
    all.reads.push_back({{11, 12}, {0, 2, 70}});   // while it is posted
    all.reads.push_back({{11, 12}, {1, 1, 100}});  // at the same time, still as it was
    all.denials.push_back({{1, 2}, 0, 1});
    all.cuts.push_back({{0, 3}, {{0, 1, 100}, {1, 0, 0}}, 1, 100});
    all.cuts.push_back({{9, 30}, {{0, 1, 100}, {1, 1, 100}}, 2, 200});
    all.cuts.push_back({{15, 16}, {{0, 2, 70}, {1, 2, 130}}, 2, 200});
    CHECK(kinds_in(all).empty());
}

TEST_CASE("history: sequences count from 1, each once", "[stress]") {
    CHECK(kinds_with(made{{4, 5}, {0, 0, 100}, 0}) == only(kind::sequence_out_of_range));
    CHECK(kinds_with(made{{4, 5}, {0, 1, 100}, 100, posting_kind::opening}) ==
          only(kind::sequence_twice));
    CHECK(kinds_with(made{{4, 5}, {0, 3, 100}, 0}) == only(kind::sequence_gap));
}

TEST_CASE("history: an account's first posting, and no other, opens it", "[stress]") {
    CHECK(kinds_with(made{{4, 5}, {0, 2, 200}, 100, posting_kind::opening}) ==
          only(kind::opening_out_of_place));
    history all;
    all.postings.push_back({{0, 1}, {0, 1, 100}, 100});
    CHECK(kinds_in(all) == only(kind::opening_out_of_place));
}

TEST_CASE("history: a balance is the one before and what was gained", "[stress]") {
    CHECK(kinds_with(made{{4, 5}, {0, 2, 101}, 2}) == only(kind::balance_does_not_follow));
    CHECK(kinds_with(made{{4, 5}, {0, 2, -1}, -101}) == only(kind::balance_does_not_follow));
}

TEST_CASE("history: sequences are in the order of time", "[stress]") {
    history all;
    all.postings.push_back({{5, 6}, {0, 1, 100}, 100, posting_kind::opening});
    all.postings.push_back({{2, 4}, {0, 2, 101}, 1});
    CHECK(kinds_in(all) == only(kind::sequence_against_time));
}

TEST_CASE("history: a state seen is one the account had at that time", "[stress]") {
    CHECK(kinds_with(seen{{30, 31}, {0, 2, 71}}) == only(kind::state_never_was));
    CHECK(kinds_with(seen{{30, 31}, {0, 3, 70}}) == only(kind::state_never_was));
    CHECK(kinds_with(seen{{30, 31}, {0, 0, 70}}) == only(kind::state_never_was));
    CHECK(kinds_with(seen{{8, 9}, {0, 2, 70}}) == only(kind::state_too_early));
    CHECK(kinds_with(seen{{21, 22}, {0, 1, 100}}) == only(kind::state_outdated));
    CHECK(kinds_with(seen{{4, 5}, {1, 0, 0}}) == only(kind::state_outdated));
}

TEST_CASE("history: who has seen one leg of a transfer sees the other", "[stress]") {
    history all = with_transfer();
    all.reads.push_back({{11, 12}, {0, 2, 70}});
    CHECK(kinds_with(seen{{13, 14}, {1, 1, 100}}, all) == only(kind::leg_unseen));
}

TEST_CASE("history: an account known to be open is not denied", "[stress]") {
    history all = with_transfer();
    all.denials.push_back({{4, 5}, 0, 1});
    CHECK(kinds_in(all) == only(kind::open_account_denied));
}

TEST_CASE("history: a cut has states that were, and says how many and how much", "[stress]") {
    CHECK(kinds_with(taken{{5, 6}, {{0, 1, 99}, {1, 1, 100}}, 2, 199}) ==
          only(kind::cut_state_never_was));
    CHECK(kinds_with(taken{{5, 6}, {{0, 1, 100}, {1, 1, 100}}, 3, 200}) ==
          only(kind::cut_miscounted));
    CHECK(kinds_with(taken{{5, 6}, {{0, 1, 100}, {1, 1, 100}}, 2, 201}) ==
          only(kind::cut_total_wrong));
}

TEST_CASE("history: a cut has both legs of a transfer or none", "[stress]") {
    CHECK(kinds_with(taken{{11, 12}, {{0, 2, 70}, {1, 1, 100}}, 2, 170}) ==
          only(kind::cut_has_half_a_transfer));
}

TEST_CASE("history: a cut has nothing that was begun after it", "[stress]") {
    CHECK(kinds_with(taken{{5, 6}, {{0, 2, 70}, {1, 2, 130}}, 2, 200}) ==
          only(kind::cut_has_the_future));
}

TEST_CASE("history: a cut has all that happened before it", "[stress]") {
    using both = std::vector<kind>;
    CHECK(kinds_with(taken{{21, 22}, {{0, 1, 100}, {1, 1, 100}}, 2, 200}) ==
          both(2, kind::cut_lacks_the_past));
    CHECK(kinds_with(taken{{2, 9}, {{0, 0, 0}, {1, 1, 100}}, 1, 100}) ==
          only(kind::cut_lacks_the_past));  // the first account was opened before the second
}

TEST_CASE("history: all legs of a transaction are known and cut together", "[stress]") {
    history all = with_transfer();
    all.postings.push_back({{4, 5}, {2, 1, 100}, 100, posting_kind::opening});
    all.postings.push_back({{10, 20}, {2, 2, 100}, 0});
    all.transfers = {{{{0, 2, 70}, {1, 2, 130}, {2, 2, 100}}}};
    all.reads.push_back({{11, 12}, {0, 2, 70}});
    REQUIRE(violations(all, 3).empty());
    history cut = all;
    cut.cuts.push_back({{9, 30}, {{0, 2, 70}, {1, 2, 130}, {2, 1, 100}}, 3, 300});
    CHECK(violations(cut, 3).front().kind == kind::cut_has_half_a_transfer);
    all.reads.push_back({{13, 14}, {2, 1, 100}});
    CHECK(violations(all, 3).front().kind == kind::leg_unseen);
}

TEST_CASE("history: what is held is what was, and the postings' changes", "[stress]") {
    CHECK(kinds_in(with_hold()).empty());
    CHECK(kinds_with(made{{4, 5}, {0, 2, 100, 1}, 0}) == only(kind::held_does_not_follow));
    CHECK(kinds_with(seen{{30, 31}, {0, 2, 100, 39}}, with_hold()) == only(kind::state_never_was));
}

TEST_CASE("history: a closed account takes no posting", "[stress]") {
    history all = two_accounts();
    all.postings.push_back({{10, 11}, {0, 2, 0}, -100});
    all.postings.push_back({{12, 13}, {0, 3, 0}, 0, posting_kind::closing});
    CHECK(kinds_in(all).empty());
    CHECK(kinds_with(seen{{14, 15}, {0, 3, 0}, false}, all) == only(kind::status_wrong));
    CHECK(kinds_with(made{{14, 15}, {0, 4, 5}, 5}, all) == only(kind::closed_account_posted_to));
}

TEST_CASE("history: a hold ends once, and has what its last change left", "[stress]") {
    history all = with_hold();
    all.hold_reads.push_back({{0, 2}, 2, 40, 0, 0});
    all.postings.push_back({{30, 31}, {0, 3, 90, 30}, -10, posting_kind::change, -10});
    all.hold_changes.push_back({{0, 2}, 3, 30, 10, 0});
    all.postings.push_back({{32, 33}, {0, 4, 90}, 0, posting_kind::change, -30});
    all.hold_changes.push_back({{0, 2}, 4, 0, 10, 2});
    CHECK(kinds_in(all).empty());

    history later = all;
    later.postings.push_back({{34, 35}, {0, 5, 90}, 0});
    later.hold_changes.push_back({{0, 2}, 5, 0, 10, 3});
    CHECK(kinds_in(later) == only(kind::hold_changed_after_its_end));
    history read = all;
    read.hold_reads.push_back({{0, 2}, 3, 40, 0, 0});
    read.hold_denials.push_back({{0, 2}, 3, 0, 0, 0});
    CHECK(kinds_in(read) == std::vector<kind>(2, kind::hold_never_was));
    all.hold_changes.back().captured_minor = 41;
    CHECK(kinds_in(all) == only(kind::hold_does_not_follow));
}

TEST_CASE("history: a cut's holds add up to what its accounts have in holds", "[stress]") {
    const taken without{{30, 31}, {{0, 2, 100, 40}, {1, 1, 100}}, 2, 200, {}};
    CHECK(kinds_with(without, with_hold()) == only(kind::cut_has_other_holds));
    taken with = without;
    with.holds.push_back({{0, 2}, 2, 40, 0, 0});
    CHECK(kinds_with(with, with_hold()).empty());
    with.holds.back().remaining_minor = 39;
    CHECK(kinds_with(with, with_hold()) == only(kind::cut_has_other_holds));
}

TEST_CASE("violation: every kind has a name of its own that leads back to it", "[stress]") {
    for (std::size_t i = 0; i != violation_names.size(); ++i)
        CHECK(kind_named(violation_names[i]) == static_cast<kind>(i));
    CHECK_FALSE(kind_named("violation"));
}

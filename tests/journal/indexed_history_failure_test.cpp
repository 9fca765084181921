// What becomes of a history that cannot be made, or is overtaken, ended or begun in vain.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "journal/account_history.hpp"
#include "journal/indexed_history.hpp"
#include "journal/interruption.hpp"
#include "journal/scanned_history.hpp"
#include "random_journal.hpp"

using coffer::account_number;
using coffer::test::random_journal;
using namespace coffer::journal;

namespace {

using clock = std::chrono::steady_clock;

/// Has all reads fail, or no more.
void fail_reads(random_journal& of, bool fail) {
    const auto lock = of.files.lock();
    of.disk.fail_reads(fail);
}

bool reach_the_end(history& found, const random_journal& of) {
    return found.reach(of.log->tail().next_record - 1, clock::now() + std::chrono::minutes{2});
}

/// Tries again for a minute or two: after a failure the next step is not at once.
void reach_the_end_at_last(history& found, const random_journal& of) {
    for (int left = 10'000; !reach_the_end(found, of); --left) {
        REQUIRE(left != 0);
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
}

void compare_latest(const history& found, const history& right) {
    for (account_number account = 1; account <= random_journal::accounts; ++account) {
        const auto expected = right.latest(account);
        const auto one = found.latest(account);
        INFO("account " << account);
        REQUIRE(one.has_value() == expected.has_value());
        if (one)
            REQUIRE(sequences_of(*one).last == sequences_of(*expected).last);
    }
}

/// A disk that does not answer when it is asked what a file is.
class hanging_storage : public coffer::test::locked_storage {
public:
    using locked_storage::locked_storage;

    void hang() { hangs_ = true; }
    void wait_until_it_hangs() const { is_asked_.wait(false); }
    void go_on() {
        hangs_ = false;
        hangs_.notify_all();
    }
    [[nodiscard]] identify_result identify(const std::string& name) const override {
        if (hangs_) {
            is_asked_ = true;
            is_asked_.notify_all();
            hangs_.wait(true);
        }
        return locked_storage::identify(name);
    }

private:
    std::atomic<bool> hangs_{false};
    mutable std::atomic<bool> is_asked_{false};
};

/// A segment that a crash has left without a batch, behind all others.
void add_empty_segment(random_journal& to) {
    const batch_position end = to.log->tail();
    std::vector<std::byte> bytes =
        encode(segment_header{.ledger = to.log->ledger(), .before = end, .bytes = 64 << 10});
    bytes.resize(64 << 10);
    auto made = to.files.open(segment_name(end.next_record), storage::access::create);
    REQUIRE(made.file != nullptr);
    REQUIRE_FALSE(made.file->write(0, bytes));
    REQUIRE_FALSE(made.file->sync());
    REQUIRE_FALSE(to.files.sync());
}

}  // namespace

TEST_CASE("indexed_history: one that cannot be made keeps no log from being used, and comes later",
          "[journal]") {
    random_journal some{1};
    some.open();
    some.append(100);
    some.open();
    fail_reads(some, true);
    indexed_history found{some.files, some.progress};
    found.wait_until_indexed();
    const auto begin = clock::now();
    CHECK_FALSE(reach_the_end(found, some));
    CHECK(clock::now() - begin < std::chrono::minutes{1});
    fail_reads(some, false);
    reach_the_end_at_last(found, some);
    compare_latest(found, scanned_history{*some.log});
}

TEST_CASE("indexed_history: where it cannot go on, what it has found is still found", "[journal]") {
    random_journal some{2};
    some.open();
    some.append(20);
    indexed_history found{some.files, some.progress};
    found.wait_until_indexed();
    const std::uint64_t before = found.last_record();
    fail_reads(some, true);
    some.append(20);
    CHECK_FALSE(reach_the_end(found, some));
    CHECK(found.reach(before, clock::now()));
    CHECK(found.at(before));
    fail_reads(some, false);
    reach_the_end_at_last(found, some);
    compare_latest(found, scanned_history{*some.log});
}

TEST_CASE("indexed_history: where the log is trimmed behind it, it begins again", "[journal]") {
    random_journal some{3};
    some.open();
    some.append(20);
    indexed_history found{some.files, some.progress};
    found.wait_until_indexed();
    const std::size_t before = list_segments(some.files).size();
    fail_reads(some, true);
    while (list_segments(some.files).size() < before + 3)
        some.append(1);
    REQUIRE(some.log->trim(some.log->tail().next_record));
    fail_reads(some, false);
    reach_the_end_at_last(found, some);
    CHECK(found.beginning().first_record == some.log->first_record());
    compare_latest(found, scanned_history{*some.log});
    some.append(100);
    reach_the_end_at_last(found, some);
    compare_latest(found, scanned_history{*some.log});
}

TEST_CASE("indexed_history: a start that is refused changes no file", "[journal]") {
    random_journal some{4};
    some.open();
    some.append(100);
    const std::string gone = index_name(some.log->tail().next_record + 1000);
    for (const std::string& name : {gone, std::string{index_in_the_making}})
        REQUIRE(some.files.open(name, storage::access::create).file != nullptr);
    some.progress.durable_end = 0;
    const auto before = some.disk.all();
    {
        const indexed_history found{some.files, some.progress};
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
    CHECK(some.disk.all() == before);
}

TEST_CASE("indexed_history: a last segment without a batch begins when the one before it ends",
          "[journal]") {
    random_journal some{5};
    some.open();
    some.append(100);
    add_empty_segment(some);
    some.open();
    const batch_position end = some.log->tail();
    indexed_history found{some.files, some.progress};
    found.wait_until_indexed();
    REQUIRE(some.log->trim(end.next_record));
    const scanned_history scanned{*some.log};
    for (const history* one : std::initializer_list<const history*>{&found, &scanned}) {
        CHECK(one->beginning().first_record == end.next_record);
        CHECK(one->beginning().first_time_ns == end.time_ns);
        const account_history account{*one, 1};
        CHECK_THROWS_AS(account.between(end.time_ns, history::any_sequence), history_trimmed);
        CHECK_THROWS_AS(account.between(0, end.time_ns), history_trimmed);
        CHECK(account.between(end.time_ns + 1, history::any_sequence).is_empty());
    }
}

TEST_CASE("indexed_history: its end is not waited for longer than asked where the disk hangs",
          "[journal]") {
    random_journal some{6};
    some.open();
    some.append(1);
    hanging_storage files{some.disk};
    indexed_history found{files, some.progress};
    found.wait_until_indexed();
    files.hang();
    // The next batch is not there, so a next segment is looked for.
    some.progress.note_durable(some.log->tail().next_record + 1);
    files.wait_until_it_hangs();
    CHECK_FALSE(found.stop_by(clock::now() + std::chrono::milliseconds{20}));
    files.go_on();
    CHECK(found.stop_by(clock::now() + std::chrono::minutes{2}));
}

TEST_CASE("indexed_history: a question is ended between two segments", "[journal]") {
    random_journal some{7};
    some.open();
    some.append(200);
    REQUIRE(list_segments(some.files).size() > 4);
    indexed_history found{some.files, some.progress};
    found.wait_until_indexed();
    constexpr account_number no_account = random_journal::accounts + 1;
    int checks = 0;
    const interruption::condition is_over = [&checks] { return ++checks == 3; };
    {
        const interruption ended{is_over};
        CHECK_THROWS_AS(found.latest(no_account, history::any_sequence), history_unavailable);
        checks = 0;
        CHECK_THROWS_AS(found.earliest(no_account, 1), history_unavailable);
        checks = 2;
        CHECK_THROWS_AS(found.reach(found.last_record() + 1, clock::now() + std::chrono::hours{1}),
                        history_unavailable);
    }
    CHECK_FALSE(found.latest(no_account, history::any_sequence));
}

TEST_CASE("indexed_history: to index a segment again is ended between two batches", "[journal]") {
    random_journal some{8};
    some.open();
    some.append(200);
    const auto segments = list_segments(some.files);
    REQUIRE(segments.size() > 2);
    index_shelf shelf{some.files, some.progress, [] {}};  // no file is there yet
    int checks = 0;
    const interruption::condition is_over = [&checks] { return ++checks == 3; };
    {
        const interruption ended{is_over};
        CHECK_THROWS_AS(shelf.of(segments[0], segments[1]), history_unavailable);
    }
    CHECK(shelf.of(segments[0], segments[1])->at(segments[0]));
}

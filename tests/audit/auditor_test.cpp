#include "audit/auditor.hpp"

#include <filesystem>
#include <string>

#include "catch.hpp"
#include "planted_data.hpp"

using coffer::money;
using coffer::posting;
using coffer::test::planted_data;
using namespace coffer::audit;
using coffer::journal::record;

namespace {

namespace fs = std::filesystem;
constexpr std::size_t batches_at = coffer::journal::format::segment::batches_at;
constexpr std::size_t first_record_at = batches_at + coffer::journal::format::batch::header_bytes;

/// Three accounts, and one of everything that can be done.
void fill(planted_data& data) {
    data.open(7, 10'000);
    data.open(8, 5'000, "key-1");
    data.open(9, 0);
    data.commit(1'000);
    data.deposit(7, 250, "key-2");
    data.withdraw(8, 1'000);
    data.transfer(7, 9, 300);
    data.refuse(9, "key-3");
    data.commit(2'000);
}

/// As many deposits as segments take that many.
void fill_segments(planted_data& data, std::size_t count) {
    for (std::uint64_t time_ns = 3'000; data.segments().size() < count; time_ns += 1'000) {
        for (int i = 0; i != 10; ++i)
            data.deposit(7, 1);
        data.commit(time_ns);
    }
}

/// The only fault; the name of the file is that.
void require_one(const report& found, const fs::path& file, coffer::account_number account,
                 const std::string& what) {
    INFO(to_text(found));
    REQUIRE_FALSE(found.holds());
    REQUIRE(found.faults.count() == 1);
    const fault& only = found.faults.kept().front();
    REQUIRE(only.file == file.string());
    REQUIRE(only.account == account);
    REQUIRE_THAT(only.what, coffer::test::Contains(what));
}

bool tells(const report& found, const fs::path& file, const std::string& what) {
    for (const fault& one : found.faults.kept())
        if (one.file == file.string() && one.what.find(what) != std::string::npos)
            return true;
    return false;
}

}  // namespace

TEST_CASE("audit: tells all there is in a directory that holds", "[audit]") {
    planted_data data;
    fill(data);
    data.close();
    static_cast<void>(data.write(data.snapshot(3)));
    const report found = data.examine();
    INFO(to_text(found));
    REQUIRE(found.holds());
    REQUIRE(found.journal.segments == 1);
    REQUIRE(found.journal.bytes == 8'192);
    REQUIRE(found.journal.batches == 3);
    REQUIRE(found.journal.records == 7);
    REQUIRE(found.journal.first_record == 1);
    REQUIRE(found.journal.last_record == 7);
    REQUIRE(found.journal.first_time_ns == 1'000);
    REQUIRE(found.journal.last_time_ns == 2'000);
    REQUIRE_FALSE(found.journal.torn);
    REQUIRE(found.sums.openings == operation_sum{3, 15'000});
    REQUIRE(found.sums.deposits == operation_sum{1, 250});
    REQUIRE(found.sums.withdrawals == operation_sum{1, 1'000});
    REQUIRE(found.sums.transfers == operation_sum{1, 300});
    REQUIRE(found.sums.refusals == 1);
    REQUIRE(found.sums.keys == 3);
    REQUIRE(found.accounts == 3);
    REQUIRE(found.total_minor == 14'250);
    REQUIRE(found.snapshots.size() == 1);
    REQUIRE(found.snapshots.front().compared);
}

TEST_CASE("audit: holds for a journal of many segments and snapshots at any of its records",
          "[audit]") {
    planted_data data;
    static_cast<void>(data.write(data.snapshot(1)));
    fill(data);
    static_cast<void>(data.write(data.snapshot(2)));
    fill_segments(data, 3);
    static_cast<void>(data.write(data.snapshot(3)));
    const report found = data.examine();
    INFO(to_text(found));
    REQUIRE(found.holds());
    REQUIRE(found.journal.segments == 3);
    for (const snapshot_summary& one : found.snapshots)
        REQUIRE(one.compared);
}

TEST_CASE("audit: changes nothing", "[audit]") {
    planted_data data;
    fill(data);
    static_cast<void>(data.write(data.snapshot(1)));
    const std::string journal = coffer::test::read_file(data.segment(1));
    planted_data::flip(data.segment(1), first_record_at);
    static_cast<void>(data.examine());
    planted_data::flip(data.segment(1), first_record_at);
    REQUIRE(coffer::test::read_file(data.segment(1)) == journal);
    REQUIRE(std::distance(fs::recursive_directory_iterator{data.path()}, {}) == 5);
}

TEST_CASE("audit: a torn tail is told, and no fault", "[audit]") {
    planted_data data;
    fill(data);
    // A header that was written in half, before the rest of it was.
    planted_data::flip(data.segment(1), 7'168 - 8);
    report found = data.examine();
    INFO(to_text(found));
    REQUIRE(found.holds());
    REQUIRE(found.journal.torn);
    REQUIRE(found.journal.torn->file == data.segment(1).string());
    REQUIRE(found.journal.records == 7);
}

TEST_CASE("audit: goes on behind a flipped bit, and tells what is wrong in later segments",
          "[audit]") {
    planted_data data;
    fill(data);
    fill_segments(data, 2);
    const posting last = data.state(7);
    data.add(record::of_deposit({7, last.sequence + 2, last.balance}, money::from_minor(1)));
    data.commit(900'000);
    planted_data::flip(data.segment(1), first_record_at + 20);
    const report found = data.examine();
    INFO(to_text(found));
    REQUIRE(found.faults.count() == 2);
    REQUIRE(found.faults.kept().front().file == data.segment(1).string());
    REQUIRE(found.faults.kept().front().offset == batches_at);
    REQUIRE_THAT(found.faults.kept().front().what, coffer::test::Contains("checksum"));
    REQUIRE(tells(found, data.segment(data.segments()[1]), "comes after posting"));
    REQUIRE(found.journal.segments == 2);
    REQUIRE(found.journal.last_record == data.last_record());
}

TEST_CASE("audit: a segment that is missing is told, and the next is gone on with", "[audit]") {
    planted_data data;
    fill(data);
    fill_segments(data, 4);
    const auto segments = data.segments();
    fs::remove(data.segment(segments[1]));
    const report found = data.examine();
    require_one(found, data.segment(segments[2]), 0, "comes next");
    REQUIRE(found.journal.segments == 3);
}

TEST_CASE("audit: a damaged header of a segment is told once", "[audit]") {
    planted_data data;
    fill(data);
    fill_segments(data, 3);
    const auto segments = data.segments();
    planted_data::flip(data.segment(segments[1]), 50);
    const report found = data.examine();
    require_one(found, data.segment(segments[1]), 0, "header of the segment is damaged");
    REQUIRE(found.journal.segments == 2);
}

TEST_CASE("audit: a last segment that is missing is seen by a snapshot", "[audit]") {
    planted_data data;
    fill(data);
    fill_segments(data, 3);
    const auto snapshot = data.write(data.snapshot(1));
    const auto segments = data.segments();
    fs::remove(data.segment(segments[2]));
    require_one(data.examine(), snapshot, 0, "its end is lost");
}

TEST_CASE("audit: a balance that its amount does not make is told with record and account",
          "[audit]") {
    planted_data data;
    fill(data);
    const posting right = data.state(8);
    data.add(
        record::of_deposit({8, right.sequence + 1, money::from_minor(right.balance.minor() + 9)},
                           money::from_minor(8)));
    data.commit();
    const report found = data.examine();
    INFO(to_text(found));
    REQUIRE(found.faults.count() == 2);
    const fault& first = found.faults.kept().front();
    REQUIRE(first.file == data.segment(1).string());
    REQUIRE(first.offset > first_record_at);
    REQUIRE(first.account == 8);
    REQUIRE(first.what ==
            "record 8: posting 3 leaves a balance of 40.09 after one of 40.0, which its amount of "
            "0.08 does not account for");
    REQUIRE_THAT(found.faults.kept().back().what,
                 coffer::test::Contains("all balances together are 142.59,"
                                        " but what was opened and "
                                        "deposited less what was "
                                        "withdrawn and captured is 142.58"));
}

TEST_CASE("audit: postings that are left out, doubled or never opened are told", "[audit]") {
    planted_data data;
    fill(data);
    const posting last = data.state(8);
    const auto amount = money::from_minor(1);
    const auto add = [&](coffer::account_number account, std::uint64_t sequence) {
        data.add(record::of_deposit({account, sequence, last.balance}, amount));
        data.commit();
    };
    SECTION("left out") {
        add(8, last.sequence + 2);
        REQUIRE(
            tells(data.examine(), data.segment(1), "record 8: posting 4 comes after posting 2"));
    }
    SECTION("doubled") {
        add(8, last.sequence);
        REQUIRE(
            tells(data.examine(), data.segment(1), "record 8: posting 2 comes after posting 2"));
    }
    SECTION("never opened") {
        add(6, 2);
        REQUIRE(tells(data.examine(), data.segment(1), "posting 2 comes before it is opened"));
    }
    SECTION("opened twice") {
        data.add(record::of_opening({8, 1, last.balance}));
        data.commit();
        REQUIRE(
            tells(data.examine(), data.segment(1), "record 8: posting 1 comes after posting 2"));
    }
}

TEST_CASE("audit: a refusal by what was not so is told", "[audit]") {
    planted_data data;
    fill(data);
    const posting last = data.state(8);
    const auto refuse = [&](const posting& decided_by) {
        data.add(record::of_refusal(coffer::errc::insufficient_funds, decided_by, {"key", {}}));
        data.commit();
    };
    SECTION("a later posting") {
        refuse({8, last.sequence + 1, last.balance});
        require_one(data.examine(), data.segment(1), 8, "refuses a request after posting 2");
    }
    SECTION("another balance") {
        refuse({8, last.sequence, money::from_minor(1)});
        require_one(data.examine(), data.segment(1), 8, "but it is 40.0");
    }
    SECTION("of no account") {
        refuse({6, 3, money{}});
        require_one(data.examine(), data.segment(1), 6, "before it is opened");
    }
    SECTION("but not where there is none, nor by an earlier posting") {
        refuse({6, 0, money{}});
        refuse({8, last.sequence - 1, money::from_minor(1)});
        REQUIRE(data.examine().holds());
    }
}

TEST_CASE("audit: a journal that was trimmed holds with a snapshot that reaches back to it",
          "[audit]") {
    planted_data data;
    fill(data);
    fill_segments(data, 2);
    const auto text = data.snapshot(1);
    fill_segments(data, 4);
    const auto late = data.snapshot(2);
    REQUIRE(data.log().trim(data.segments()[1]));
    REQUIRE(data.segments().size() == 3);

    SECTION("and not without") {
        const report found = data.examine();
        INFO(to_text(found));
        require_one(found, data.segment(data.segments()[0]), 0, "no snapshot that holds reaches");
    }
    SECTION("which is what the audit begins with") {
        static_cast<void>(data.write(text));
        static_cast<void>(data.write(late));
        const report found = data.examine();
        INFO(to_text(found));
        REQUIRE(found.holds());
        REQUIRE(found.accounts == 3);
        REQUIRE(found.total_minor == data.state(7).balance.minor() + data.state(8).balance.minor() +
                                         data.state(9).balance.minor());
    }
    SECTION("be it one that is newer than its beginning") {
        static_cast<void>(data.write(late));
        REQUIRE(data.examine().holds());
    }
    SECTION("but not if that says what the journal does not") {
        auto wrong = late;
        wrong.accounts[0].balance = money::from_minor(1);
        const auto file = data.write(wrong);
        require_one(data.examine(), file, 7, "but the journal has");
    }
    SECTION("be it one that has postings of all records there are") {
        auto windowed = late;
        windowed.after_record = data.segments().front() - 1;
        static_cast<void>(data.write(windowed));
        REQUIRE(data.examine().holds());
    }
    SECTION("but not if that lists a posting which does not come in its window") {
        auto wrong = late;
        wrong.after_record = data.segments().front() - 1;
        ++wrong.accounts[0].sequence;
        const auto file = data.write(wrong);
        require_one(data.examine(), file, 7, "which the journal does not have by record");
    }
    SECTION("nor if the one to begin with is wrong about an account that comes later") {
        auto wrong = text;
        wrong.accounts[0].balance = money::from_minor(1);
        static_cast<void>(data.write(wrong));
        REQUIRE_FALSE(data.examine().holds());
    }
}

TEST_CASE("audit: a snapshot older than the journal is checked by itself alone", "[audit]") {
    planted_data data;
    fill(data);
    static_cast<void>(data.write(data.snapshot(1)));
    fill_segments(data, 3);
    static_cast<void>(data.write(data.snapshot(2)));
    REQUIRE(data.log().trim(data.segments()[1]));
    const report found = data.examine();
    INFO(to_text(found));
    REQUIRE(found.holds());
    REQUIRE_FALSE(found.snapshots.front().compared);
    REQUIRE(found.snapshots.back().compared);
}

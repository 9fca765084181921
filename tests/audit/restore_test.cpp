// To a moment. That a backup is restored as a whole, data_copy_test.cpp tests; what increments add,
// increment_test.cpp.
#include "audit/restore.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>

#include "audit/auditor.hpp"
#include "catch.hpp"
#include "exported_lines.hpp"
#include "journal/file_source.hpp"
#include "journal/opened_log.hpp"
#include "journal/posix_storage.hpp"
#include "planted_data.hpp"

using coffer::test::Contains;
using coffer::test::exported_lines;
using coffer::test::opened_log;
using coffer::test::planted_data;
using coffer::test::temporary_directory;
using namespace coffer::audit;

namespace {

namespace fs = std::filesystem;

const patient_reader::pause no_wait = [] {};
constexpr std::uint64_t second_ns = 1'000'000'000;

/// Batches of one record to eleven in three segments, and a snapshot behind each fifth; a batch
/// each second. Ends in order.
void fill(planted_data& data) {
    data.open(7, 10'000, "key");
    data.open(8, 0);
    data.commit(second_ns);
    int snapshots = 0;
    for (std::uint64_t batch = 2; data.segments().size() != 3; ++batch) {
        for (std::uint64_t i = 0; i != batch % 11 + 1; ++i)
            data.transfer(7, 8, 1, i == 3 ? "key-" + std::to_string(batch) : "");
        data.commit(batch * second_ns);
        if (batch % 5 == 0)
            static_cast<void>(data.write(data.snapshot(++snapshots)));
    }
    data.close();
}

/// The lines of the records up to that one: each line begins with the number of its record.
std::string up_to(const std::string& lines, std::uint64_t record) {
    std::size_t at = lines.find('\n') + 1;
    while (at < lines.size() && std::stoull(lines.substr(at)) <= record)
        at = lines.find('\n', at) + 1;
    return lines.substr(0, at);
}

std::set<std::string> snapshots_in(const fs::path& directory) {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator{directory / "snapshots"})
        if (!entry.is_symlink())
            names.insert(entry.path().filename());
    return names;
}

void require_refused(const planted_data& data, const moment& until, const std::string& why) {
    const temporary_directory place;
    REQUIRE_THROWS_WITH(restore({.backup = data.path(), .until = until}, place.path() / "restored",
                                leftover::refuse, no_wait),
                        Catch::Matchers::StartsWith(data.path().string() + ": ") && Contains(why));
    REQUIRE(fs::is_empty(place.path()));
}

}  // namespace

TEST_CASE("restore: to each record has what there is up to it, and no more", "[audit]") {
    planted_data data;
    fill(data);
    std::uint64_t first = 1;
    SECTION("of a whole journal") {}
    SECTION("of a trimmed one") {
        REQUIRE(data.log().trim(data.segments()[1]));
        // The first snapshot that reaches back to its first record.
        for (const auto& one : data.examine().snapshots)
            if (one.compared) {
                first = one.until_record;
                break;
            }
        REQUIRE(first > data.segments().front());
        require_refused(
            data, {.record = first - 1},
            "the earliest record that it can be restored to is " + std::to_string(first));
        require_refused(data, {.record = 1}, std::to_string(first));
    }
    const std::string whole = exported_lines(data.path());
    for (std::uint64_t record = first; record <= data.last_record(); ++record) {
        const temporary_directory place;
        const fs::path restored = place.path() / "restored";
        const auto made = restore({.backup = data.path(), .until = {.record = record}}, restored,
                                  leftover::refuse, no_wait);
        INFO("record " << record << '\n' << to_text(made.audited));
        REQUIRE(made.audited.holds());
        REQUIRE(made.audited.journal.last_record == record);
        REQUIRE(made.left_out.empty());
        REQUIRE(exported_lines(restored) == up_to(whole, record));
        for (const auto& one : made.audited.snapshots)
            REQUIRE(one.until_record <= record);
    }
}

TEST_CASE("restore: to a time has the batches of that time and before", "[audit]") {
    planted_data data;
    fill(data);
    const std::string whole = exported_lines(data.path());
    const std::uint64_t last_ns = data.log().tail().time_ns;
    for (std::uint64_t time_ns = second_ns; time_ns <= last_ns + second_ns;
         time_ns += second_ns / 2) {
        const temporary_directory place;
        const fs::path restored = place.path() / "restored";
        const auto made = restore({.backup = data.path(), .until = {.time_ns = time_ns}}, restored,
                                  leftover::refuse, no_wait);
        INFO(time_ns << '\n' << to_text(made.audited));
        REQUIRE(made.audited.journal.last_time_ns <= time_ns);
        REQUIRE(made.audited.journal.last_time_ns ==
                std::min(last_ns, time_ns / second_ns * second_ns));
        REQUIRE(exported_lines(restored) == up_to(whole, made.audited.journal.last_record));
        REQUIRE((made.audited.journal.last_record == data.last_record()) == (time_ns >= last_ns));
    }
}

TEST_CASE("restore: to its last record is the same as without a moment", "[audit]") {
    planted_data data;
    fill(data);
    const temporary_directory place;
    const auto made = restore({.backup = data.path(), .until = {.record = data.last_record()}},
                              place.path() / "restored", leftover::refuse, no_wait);
    REQUIRE(is_same_data(made.audited, data.examine()));
    coffer::journal::posix_storage storage{place.path() / "restored/journal"};
    REQUIRE(opened_log(storage, {.segment_bytes = 8'192})->tail() == data.log().tail());
}

TEST_CASE("restore: within a batch leaves it its times, and the journal goes on from there",
          "[audit]") {
    planted_data data;
    data.open(7, 0);
    data.deposit(7, 1, "kept");
    data.deposit(7, 2, "left-out");
    data.commit({.time_ns = 5, .running_ns = 6, .clock_offset_ns = -7, .key_life_ns = 8});
    data.close();
    const temporary_directory place;
    const fs::path restored = place.path() / "restored";
    static_cast<void>(restore({.backup = data.path(), .until = {.record = 2}}, restored,
                              leftover::refuse, no_wait));
    coffer::journal::posix_storage storage{restored / "journal"};
    {
        const coffer::journal::file_source source{storage};
        const auto cursor = source.read_from(1);
        const auto batch = cursor->next();
        REQUIRE(batch);
        REQUIRE(batch->header.records == 2);
        const auto& stamp = batch->header.stamp;
        REQUIRE((stamp.time_ns == 5 && stamp.running_ns == 6 && stamp.clock_offset_ns == -7 &&
                 stamp.key_life_ns == 8));
        REQUIRE_FALSE(cursor->next());
    }
    const auto log = opened_log(storage, {.segment_bytes = 8'192});
    coffer::journal::batch_builder batch;
    REQUIRE(log->append(batch.seal(log->tail(), {})));
    REQUIRE(log->wait_durable());
    REQUIRE(examine(data_files::in(restored), no_wait).holds());
}

TEST_CASE("restore: leaves out the snapshots with later postings, and no others", "[audit]") {
    planted_data data;
    data.open(7, 100);
    data.commit(1);
    static_cast<void>(data.write(data.snapshot(1)));
    auto racing = data.snapshot(2);  // was taken while record 2 was posted
    data.deposit(7, 1);
    data.commit(2);
    racing.accounts = data.snapshot(2).accounts;
    racing.until_record = 2;
    static_cast<void>(data.write(racing));
    data.deposit(7, 1);
    data.commit(3);
    static_cast<void>(data.write(data.snapshot(3)));
    const std::map<std::uint64_t, std::set<std::string>> expected{
        {1, {"1.json"}}, {2, {"1.json", "2.json"}}, {3, {"1.json", "2.json", "3.json"}}};
    for (const auto& [record, names] : expected) {
        const temporary_directory place;
        const fs::path restored = place.path() / "restored";
        static_cast<void>(restore({.backup = data.path(), .until = {.record = record}}, restored,
                                  leftover::refuse, no_wait));
        REQUIRE(snapshots_in(restored) == names);
        REQUIRE(fs::read_symlink(restored / "snapshots/latest.json") == *names.rbegin());
    }
}

TEST_CASE("restore: to what there is not is refused, and leaves nothing behind", "[audit]") {
    planted_data data;
    fill(data);
    const std::string last = std::to_string(data.last_record());
    require_refused(data, {.record = data.last_record() + 1},
                    "cannot be restored as of record " + std::to_string(data.last_record() + 1) +
                        ": it ends with record " + last);
    require_refused(data, {.record = 0}, "the earliest record that it can be restored to is 1");
    require_refused(data, {.time_ns = second_ns - 1},
                    "as of 1970-01-01T00:00:00.999999999Z: the earliest record that it can be "
                    "restored to is 1");
    planted_data::flip(data.segment(data.segments().back()), 4'200);
    require_refused(data, {.record = 1}, "does not hold, and is not restored");
}

#include "audit/increment.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "audit/auditor.hpp"
#include "audit/data_copy.hpp"
#include "audit/restore.hpp"
#include "catch.hpp"
#include "exported_lines.hpp"
#include "journal/opened_log.hpp"
#include "planted_data.hpp"

using coffer::test::Contains;
using coffer::test::exported_lines;
using coffer::test::planted_data;
using coffer::test::temporary_directory;
using namespace coffer::audit;

namespace {

namespace fs = std::filesystem;

const patient_reader::pause no_wait = [] {};

/// Makes so many segments full, of batches of three records.
void go_on(planted_data& data, std::size_t segments) {
    const std::size_t until = data.segments().size() + segments;
    while (data.segments().size() != until) {
        for (int i = 0; i != 3; ++i)
            data.transfer(7, 8, 1);
        data.commit(data.log().tail().time_ns + 1'000);
    }
}

void begin(planted_data& data) {
    data.open(7, 1'000'000);
    data.open(8, 0);
    data.commit(1'000);
    go_on(data, 1);
}

/// A data directory, its backup, and increments made of it.
class backups {
public:
    planted_data& data() { return data_; }
    [[nodiscard]] fs::path path(const std::string& name) const { return place_.path() / name; }

    void whole(const std::string& name) {
        static_cast<void>(back_up(data_.path(), path(name), leftover::refuse, no_wait));
    }
    increment_report since(const std::string& before, const std::string& name) {
        return back_up_since(path(before), data_.path(), path(name), leftover::refuse, no_wait);
    }
    finished_copy restored(const std::vector<std::string>& names, const moment& until = {}) {
        restore_source from{.backup = path(names.front()), .until = until};
        for (std::size_t i = 1; i != names.size(); ++i)
            from.increments.push_back(path(names[i]));
        fs::remove_all(path("restored"));
        return restore(from, path("restored"), leftover::refuse, no_wait);
    }
    /// The restore names `culprit` and why, and leaves nothing.
    void require_refused(const std::vector<std::string>& names, const std::string& culprit,
                         const std::string& why, const moment& until = {}) {
        REQUIRE_THROWS_WITH(restored(names, until),
                            Catch::Matchers::StartsWith(path(culprit).string()) && Contains(why));
        require_nothing("restored");
    }
    void require_nothing(const std::string& name) const {
        REQUIRE_FALSE(fs::exists(path(name)));
        REQUIRE_FALSE(fs::exists(path(name + ".partial")));
    }

private:
    planted_data data_;
    temporary_directory place_;
};

/// A whole backup and three increments, each since the one before.
void make_chain(backups& made) {
    begin(made.data());
    made.whole("whole");
    std::string before = "whole";
    for (const char* const name : {"one", "two", "three"}) {
        go_on(made.data(), 2);
        static_cast<void>(made.since(before, name));
        before = name;
    }
}

fs::path segment_in(const fs::path& increment) {
    for (const auto& entry : fs::directory_iterator{increment / "journal"})
        if (entry.path().extension() == ".journal")
            return entry.path();
    FAIL("there is no segment");
    return {};
}

}  // namespace

TEST_CASE("increment: a backup and its increments are equal to the original", "[audit]") {
    backups made;
    make_chain(made);
    const auto found = made.restored({"whole", "one", "two", "three"});
    REQUIRE(is_same_data(found.audited, made.data().examine()));
    REQUIRE(exported_lines(made.path("restored")) == exported_lines(made.data().path()));
    coffer::journal::posix_storage storage{made.path("restored") / "journal"};
    REQUIRE(coffer::test::opened_log(storage, {.segment_bytes = 8'192})->tail() ==
            made.data().log().tail());
}

TEST_CASE("increment: has what came after its backup, and is no larger than that", "[audit]") {
    backups made;
    begin(made.data());
    made.whole("whole");
    const std::uint64_t before = made.data().last_record();
    made.data().deposit(7, 1);
    made.data().commit();
    const auto report = made.since("whole", "one");
    REQUIRE(report.directory == made.path("one").string());
    REQUIRE(report.journal.first_record == before + 1);
    REQUIRE(report.journal.last_record == before + 1);
    REQUIRE(report.journal.batches == 1);
    REQUIRE(fs::file_size(segment_in(made.path("one"))) == 8'192);
    REQUIRE_THAT(to_text(report),
                 Contains("increment: what came after record " + std::to_string(before) + "\n"));
    REQUIRE_FALSE(fs::exists(made.path("one") / "snapshots"));
}

TEST_CASE("increment: with nothing new is one, and says so", "[audit]") {
    backups made;
    begin(made.data());
    made.whole("whole");
    const auto report = made.since("whole", "one");
    REQUIRE(report.journal.batches == 0);
    REQUIRE_THAT(to_text(report), Contains("increment: nothing after record "));
    go_on(made.data(), 1);
    static_cast<void>(made.since("one", "two"));
    REQUIRE(is_same_data(made.restored({"whole", "one", "two"}).audited, made.data().examine()));
}

TEST_CASE("increment: begins between the batches without records at the end of a backup",
          "[audit]") {
    backups made;
    begin(made.data());
    const int closings = GENERATE(0, 1, 2);
    for (int i = 0; i != closings; ++i)
        made.data().close();
    made.whole("whole");
    made.data().close();
    static_cast<void>(made.since("whole", "one"));
    made.data().close();
    go_on(made.data(), 1);
    static_cast<void>(made.since("one", "two"));
    REQUIRE(is_same_data(made.restored({"whole", "one", "two"}).audited, made.data().examine()));
}

TEST_CASE("increment: of a backup without records has all", "[audit]") {
    backups made;
    made.whole("whole");
    begin(made.data());
    static_cast<void>(made.since("whole", "one"));
    REQUIRE(is_same_data(made.restored({"whole", "one"}).audited, made.data().examine()));
    REQUIRE_THROWS_WITH(examine(data_files::in(made.path("one")), no_wait),
                        Contains("is an increment of a backup, and no ledger without it"));
}

TEST_CASE("increment: a record in any of them can be restored to", "[audit]") {
    backups made;
    make_chain(made);
    const std::string whole = exported_lines(made.data().path());
    for (std::uint64_t record = 1; record <= made.data().last_record(); record += 13) {
        const auto found =
            made.restored({"whole", "one", "two", "three"}, moment{.record = record});
        REQUIRE(found.audited.holds());
        REQUIRE(found.audited.journal.last_record == record);
        const std::string lines = exported_lines(made.path("restored"));
        REQUIRE(whole.starts_with(lines));
        REQUIRE(lines.find('\n' + std::to_string(record) + ',') != std::string::npos);
    }
    made.require_refused(
        {"whole", "one", "two", "three"}, "whole",
        "with its increments, it ends with record " + std::to_string(made.data().last_record()),
        {.record = made.data().last_record() + 1});
}

TEST_CASE("increment: one that begins earlier than the end before it is put together", "[audit]") {
    backups made;
    make_chain(made);
    static_cast<void>(made.since("whole", "all"));
    const report original = made.data().examine();
    REQUIRE(is_same_data(made.restored({"whole", "all"}).audited, original));
    REQUIRE(is_same_data(made.restored({"whole", "one", "all"}).audited, original));
    REQUIRE(is_same_data(made.restored({"whole", "all", "all"}).audited, original));
}

TEST_CASE("increment: gaps and wrong orders are refused by name", "[audit]") {
    backups made;
    make_chain(made);
    made.require_refused({"whole", "two"}, "two", "an increment is missing");
    made.require_refused({"whole", "one", "three"}, "three", "an increment is missing");
    made.require_refused({"whole", "two", "one"}, "two", "the order is wrong");
    made.require_refused({"whole", "one", "two", "one"}, "one", "the order is wrong");
    made.require_refused({"one", "whole"}, "one", "is an increment of a backup");
    made.require_refused({"whole", "whole"}, "whole", "is no increment");
    // Also beyond the moment that is restored to.
    made.require_refused({"whole", "two"}, "two", "an increment is missing", {.record = 1});
}

TEST_CASE("increment: another ledger is refused by name", "[audit]") {
    backups made;
    backups other;
    make_chain(made);
    make_chain(other);
    REQUIRE_THROWS_WITH(
        back_up_since(other.path("whole"), made.data().path(), made.path("odd"), leftover::refuse,
                      no_wait),
        Catch::Matchers::StartsWith(other.path("whole").string() + ": is of another ledger than"));
    made.require_nothing("odd");
    fs::rename(other.path("one"), made.path("other"));
    made.require_refused({"whole", "other"}, "other", "is of another ledger");
}

TEST_CASE("increment: another history of the same ledger is refused by name", "[audit]") {
    backups made;
    make_chain(made);
    // A server goes on with what was restored to a moment in the middle of "two".
    const std::uint64_t fork = made.data().last_record() - 40;
    static_cast<void>(made.restored({"whole", "one", "two", "three"}, {.record = fork}));
    const fs::path forked = made.path("restored");
    {
        coffer::journal::posix_storage storage{forked / "journal"};
        const auto log = coffer::test::opened_log(storage, {.segment_bytes = 8'192});
        coffer::journal::batch_builder batch;
        REQUIRE(log->append(batch.seal(log->tail(), {})));
        REQUIRE(log->wait_durable());
    }
    fs::rename(forked, made.path("forked"));
    REQUIRE_THROWS_WITH(
        back_up_since(made.path("three"), made.path("forked"), made.path("odd"), leftover::refuse,
                      no_wait),
        Catch::Matchers::StartsWith(made.path("three").string() + ": has another history than"));
    made.require_nothing("odd");
    // Up to the fork they are the same; beyond it neither continues the other.
    static_cast<void>(back_up_since(made.path("one"), made.path("forked"), made.path("of-fork"),
                                    leftover::refuse, no_wait));
    static_cast<void>(made.restored({"whole", "one", "of-fork"}));
    made.require_refused({"whole", "one", "of-fork", "three"}, "three", "has another history");
    static_cast<void>(
        back_up(made.path("forked"), made.path("whole-fork"), leftover::refuse, no_wait));
    made.require_refused({"whole-fork", "three"}, "three", "");
    REQUIRE_THROWS_WITH(made.since("whole-fork", "odd"), Contains("has another history than"));
}

TEST_CASE("increment: of a journal that was trimmed beyond the backup is refused by name",
          "[audit]") {
    backups made;
    make_chain(made);
    static_cast<void>(made.data().write(made.data().snapshot(1)));
    REQUIRE(made.data().log().trim(made.data().last_record()));
    REQUIRE_THROWS_WITH(made.since("one", "odd"),
                        Contains("was trimmed and begins with record ") &&
                            Catch::Matchers::StartsWith(made.path("one").string()));
    made.require_nothing("odd");
    REQUIRE(made.since("three", "four").journal.batches == 0);
}

TEST_CASE("increment: nothing is overwritten", "[audit]") {
    backups made;
    make_chain(made);
    REQUIRE_THROWS_WITH(made.since("whole", "one"), Contains("is not overwritten"));
    fs::create_directory(made.path("prepared"));
    static_cast<void>(made.since("two", "prepared"));
    REQUIRE(is_same_data(made.restored({"whole", "one", "two", "prepared"}).audited,
                         made.data().examine()));
}

TEST_CASE("increment: a changed byte is refused, or harmless", "[audit][damage]") {
    backups made;
    make_chain(made);
    const report original = made.data().examine();
    const std::vector<fs::path> files{segment_in(made.path("two")),
                                      made.path("two") / "journal/increment"};
    int refused = 0;
    for (const fs::path& file : files)
        for (std::uint64_t at = 0; at < fs::file_size(file); at += file == files[0] ? 149 : 7) {
            planted_data::flip(file, at);
            INFO(file.string() << ", byte " << at);
            std::string why;
            try {
                const auto found = made.restored({"whole", "one", "two", "three"});
                REQUIRE(is_same_data(found.audited, original));
            } catch (const std::runtime_error& refusal) {
                why = refusal.what();
            }
            if (!why.empty()) {
                REQUIRE_THAT(why, Contains(made.path("two").string()));
                made.require_nothing("restored");
                ++refused;
            }
            planted_data::flip(file, at);
        }
    REQUIRE(refused > 50);
    REQUIRE(is_same_data(made.restored({"whole", "one", "two", "three"}).audited, original));
}

TEST_CASE("increment: one that was shortened is refused", "[audit][damage]") {
    backups made;
    make_chain(made);
    const fs::path segment = segment_in(made.path("three"));
    SECTION("by a whole segment") {
        fs::remove(segment);
    }
    SECTION("by its batches") {
        std::string bytes = coffer::test::read_file(segment);
        std::fill(bytes.begin() + 4'096, bytes.end(), '\0');
        static_cast<void>(coffer::test::write_file(segment, bytes));
    }
    SECTION("by the end of its file") {
        fs::resize_file(segment, fs::file_size(segment) - 4'096);
    }
    made.require_refused({"whole", "one", "two", "three"}, "three", "");
    REQUIRE_THROWS_WITH(made.since("three", "odd"), Contains(made.path("three").string()));
    made.require_nothing("odd");
}

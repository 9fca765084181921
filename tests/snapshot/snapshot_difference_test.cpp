#include "snapshot/snapshot_difference.hpp"

#include <fstream>
#include <string>
#include <vector>

#include "catch.hpp"
#include "snapshot/accounts_reader.hpp"
#include "snapshot/temporary_directory.hpp"

using coffer::money;
using coffer::snapshot::account_change;
using coffer::snapshot::compare_snapshots;
using coffer::snapshot::comparison_limits;
using coffer::snapshot::order_too_different;
using coffer::snapshot::snapshot_difference;

namespace {

struct line {
    std::uint64_t account;
    int balance;
    std::uint64_t sequence;
};

class two_files {
public:
    two_files(const std::vector<line>& before, const std::vector<line>& after) {
        write("1.json", before);
        write("2.json", after);
    }

    [[nodiscard]] snapshot_difference compare(const comparison_limits& limits = {}) const {
        return compare_snapshots(folder_.path() / "1.json", folder_.path() / "2.json", limits,
                                 [] {});
    }
    [[nodiscard]] std::filesystem::path file(const char* name) const {
        return folder_.path() / name;
    }

private:
    void write(const char* name, const std::vector<line>& accounts) const {
        std::ofstream file{folder_.path() / name};
        file << R"({"accounts":[)";
        for (const line& one : accounts)
            file << (&one == accounts.data() ? "\n" : ",\n") << R"({"account_number":")"
                 << one.account << R"(","balance":)" << one.balance << R"(,"sequence":)"
                 << one.sequence << '}';
        file << "\n]}\n";
    }

    coffer::test::temporary_directory folder_;
};

/// Account, change in cents, and postings.
std::vector<std::vector<std::int64_t>> numbers(const snapshot_difference& found) {
    std::vector<std::vector<std::int64_t>> all;
    for (const account_change& one : found.changes)
        all.push_back({static_cast<std::int64_t>(one.account),
                       static_cast<std::int64_t>(one.change_minor()),
                       static_cast<std::int64_t>(one.postings)});
    return all;
}

using rows = std::vector<std::vector<std::int64_t>>;

}  // namespace

TEST_CASE("compare_snapshots: finds what changed, the largest change first", "[snapshot]") {
    const two_files files{{{7, 10, 1}, {8, 20, 1}, {9, 30, 4}},
                          {{7, 11, 3}, {8, 20, 1}, {9, 5, 5}}};
    const snapshot_difference found = files.compare();
    CHECK(numbers(found) == rows{{9, -2500, 1}, {7, 100, 2}});
    CHECK(found.accounts_changed == 2);
    CHECK(found.accounts_opened == 0);
    CHECK(found.postings == 3);
}

TEST_CASE("compare_snapshots: an account that was opened has no balance before", "[snapshot]") {
    const two_files files{{{7, 10, 1}}, {{6, 0, 3}, {7, 10, 1}}};
    const snapshot_difference found = files.compare();
    REQUIRE(found.changes.size() == 1);
    CHECK_FALSE(found.changes[0].before);
    CHECK(found.changes[0].postings == 3);
    CHECK(found.accounts_opened == 1);
    CHECK(found.accounts_changed == 1);
}

TEST_CASE("compare_snapshots: postings that cancel each other are a change of nothing",
          "[snapshot]") {
    CHECK(numbers(two_files{{{7, 10, 1}}, {{7, 10, 3}}}.compare()) == rows{{7, 0, 2}});
}

TEST_CASE("compare_snapshots: the order of the accounts does not matter", "[snapshot]") {
    std::vector<line> before;
    std::vector<line> after;
    for (std::uint64_t i = 1; i <= 5000; ++i) {
        before.push_back({i, 100, 1});
        after.insert(after.begin(), {i, i == 4321 ? 99 : 100, i == 4321 ? 2U : 1U});
    }
    const two_files files{before, after};
    CHECK(numbers(files.compare()) == rows{{4321, -100, 1}});
    CHECK_THROWS_AS(files.compare({.changes = 100, .accounts_kept = 2000}), order_too_different);
    // The accounts of one file that are met before those of the other: of a block's length.
    CHECK(numbers(two_files{before, before}.compare({.changes = 1, .accounts_kept = 3000})) ==
          rows{});
}

TEST_CASE("compare_snapshots: lists no more changes than asked for, and counts all", "[snapshot]") {
    std::vector<line> before;
    std::vector<line> after;
    for (std::uint64_t i = 1; i <= 50; ++i) {
        before.push_back({i, 100, 1});
        after.push_back({i, 100 + static_cast<int>(i * 37 % 50), 2});
    }
    const two_files files{before, after};
    const snapshot_difference found = files.compare({.changes = 3});
    CHECK(numbers(found) == rows{{27, 4900, 1}, {4, 4800, 1}, {31, 4700, 1}});
    CHECK(found.accounts_changed == 50);
    CHECK(found.postings == 50);
    CHECK(files.compare({.changes = 0}).changes.empty());
}

TEST_CASE("compare_snapshots: a file that is missing or no snapshot is named", "[snapshot]") {
    const two_files files{{{7, 10, 1}}, {{7, 10, 1}}};
    const auto compare = [&files](const char* name) {
        static_cast<void>(compare_snapshots(files.file("1.json"), files.file(name), {}, [] {}));
    };
    CHECK_THROWS_AS(compare("3.json"), coffer::snapshot::snapshot_error);
    std::ofstream{files.file("4.json")} << R"({"accounts":[)";
    CHECK_THROWS_AS(compare("4.json"), coffer::snapshot::accounts_error);
}

TEST_CASE("compare_snapshots: can be ended between two blocks", "[snapshot]") {
    const two_files files{{{7, 10, 1}}, {{7, 10, 1}}};
    CHECK_THROWS_AS(compare_snapshots(files.file("1.json"), files.file("2.json"), {},
                                      [] { throw std::runtime_error{"enough"}; }),
                    std::runtime_error);
}

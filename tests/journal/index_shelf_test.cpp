#include "journal/index_shelf.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "journal/account_history.hpp"
#include "journal/indexed_history.hpp"
#include "journal/journal_error.hpp"
#include "random_journal.hpp"
#include "small_index.hpp"

using coffer::account_number;
using coffer::test::random_journal;
using namespace coffer::journal;

namespace {

constexpr account_number no_account = random_journal::accounts + 1;

/// A journal of some full segments, with all their index files.
struct full_journal {
    explicit full_journal(int batches = 300) : some{9} {
        some.open();
        some.append(batches);
        segments = list_segments(some.files);
        REQUIRE(segments.size() > 8);
        index_shelf shelf{some.files, some.progress, [] {}};
        check_all(shelf);
        REQUIRE(shelf.make_files([] { return false; }));
    }
    void check_all(index_shelf& shelf) const {
        for (std::size_t i = 0; i + 1 < segments.size(); ++i)
            shelf.check(segments[i], segments[i + 1]);
    }
    /// Changes the version of all index files, so that none is known.
    void age_all() {
        const auto lock = some.files.lock();
        for (std::size_t i = 0; i + 1 < segments.size(); ++i)
            some.disk.content(index_name(segments[i]))[format::index::version_at] = std::byte{9};
    }
    [[nodiscard]] std::vector<std::vector<std::byte>> files() {
        const auto lock = some.files.lock();
        std::vector<std::vector<std::byte>> found;
        for (std::size_t i = 0; i + 1 < segments.size(); ++i)
            found.push_back(some.disk.content(index_name(segments[i])));
        return found;
    }
    [[nodiscard]] std::uint64_t bytes_read() {
        const auto lock = some.files.lock();
        return some.disk.bytes_read();
    }
    /// Whether all files become what they are to be, without another question.
    [[nodiscard]] bool become(const std::vector<std::vector<std::byte>>& wanted) {
        for (int left = 10'000; left != 0; --left) {
            if (files() == wanted)
                return true;
            std::this_thread::sleep_for(std::chrono::milliseconds{1});
        }
        return false;
    }

    random_journal some;
    std::vector<std::uint64_t> segments;
};

}  // namespace

TEST_CASE("index shelf: files of another version are made again after a start, unasked",
          "[journal]") {
    full_journal one;
    const auto right = one.files();
    one.age_all();
    REQUIRE(one.files() != right);
    one.some.open();
    indexed_history found{one.some.files, one.some.progress};
    found.wait_until_indexed();
    REQUIRE(one.become(right));
}

TEST_CASE("index shelf: an index that a question makes again is written to its file", "[journal]") {
    full_journal one;
    const auto right = one.files();
    std::atomic<int> woken{0};
    index_shelf shelf{one.some.files, one.some.progress, [&woken] { ++woken; }};
    one.age_all();
    for (std::size_t i = 0; i + 1 < one.segments.size(); ++i)
        static_cast<void>(shelf.of(one.segments[i], one.segments[i + 1]));
    REQUIRE(woken != 0);
    REQUIRE(shelf.make_files([] { return false; }));
    REQUIRE(one.files() == right);
}

TEST_CASE("index shelf: once files were checked, most segments without an account need no read",
          "[journal]") {
    full_journal one;
    index_shelf shelf{one.some.files, one.some.progress, [] {}};
    for (std::size_t i = 0; i + 1 < one.segments.size(); ++i)
        REQUIRE(shelf.may_have(one.segments[i], no_account));  // it is not known yet
    one.check_all(shelf);
    REQUIRE(shelf.make_files([] { return false; }));
    const std::uint64_t before = one.bytes_read();
    std::size_t may_have = 0;
    for (std::size_t i = 0; i + 1 < one.segments.size(); ++i)
        for (account_number account = no_account; account != no_account + 100; ++account)
            may_have += shelf.may_have(one.segments[i], account) ? 1 : 0;
    REQUIRE(may_have < one.segments.size() * 20);
    REQUIRE(one.bytes_read() == before);
    for (std::size_t i = 0; i + 1 < one.segments.size(); ++i) {
        const auto its = shelf.of(one.segments[i], one.segments[i + 1]);
        for (account_number account = 1; account != no_account; ++account)
            if (its->latest(account, history::any_sequence))
                REQUIRE(shelf.may_have(one.segments[i], account));
    }
}

TEST_CASE("index shelf: an index that cannot be read now is not made again", "[journal]") {
    full_journal one;
    index_shelf shelf{one.some.files, one.some.progress, [] {}};
    const auto its = shelf.of(one.segments[0], one.segments[1]);
    {
        const auto lock = one.some.files.lock();
        one.some.disk.fail_reads(true);
    }
    REQUIRE_THROWS_AS(its->latest(1, history::any_sequence), journal_error);
    {
        const auto lock = one.some.files.lock();
        one.some.disk.fail_reads(false);
    }
    REQUIRE_NOTHROW(its->latest(1, history::any_sequence));
}

TEST_CASE("index shelf: writes no file of a segment that is trimmed, before it hears of it",
          "[journal]") {
    full_journal one;
    one.age_all();
    index_shelf shelf{one.some.files, one.some.progress, [] {}};
    static_cast<void>(shelf.of(one.segments[0], one.segments[1]));
    one.check_all(shelf);
    REQUIRE(one.some.log->trim(one.segments[2]));
    REQUIRE(shelf.make_files([] { return false; }));
    REQUIRE(one.some.files.identify(index_name(one.segments[0])).error);
    REQUIRE(one.some.files.identify(index_name(one.segments[1])).error);
    REQUIRE_FALSE(one.some.files.identify(index_name(one.segments[2])).error);
}

TEST_CASE("index shelf: an index with other postings than its segment is made again once",
          "[journal]") {
    full_journal one;
    const auto right = one.files();
    {
        const auto lock = one.some.files.lock();
        auto& file = one.some.disk.content(index_name(one.segments[0]));
        // The sequence of the first posting of the first account.
        const auto header = decode_index_header(file);
        file[format::index::header_bytes + header->tables_bytes() + 1] ^= std::byte{6};
        coffer::test::make_checksums_right(file);
    }
    one.some.open();
    indexed_history found{one.some.files, one.some.progress};
    found.wait_until_indexed();
    const auto ask = [&found] {
        const auto its = found.earliest(1, 1);
        REQUIRE(its);
        int lines = 0;
        account_history{found, 1}.visit(*its, sequences_of(*its),
                                        [&lines](const posting_line&) { ++lines; });
        return lines;
    };
    REQUIRE_THROWS_AS(ask(), journal_error);
    REQUIRE(ask() > 0);
    REQUIRE(one.become(right));
}

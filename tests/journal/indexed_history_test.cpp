#include "journal/indexed_history.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "journal/reader.hpp"
#include "journal/scanned_history.hpp"
#include "random_journal.hpp"
#include "rounds.hpp"

using coffer::account_number;
using coffer::test::random_journal;
using coffer::test::rounds;
using namespace coffer::journal;

namespace {

constexpr account_number no_account = random_journal::accounts + 1;

/// The history of what there is, up to the end.
std::unique_ptr<indexed_history> opened(random_journal& of) {
    auto made = std::make_unique<indexed_history>(of.files, of.progress);
    made->wait_until_indexed();
    return made;
}

void reach_the_end(indexed_history& found, const random_journal& of) {
    REQUIRE(found.reach(of.log->tail().next_record - 1,
                        std::chrono::steady_clock::now() + std::chrono::minutes{2}));
}

std::vector<std::uint64_t> index_files(const random_journal& of) {
    std::vector<std::uint64_t> found;
    for (const std::string& name : of.files.list().names)
        if (const auto segment = parse_index_name(name))
            found.push_back(*segment);
    return found;
}

/// Waits until each full segment has its index file.
void wait_for_files(random_journal& of) {
    const std::size_t wanted = list_segments(of.files).size() - 1;
    for (int left = 10'000; index_files(of).size() < wanted && left != 0; --left) {
        const auto found = opened(of);
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
    REQUIRE(index_files(of).size() == wanted);
}

/// Checks that the postings of the account in it are those that it says.
void check_extent(const history& found, account_number account, const account_extent& one) {
    std::uint64_t sequence = one.first_sequence;
    std::uint64_t records = one.where.first_record;
    found.read(one.where, [&](const batch_view& each) {
        REQUIRE(each.header.first_record == records);
        records += each.header.records;
        visit_records(each, [&](const record& its) {
            visit_postings(its, [&](const coffer::posting& made) {
                if (made.account == account)
                    REQUIRE(made.sequence == sequence++);
            });
        });
    });
    REQUIRE(records == one.where.end_record);
    REQUIRE(sequence == one.first_sequence + one.postings);
}

/// Whether the batch `inner` is in `outer`.
bool has(const extent& outer, const extent& inner) {
    return outer.first_record <= inner.first_record && inner.end_record <= outer.end_record;
}

void compare_latest(const history& found, const history& right, account_number account,
                    std::uint64_t most_sequence) {
    const auto expected = right.latest(account, most_sequence);
    const auto one = found.latest(account, most_sequence);
    REQUIRE(one.has_value() == expected.has_value());
    if (!one)
        return;
    check_extent(found, account, *one);
    REQUIRE(has(one->where, expected->where));
}

void compare_as_of(const history& found, const history& right, account_number account,
                   std::uint64_t time_ns) {
    const auto expected = right.latest_as_of(account, time_ns);
    const auto one = found.latest_as_of(account, time_ns);
    REQUIRE((one.has_value() || !expected.has_value()));
    if (!one)
        return;
    check_extent(found, account, *one);
    REQUIRE(one->where.first_time_ns <= time_ns);
    if (expected)
        REQUIRE(one->where.end_record >= expected->where.end_record);
    if (const auto next = found.earliest(account, one->where.end_record))
        REQUIRE(next->where.first_time_ns > time_ns);
}

void compare_earliest(const history& found, const history& right, account_number account,
                      std::uint64_t from_record) {
    const auto expected = right.earliest(account, from_record);
    auto one = found.earliest(account, from_record);
    REQUIRE((one.has_value() || !expected.has_value()));
    if (!one)
        return;
    check_extent(found, account, *one);
    REQUIRE(one->where.end_record > from_record);
    if (!expected || has(one->where, expected->where))
        return;
    REQUIRE(one->where.first_record <= from_record);  // its postings may be before
    one = found.earliest(account, one->where.end_record);
    REQUIRE(one);
    REQUIRE(has(one->where, expected->where));
}

void compare_record_as_of(const history& found, const history& right, std::uint64_t time_ns) {
    const std::uint64_t latest = right.record_as_of(time_ns);
    const std::uint64_t one = found.record_as_of(time_ns);
    REQUIRE(one <= latest);
    REQUIRE(one >= found.beginning().first_record);
    // As late as extents allow.
    const auto its = found.at(one);
    REQUIRE((one == latest || !its || its->end_record >= latest));
}

/// Every batch, once, by extents.
void compare_all(const history& found, const random_journal& of) {
    reader right{of.files, found.beginning().first_record};
    const auto next_right = [&right] {
        auto one = right.next();
        while (one && one->header.records == 0)
            one = right.next();
        return one;
    };
    std::uint64_t at = found.beginning().first_record;
    while (const auto one = found.at(at)) {
        REQUIRE(one->first_record == at);
        found.read(*one, [&](const batch_view& each) {
            const auto expected = next_right();
            REQUIRE(expected);
            REQUIRE(expected->header.checksum == each.header.checksum);
            REQUIRE(std::ranges::equal(expected->bytes, each.bytes));
        });
        at = one->end_record;
    }
    REQUIRE(at == found.last_record() + 1);
    REQUIRE_FALSE(next_right());
}

void compare(const history& found, random_journal& of, int questions = 60) {
    const scanned_history right{*of.log};
    REQUIRE(found.last_record() == right.last_record());
    REQUIRE(found.beginning().first_record == right.beginning().first_record);
    REQUIRE(found.beginning().first_time_ns == right.beginning().first_time_ns);
    compare_all(found, of);
    for (; questions != 0; --questions) {
        const account_number account = 1 + of.below(no_account);
        const std::uint64_t record = of.below(found.last_record() + 3);
        const std::uint64_t time_ns = of.below(of.time_ns + 20);
        INFO("account " << account << ", record " << record << ", time " << time_ns);
        compare_latest(found, right, account, history::any_sequence);
        compare_latest(found, right, account, of.below(record + 1));
        compare_as_of(found, right, account, time_ns);
        compare_earliest(found, right, account, record);
        compare_record_as_of(found, right, time_ns);
        if (record >= found.beginning().first_record) {
            const auto one = found.at(record);
            REQUIRE(one.has_value() == (record <= found.last_record()));
            if (one) {
                REQUIRE(one->first_record <= record);
                REQUIRE(record < one->end_record);
            }
        } else {
            REQUIRE_THROWS_AS(found.at(record), history_trimmed);
        }
    }
}

}  // namespace

TEST_CASE("indexed_history: finds what a scan finds, in a journal that grows", "[journal]") {
    for (std::uint64_t seed = 1; seed <= rounds(8U); ++seed) {
        INFO("seed " << seed);
        random_journal some{seed};
        some.open();
        const auto found = opened(some);
        for (int i = 0; i != 6; ++i) {
            compare(*found, some);
            some.append(static_cast<int>(1 + some.below(60)));
            reach_the_end(*found, some);
        }
        compare(*found, some);
        REQUIRE(list_segments(some.files).size() > 2);
    }
}

TEST_CASE("indexed_history: finds the same after a restart", "[journal]") {
    for (std::uint64_t seed = 1; seed <= rounds(8U); ++seed) {
        INFO("seed " << seed);
        random_journal some{seed};
        for (int i = 0; i != 5; ++i) {
            some.open();
            const auto found = opened(some);
            compare(*found, some, 20);
            some.append(static_cast<int>(some.below(80)));
            if (some.below(2) == 0)
                some.append_end();
            // Whatever it had come to by then.
            if (some.below(2) == 0)
                reach_the_end(*found, some);
        }
    }
}

TEST_CASE("indexed_history: finds the same where files are trimmed, and refuses what was",
          "[journal]") {
    for (std::uint64_t seed = 1; seed <= rounds(8U); ++seed) {
        INFO("seed " << seed);
        random_journal some{seed};
        some.open();
        const auto found = opened(some);
        for (int i = 0; i != 6; ++i) {
            some.append(60);
            reach_the_end(*found, some);
            const auto before = found->at(found->beginning().first_record);
            REQUIRE(before);
            const std::uint64_t record = some.below(some.log->tail().next_record);
            const bool is_trimmed = some.log->can_trim(record);
            REQUIRE(some.log->trim(record));
            compare(*found, some, 20);
            if (!is_trimmed)
                continue;
            try {
                found->read(*before, [](const batch_view&) {});
                FAIL("what was trimmed is read");
            } catch (const history_trimmed& refused) {
                REQUIRE(refused.beginning().first_record == some.log->first_record());
            }
        }
    }
}

TEST_CASE("indexed_history: index files that are gone, damaged or of others change no answer",
          "[journal]") {
    random_journal some{3};
    random_journal other{4};
    for (random_journal* one : {&some, &other}) {
        one->open();
        one->append(200);
        const auto found = opened(*one);
        wait_for_files(*one);
    }
    const auto segments = list_segments(some.files);
    REQUIRE(segments.size() > 4);
    for (std::uint64_t round = 0; round != rounds(60U); ++round) {
        INFO("round " << round);
        wait_for_files(some);
        {
            const auto lock = some.files.lock();
            const auto other_lock = other.files.lock();
            for (std::size_t i = 0; i + 1 < segments.size(); ++i) {
                auto& bytes = some.disk.content(index_name(segments[i]));
                const std::size_t at = some.below(bytes.size());
                switch (some.below(6)) {
                    case 0:
                        static_cast<void>(some.disk.remove(index_name(segments[i])));
                        break;
                    case 1:
                        bytes.resize(at);
                        break;
                    case 2:
                        bytes = other.disk.content(index_name(1));
                        break;
                    default:
                        bytes[at] ^= std::byte{1} << some.below(8);
                }
            }
        }
        some.open();
        const auto found = opened(some);
        compare(*found, some, 20);
    }
}

TEST_CASE("indexed_history: a byte that flips in an index file changes no answer", "[journal]") {
    random_journal some{5};
    some.open();
    some.append(120);
    const auto segments = list_segments(some.files);
    REQUIRE(segments.size() > 1);
    const auto ask_all = [](const history& found) {
        std::vector<std::uint64_t> answers;
        for (account_number account = 1; account <= no_account; ++account)
            for (std::uint64_t sequence : {std::uint64_t{3}, history::any_sequence})
                if (const auto one = found.latest(account, sequence))
                    answers.insert(answers.end(), {account, one->first_sequence, one->postings,
                                                   one->where.first_record, one->where.end_record,
                                                   one->where.offset, one->where.bytes});
        return answers;
    };
    const auto expected = ask_all(*opened(some));
    wait_for_files(some);
    const std::string name = index_name(segments.front());
    const std::vector<std::byte> whole = [&] {
        const auto lock = some.files.lock();
        return some.disk.content(name);
    }();
    for (std::size_t at = 0; at != whole.size(); ++at) {
        {
            const auto lock = some.files.lock();
            some.disk.content(name) = whole;
            some.disk.content(name)[at] ^= std::byte{0x55};
        }
        INFO("byte " << at << " of " << whole.size());
        REQUIRE(ask_all(*opened(some)) == expected);
    }
}

TEST_CASE("indexed_history: where index files cannot be written, all is found without",
          "[journal]") {
    random_journal some{6};
    some.open();
    const auto found = opened(some);
    some.append(100);
    {
        const auto lock = some.files.lock();
        some.disk.limit_bytes(0);
    }
    reach_the_end(*found, some);
    compare(*found, some);
    REQUIRE(list_segments(some.files).size() > 2);
}

TEST_CASE("indexed_history: removes index files of segments that are gone", "[journal]") {
    random_journal some{7};
    some.open();
    some.append(100);
    wait_for_files(some);
    const auto segments = list_segments(some.files);
    REQUIRE(some.log->trim(some.log->tail().next_record));
    REQUIRE(index_files(some).empty());
    REQUIRE(some.files.open(index_name(segments.front()), storage::access::create).file != nullptr);
    static_cast<void>(opened(some));
    REQUIRE(index_files(some).empty());
}

TEST_CASE("indexed_history: whatever a crash leaves, a restart finds all of it",
          "[journal][crash]") {
    for (std::uint64_t seed = 1; seed <= rounds(60U); ++seed) {
        INFO("seed " << seed);
        random_journal some{seed};
        some.open();
        {
            const auto found = opened(some);
            some.append(static_cast<int>(some.below(120)));
            const auto lock = some.files.lock();
            some.disk.crash_now(seed);
        }
        some.disk.restart();
        some.open();
        const auto found = opened(some);
        compare(*found, some, 10);
    }
}

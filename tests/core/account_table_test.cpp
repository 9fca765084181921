#include <algorithm>
#include <atomic>
#include <barrier>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <new>
#include <numeric>
#include <random>
#include <vector>

#include <coffer/account_table.hpp>
#include "catch.hpp"
#include "core/in_threads.hpp"

namespace {

using coffer::account;
using coffer::account_number;
using coffer::account_table;
using coffer::tests::in_threads;

constexpr account_number highest = std::numeric_limits<account_number>::max();

/// Numbers whose windows are the same line in every segment of up to 1,024 lines of a table of one
/// shard: their hashes agree in the highest ten bits.
std::vector<account_number> colliding_numbers(std::size_t count) {
    std::vector<account_number> numbers;
    for (account_number number = 1; numbers.size() != count; ++number)
        if (coffer::detail::hash_bits{number}.take(1024) == 5)
            numbers.push_back(number);
    return numbers;
}

std::vector<account_number> visited_numbers(const account_table& table) {
    std::vector<account_number> numbers;
    account_table::visit_place from;
    while (!table.visit_from(from, 7, [&numbers](coffer::detail::account_slot each) {
        numbers.push_back(each.account->number());
        return true;
    })) {
    }
    std::ranges::sort(numbers);
    return numbers;
}

std::vector<account_number> numbers_up_to(account_number last) {
    std::vector<account_number> numbers(last);
    std::iota(numbers.begin(), numbers.end(), account_number{1});
    return numbers;
}

}  // namespace

TEST_CASE("table: is empty at first", "[core]") {
    const account_table table{0, 0};
    REQUIRE(table.size() == 0);
    REQUIRE(table.find(1).account == nullptr);
    REQUIRE(table.find(0).account == nullptr);
    REQUIRE(visited_numbers(table).empty());
}

TEST_CASE("find_or_insert: gives a number the same account every time", "[core]") {
    account_table table{1, 0};
    account* const first = table.find_or_insert(10'001).account;
    REQUIRE(first != nullptr);
    REQUIRE(first->number() == 10'001);
    REQUIRE(table.find_or_insert(10'001).account == first);
    REQUIRE(table.find(10'001).account == first);
    REQUIRE(table.find(10'002).account == nullptr);
    REQUIRE(table.size() == 1);
}

TEST_CASE("find: number 0 is never found", "[core]") {
    account_table table{1, 0};
    for (account_number number = 1; number != 50; ++number)
        REQUIRE(table.find_or_insert(number).account != nullptr);
    REQUIRE(table.find(0).account == nullptr);
}

TEST_CASE("table: the highest number is an account like any other", "[core]") {
    account_table table{1, 0};
    // Enough others for segments to be sealed, with the very number that is looked for.
    for (account_number number = 1; number != 2'000; ++number)
        REQUIRE(table.find_or_insert(number).account != nullptr);
    REQUIRE(table.size() == 1'999);
    REQUIRE(visited_numbers(table) == numbers_up_to(1'999));

    account* const inserted = table.find_or_insert(highest).account;
    REQUIRE(inserted != nullptr);
    REQUIRE(table.find_or_insert(highest).account == inserted);
    REQUIRE(table.find(highest).account == inserted);
    REQUIRE(inserted->number() == highest);
    REQUIRE(table.size() == 2'000);
    REQUIRE(visited_numbers(table).back() == highest);
    REQUIRE(visited_numbers(table).size() == 2'000);
    REQUIRE(table.find(highest - 1).account == nullptr);
}

TEST_CASE("table: a full window spills and nothing is lost", "[core]") {
    account_table table{1, 0};
    const std::vector<account_number> numbers = colliding_numbers(70);
    std::vector<account*> accounts;
    for (const account_number number : numbers) {
        REQUIRE(table.find(number).account == nullptr);
        accounts.push_back(table.find_or_insert(number).account);
        REQUIRE(accounts.back() != nullptr);
    }
    for (std::size_t i = 0; i != numbers.size(); ++i) {
        REQUIRE(table.find(numbers[i]).account == accounts[i]);
        REQUIRE(table.find_or_insert(numbers[i]).account == accounts[i]);
        REQUIRE(accounts[i]->number() == numbers[i]);
    }
    REQUIRE(table.size() == numbers.size());
    REQUIRE(visited_numbers(table) == numbers);
}

TEST_CASE("table: grows from nothing and accounts stay where they are", "[core]") {
    constexpr account_number last = 200'000;
    account_table table{1, 0};
    std::vector<account*> accounts;
    for (account_number number = 1; number <= last; ++number)
        accounts.push_back(table.find_or_insert(number).account);

    for (account_number number = 1; number <= last; ++number)
        if (accounts[number - 1] == nullptr || table.find(number).account != accounts[number - 1])
            FAIL("account " << number << " is not where it was");
    for (account_number number = last + 1; number <= last + 10'000; ++number)
        if (table.find(number).account != nullptr)
            FAIL("account " << number << " was never inserted");
    REQUIRE(table.size() == last);
    REQUIRE(visited_numbers(table) == numbers_up_to(last));
}

TEST_CASE("table: random numbers over many shards are all found", "[core]") {
    account_table table{7, 500};
    std::mt19937_64 random{3};  // NOLINT: the same numbers every time
    std::vector<account_number> numbers(20'000);
    std::ranges::generate(numbers, random);
    for (const account_number number : numbers)
        REQUIRE(table.find_or_insert(number).account != nullptr);
    std::ranges::sort(numbers);
    REQUIRE(visited_numbers(table) == numbers);
    REQUIRE(std::ranges::all_of(numbers, [&table](account_number number) {
        return table.find(number).account != nullptr;
    }));
}

TEST_CASE("table: says so when there cannot be memory for so many", "[core]") {
    constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
    const auto make = [](std::size_t shards, std::size_t expected_accounts) {
        const account_table table{shards, expected_accounts};
        return table.size();
    };
    // The sanitizers' allocators end the process where others return null: only what is refused
    // before any memory is asked for is asked for here.
    REQUIRE_THROWS_AS(make(most, 0), std::bad_alloc);
    REQUIRE_THROWS_AS(make(1, most), std::bad_alloc);
    REQUIRE_THROWS_AS(make(0, most), std::bad_alloc);
}

TEST_CASE("find_or_insert: threads that insert the same numbers agree on them", "[core]") {
    constexpr account_number last = 10'000;
    constexpr std::size_t threads = 8;
    account_table table{2, 0};
    std::vector<std::vector<account*>> found(threads, std::vector<account*>(last));
    std::vector<std::atomic<int>> opened(last);
    in_threads(threads, [&](std::size_t index) {
        for (std::size_t i = 0; i != last; ++i) {
            // Half of them start from the other end.
            const std::size_t at = index % 2 == 0 ? i : last - 1 - i;
            account* const mine = table.find_or_insert(at + 1).account;
            found[index][at] = mine;
            if (mine != nullptr && mine->replace({}, {coffer::money{}, 1}))
                opened[at].fetch_add(1, std::memory_order_relaxed);  // counts, orders nothing
        }
    });
    REQUIRE(std::ranges::count(found[0], nullptr) == 0);
    for (const std::vector<account*>& each : found)
        REQUIRE(each == found[0]);
    REQUIRE(std::ranges::all_of(opened, [](const auto& count) { return count == 1; }));
    REQUIRE(table.size() == last);
    REQUIRE(visited_numbers(table) == numbers_up_to(last));
}

TEST_CASE("find_or_insert: threads fight over one window and agree", "[core]") {
    const std::vector<account_number> numbers = colliding_numbers(70);
    for (int round = 0; round != 20; ++round) {
        account_table table{1, 0};
        std::vector<std::vector<account*>> found(4, std::vector<account*>(numbers.size()));
        in_threads(4, [&](std::size_t index) {
            for (std::size_t i = 0; i != numbers.size(); ++i) {
                const std::size_t at = (i + index * 17) % numbers.size();
                found[index][at] = table.find_or_insert(numbers[at]).account;
            }
        });
        for (const std::vector<account*>& each : found)
            REQUIRE(each == found[0]);
        REQUIRE(visited_numbers(table) == numbers);
    }
}

TEST_CASE("find_or_insert: threads agree on a number while its segment fills up", "[core]") {
    // One thread goes up, one down: they meet at one number when the first segment is about full.
    constexpr std::size_t rounds = 4'000;
    constexpr std::size_t slots_when_full = 75;
    std::deque<account_table> tables;
    for (std::size_t round = 0; round != rounds; ++round)
        tables.emplace_back(1, 0);
    std::barrier next_round{2};
    in_threads(2, [&](std::size_t index) {
        for (std::size_t round = 0; round != rounds; ++round) {
            const std::size_t count = slots_when_full - 5 + round % 10;
            next_round.arrive_and_wait();
            for (std::size_t i = 0; i != count; ++i)
                static_cast<void>(
                    tables[round].find_or_insert(1 + (index == 0 ? i : count - 1 - i)).account);
        }
    });
    for (std::size_t round = 0; round != rounds; ++round)
        if (visited_numbers(tables[round]) != numbers_up_to(slots_when_full - 5 + round % 10))
            FAIL("a number was inserted twice, or never, in round " << round);
}

TEST_CASE("find: sees every account from its insertion on while others insert", "[core]") {
    constexpr account_number last = 30'000;
    account_table table{2, 0};
    std::atomic<account_number> inserted{0};
    std::atomic<std::uint64_t> missed{0};
    in_threads(3, [&](std::size_t index) {
        if (index == 0) {
            for (account_number number = 1; number <= last; ++number) {
                static_cast<void>(table.find_or_insert(number));
                // Release: what was inserted is there for who acquires the count.
                inserted.store(number, std::memory_order_release);
            }
            return;
        }
        std::minstd_rand random{static_cast<unsigned>(index)};  // NOLINT
        account_number there = 0;
        while (there != last) {
            there = inserted.load(std::memory_order_acquire);  // pairs with the release above
            const account_number wanted = there == 0 ? 0 : 1 + random() % there;
            const account* const found = table.find(wanted).account;
            const bool right =
                wanted == 0 ? found == nullptr : found != nullptr && found->number() == wanted;
            missed += right ? 0 : 1;
        }
    });
    REQUIRE(missed == 0);
}

TEST_CASE("visit: sees each account once, and all that were there, while others insert", "[core]") {
    constexpr account_number before = 5'000;
    constexpr account_number last = 20'000;
    account_table table{2, 0};
    for (account_number number = 1; number <= before; ++number)
        REQUIRE(table.find_or_insert(number).account != nullptr);
    std::vector<std::vector<account_number>> visits;
    in_threads(2, [&](std::size_t index) {
        if (index == 0)
            for (account_number number = before + 1; number <= last; ++number)
                static_cast<void>(table.find_or_insert(number));
        else
            for (int i = 0; i != 10; ++i)
                visits.push_back(visited_numbers(table));
    });
    for (const std::vector<account_number>& seen : visits) {
        REQUIRE(seen.size() >= before);
        REQUIRE(std::ranges::adjacent_find(seen) == seen.end());
        REQUIRE(seen.front() == 1);
        REQUIRE(seen[before - 1] == before);
        REQUIRE(seen.back() <= last);
    }
}

namespace {

// How many of `count` numbers, each `stride` after the last, find their window full.
std::size_t outside_windows(std::uint64_t stride, std::size_t count) {
    constexpr std::size_t window = coffer::detail::window_accounts;
    std::vector<bool> taken(2 * count + window);
    std::size_t outside = 0;
    for (std::uint64_t i = 1; i <= count; ++i) {
        const auto begin =
            static_cast<std::ptrdiff_t>(2 * coffer::detail::hash_bits{i * stride}.take(count));
        const auto first = taken.begin() + begin;
        const auto free = std::find(first, first + static_cast<std::ptrdiff_t>(window), false);
        if (free == first + static_cast<std::ptrdiff_t>(window))
            ++outside;
        else
            *free = true;
    }
    return outside;
}

}  // namespace

TEST_CASE("hash_bits: keeps numbers of any usual stride within their windows", "[core]") {
    constexpr std::size_t count = 20'000;
    for (std::uint64_t stride = 1; stride <= 300; ++stride)
        CHECK(outside_windows(stride, count) <= count / 8);
    for (std::uint64_t stride = 512; stride <= std::uint64_t{1} << 44; stride *= 2)
        for (const std::uint64_t one : {stride - 1, stride, stride + 1})
            CHECK(outside_windows(one, count) <= count / 8);
    for (std::uint64_t stride = 1'000; stride <= 1'000'000'000'000; stride *= 10)
        for (const std::uint64_t one : {stride - 1, stride, 2 * stride, 5 * stride})
            CHECK(outside_windows(one, count) <= count / 8);
}

#include "engine/key_owners.hpp"

#include <atomic>
#include <string>

#include "catch.hpp"
#include "core/in_threads.hpp"
#include "engine/key_store.hpp"

using coffer::errc;
using coffer::key_owners;
using coffer::key_store;
using coffer::money;
using coffer::journal::request_key;
using verdict = coffer::key_store::verdict;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t second_ns = 1'000'000'000;

struct bank_of_keys {
    explicit bank_of_keys(std::size_t keys_a_name = 0, std::size_t keys = 1000)
        : store{{keys, 10s, keys_a_name}, [this] { return now_ns; }},
          ann{*store.owners().number_of("ann")},
          bob{*store.owners().number_of("bob")} {}

    [[nodiscard]] verdict ask(std::string_view text, key_owners::number owner,
                              std::uint64_t fingerprint = 1) {
        return store.reserve({text, {fingerprint, 0}}, 0, owner).verdict();
    }
    verdict keep(std::string_view text, key_owners::number owner, std::int64_t balance_minor = 0) {
        auto reserved = store.reserve({text, {1, 0}}, 0, owner);
        if (reserved.verdict() == verdict::fresh)
            reserved.keep({errc::ok, money::from_minor(balance_minor)}, nullptr, 0);
        return reserved.verdict();
    }
    [[nodiscard]] money kept(std::string_view text, key_owners::number owner) {
        const auto found = store.reserve({text, {1, 0}}, 0, owner);
        REQUIRE(found.verdict() == verdict::done);
        return found.outcome().balance;
    }

    std::uint64_t now_ns = 1000 * second_ns;
    key_store store;
    key_owners::number ann;
    key_owners::number bob;
};

constexpr auto nobody = key_owners::nobody;

}  // namespace

TEST_CASE("key_owners: each name has one number, and no name has none", "[engine]") {
    key_owners owners;
    CHECK(owners.number_of("") == nobody);
    CHECK(owners.number_of("ann") == 1U);
    CHECK(owners.number_of("bob") == 2U);
    CHECK(owners.number_of("ann") == 1U);
    for (int i = 0; i != 5000; ++i) {
        const auto number = owners.number_of(std::to_string(i));
        REQUIRE(number == 3U + static_cast<unsigned>(i));
        owners.count(*number);
        REQUIRE(owners.keys(*number) == 1);
    }
    CHECK(owners.keys(1) == 0);
}

TEST_CASE("key_owners: threads that ask for a name at once get one number", "[engine]") {
    key_owners owners;
    coffer::tests::in_threads(4, [&](std::size_t) {
        for (int i = 0; i != 2000; ++i)
            owners.count(*owners.number_of(std::to_string(i)));
    });
    std::size_t keys = 0;
    for (key_owners::number i = 1; i <= 2000; ++i)
        keys += owners.keys(i) == 4 ? 1 : 0;
    CHECK(keys == 2000);
    CHECK(owners.number_of("next") == 2001U);
}

TEST_CASE("key_store: the same text by another name is another key", "[engine]") {
    bank_of_keys bank;
    CHECK(bank.keep("k", bank.ann, 1) == verdict::fresh);
    CHECK(bank.keep("k", bank.bob, 2) == verdict::fresh);
    CHECK(bank.kept("k", bank.ann) == money::from_minor(1));
    CHECK(bank.kept("k", bank.bob) == money::from_minor(2));
    CHECK(bank.ask("k", bank.bob, 7) == verdict::reused);
    CHECK(bank.store.keys() == 2);
}

TEST_CASE("key_store: a name finds a key without a name, and nobody finds one of a name",
          "[engine]") {
    bank_of_keys bank;
    CHECK(bank.keep("old", nobody, 5) == verdict::fresh);
    CHECK(bank.kept("old", bank.ann) == money::from_minor(5));
    CHECK(bank.ask("old", bank.ann, 7) == verdict::reused);
    CHECK(bank.store.find("old", bank.bob).standing == key_store::standing::done);
    CHECK(bank.keep("new", bank.ann) == verdict::fresh);
    CHECK(bank.ask("new", nobody) == verdict::fresh);
    CHECK(bank.store.find("new", nobody).standing == key_store::standing::unknown);
    CHECK(bank.store.find("new", bank.bob).standing == key_store::standing::unknown);
    CHECK(bank.store.find("new", bank.ann).standing == key_store::standing::done);
}

TEST_CASE("key_store: a name's own key comes before one without a name", "[engine]") {
    bank_of_keys bank;
    CHECK(bank.keep("k", bank.ann, 1) == verdict::fresh);
    CHECK(bank.keep("k", nobody, 2) == verdict::fresh);
    CHECK(bank.kept("k", bank.ann) == money::from_minor(1));
    CHECK(bank.kept("k", bank.bob) == money::from_minor(2));
}

TEST_CASE("key_store: a request without a name that is in progress holds up one with a name",
          "[engine]") {
    bank_of_keys bank;
    {
        const auto first = bank.store.reserve({"k", {1, 0}});
        REQUIRE(first.verdict() == verdict::fresh);
        CHECK(bank.ask("k", bank.ann) == verdict::in_progress);
        CHECK(bank.ask("k", bank.ann, 7) == verdict::reused);
        CHECK(bank.store.find("k", bank.ann).standing == key_store::standing::in_progress);
    }
    CHECK(bank.ask("k", bank.ann) == verdict::fresh);
}

TEST_CASE("key_store: a key without a name that has expired is found by no name", "[engine]") {
    bank_of_keys bank;
    CHECK(bank.keep("k", nobody) == verdict::fresh);
    bank.now_ns += 10 * second_ns;
    CHECK(bank.keep("k", bank.ann) == verdict::fresh);
    CHECK(bank.store.keys() == 1);
}

TEST_CASE("key_store: a restored key belongs to its name", "[engine]") {
    bank_of_keys bank;
    const std::uint64_t then_ns = bank.now_ns;
    const auto restore = [&](key_owners::number owner, std::int64_t balance_minor) {
        bank.store.restore({"k", {1, 0}}, {errc::ok, money::from_minor(balance_minor)}, then_ns,
                           then_ns, 1, owner);
    };
    restore(nobody, 1);
    CHECK(bank.kept("k", bank.ann) == money::from_minor(1));
    restore(bank.ann, 2);
    CHECK(bank.kept("k", bank.ann) == money::from_minor(2));
    CHECK(bank.kept("k", bank.bob) == money::from_minor(1));
    CHECK(bank.store.owners().keys(bank.ann) == 1);
}

TEST_CASE("key_store: a name has as many keys as it may, and no other name has less by that",
          "[engine]") {
    bank_of_keys bank{2};
    CHECK(bank.keep("1", bank.ann) == verdict::fresh);
    CHECK(bank.keep("2", bank.ann) == verdict::fresh);
    CHECK(bank.keep("3", bank.ann) == verdict::full);
    CHECK(bank.keep("1", bank.ann) == verdict::done);
    CHECK(bank.keep("3", bank.bob) == verdict::fresh);
    for (int i = 0; i != 10; ++i)
        CHECK(bank.keep(std::to_string(i), nobody) == verdict::fresh);
    CHECK(bank.store.owners().keys(bank.ann) == 2);
}

TEST_CASE("key_store: a name that has all its keys may have others once they have expired",
          "[engine]") {
    bank_of_keys bank{50};
    for (int i = 0; i != 50; ++i)
        CHECK(bank.keep("old" + std::to_string(i), bank.ann) == verdict::fresh);
    CHECK(bank.keep("new", bank.ann) == verdict::full);
    bank.now_ns += 10 * second_ns;
    // At the first request, whichever parts of the store the keys are in.
    for (int i = 0; i != 50; ++i)
        CHECK(bank.keep("new" + std::to_string(i), bank.ann) == verdict::fresh);
    CHECK(bank.keep("newer", bank.ann) == verdict::full);
}

TEST_CASE("key_store: a reservation that is given up is not counted for its name", "[engine]") {
    bank_of_keys bank{1};
    for (int i = 0; i != 3; ++i)
        CHECK(bank.ask("k", bank.ann) == verdict::fresh);
    CHECK(bank.store.owners().keys(bank.ann) == 0);
}

TEST_CASE("key_store: of two requests by one name one is done, and by two names each", "[engine]") {
    bank_of_keys bank;
    std::atomic<int> fresh{0};
    coffer::tests::in_threads(4, [&](std::size_t thread) {
        for (int i = 0; i != 500; ++i)
            if (bank.keep(std::to_string(i), thread % 2 == 0 ? bank.ann : bank.bob) ==
                verdict::fresh)
                ++fresh;
    });
    CHECK(fresh == 1000);
    CHECK(bank.store.owners().keys(bank.ann) == 500);
    CHECK(bank.store.owners().keys(bank.bob) == 500);
}

TEST_CASE("key_store: keeps the keys of a thousand names that choose the same texts", "[engine]") {
    bank_of_keys bank{0, 100'000};
    for (int i = 0; i != 1000; ++i) {
        const auto owner = *bank.store.owners().number_of("till-" + std::to_string(i));
        for (int j = 0; j != 20; ++j)
            REQUIRE(bank.keep(std::to_string(j), owner) == verdict::fresh);
    }
    CHECK(bank.store.keys() == 20'000);
}

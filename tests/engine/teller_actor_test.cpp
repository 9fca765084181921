// Whose requests they are: on record, and whom a key belongs to.
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "core/in_threads.hpp"
#include "engine/engine.hpp"
#include "engine/engine_behind_a_gate.hpp"
#include "engine/initial_accounts.hpp"
#include "engine/recovery.hpp"
#include "journal/batch.hpp"
#include "journal/posting_line.hpp"

using coffer::engine;
using coffer::leg;
using coffer::money;
using coffer::service;
using coffer::teller;
using coffer::journal::record;
using coffer::journal::record_kind;
using coffer::test::engine_behind_a_gate;
using coffer::test::one_cent;
using namespace std::chrono_literals;

namespace {

template <class Ask>
auto ask_as(engine_behind_a_gate& bank, std::string_view name, const Ask& what) {
    return bank.ask_and_wait([&](teller& one) {
        one.act_for(name);
        const auto answer = what(one);
        one.act_for({});
        return answer;
    });
}

coffer::posting_result deposit_as(engine_behind_a_gate& bank, std::string_view name,
                                  std::string_view key = {}) {
    return ask_as(bank, name, [key](teller& one) { return one.deposit(10001, one_cent, key); });
}

/// The operation and the name of each record, as "deposit ann".
std::vector<std::string> named(engine_behind_a_gate& bank) {
    std::vector<std::string> found;
    for (const auto& bytes : bank.ended().batches()) {
        const auto batch = coffer::journal::check_batch(bytes).value;
        coffer::journal::visit_records(batch, [&](const record& one) {
            const auto what =
                one.kind == record_kind::refusal ? "refusal" : coffer::journal::operation_name(one);
            found.push_back(std::string{what} + ' ' + std::string{one.actor});
        });
    }
    return found;
}

}  // namespace

TEST_CASE("teller: puts the name on record with all that its requests post", "[engine]") {
    engine_behind_a_gate bank;
    bank.held().open();
    const std::array legs{leg{10001, money::from_minor(-1)}, leg{10002, one_cent}};
    const auto as_ann = [&bank](const auto& what) { return ask_as(bank, "ann", what); };
    deposit_as(bank, "ann");
    deposit_as(bank, "ann", "with a key");
    as_ann([](teller& t) { return t.withdraw(10001, one_cent, {}); });
    as_ann([](teller& t) { return t.withdraw(10001, money::from_minor(100'000'000), "short"); });
    as_ann([](teller& t) { return t.transfer(10001, 10002, one_cent, {}); });
    as_ann([&](teller& t) { return t.transact(legs, "legs"); });
    as_ann([](teller& t) { return t.open_account(20001, {}, {}); });
    as_ann([](teller& t) { return t.close_account(20001, {}); });
    as_ann([](teller& t) { return t.reopen_account(20001, {}); });
    const auto id = as_ann([](teller& t) { return t.place_hold(10003, one_cent, {}, {}); }).hold.id;
    as_ann([id](teller& t) { return t.capture_hold(10003, id, {.payee = 10004}, {}); });
    const auto other =
        as_ann([](teller& t) { return t.place_hold(10003, one_cent, {}, {}); }).hold.id;
    ask_as(bank, "bob", [other](teller& t) { return t.release_hold(10003, other, {}); });
    deposit_as(bank, "");
    CHECK(named(bank) == std::vector<std::string>{"deposit ann", "deposit ann", "withdrawal ann",
                                                  "refusal ann", "transfer ann", "transaction ann",
                                                  "opening ann", "close ann", "reopen ann",
                                                  "hold ann", "capture ann", "hold ann",
                                                  "release bob", "deposit "});
}

TEST_CASE("teller: an expiry has no name, also where a named request makes it", "[engine]") {
    engine_behind_a_gate bank;
    bank.held().open();
    const auto id = ask_as(bank, "ann", [](teller& t) {
                        return t.place_hold(10004, one_cent, 1ns, {});
                    }).hold.id;
    ask_as(bank, "bob", [id](teller& t) { return t.capture_hold(10004, id, {}, "late"); });
    CHECK(named(bank) == std::vector<std::string>{"hold ann", "expiry ", "refusal bob"});
}

TEST_CASE("teller: a key is its name's own, with a journal and without", "[engine]") {
    const auto is_as_it_should_be = [](teller& one) {
        const auto deposit = [&one](std::string_view name, std::string_view key) {
            const teller::turn turn{one};
            one.act_for(name);
            return one.deposit(10001, one_cent, key);
        };
        CHECK_FALSE(deposit("ann", "new").replayed);
        CHECK_FALSE(deposit("bob", "new").replayed);
        CHECK_FALSE(deposit("", "new").replayed);
        CHECK_FALSE(deposit("", "old").replayed);
        return deposit;
    };
    engine in_memory{coffer::initial_accounts::sample().open_in_memory()};
    const auto again = is_as_it_should_be(in_memory.teller_at(0));
    for (const std::string_view name : {"ann", "bob", ""})
        CHECK(again(name, "new").replayed);
    for (const std::string_view name : {"ann", "bob", "eve", ""})
        CHECK(again(name, "old").replayed);
    CHECK(in_memory.ledger().balance(10001).posting.sequence == 5);

    engine_behind_a_gate durable;
    durable.held().open();
    for (const std::string_view name : {"ann", "bob", ""})
        CHECK_FALSE(deposit_as(durable, name, "new").replayed);
    CHECK_FALSE(deposit_as(durable, "", "old").replayed);
    for (const std::string_view name : {"ann", "bob", ""})
        CHECK(deposit_as(durable, name, "new").replayed);
    for (const std::string_view name : {"ann", "bob", "eve", ""})
        CHECK(deposit_as(durable, name, "old").replayed);
}

TEST_CASE("key_recovery: a key belongs to its name in the next life too", "[engine]") {
    engine_behind_a_gate bank;
    bank.held().open();
    deposit_as(bank, "ann", "k");
    deposit_as(bank, "", "old");
    engine next{engine::options{}};
    coffer::key_recovery keys{next.keys()};
    for (const auto& bytes : bank.ended().batches()) {
        const auto batch = coffer::journal::check_batch(bytes).value;
        coffer::journal::visit_records(
            batch, [&](const record& one) { keys.add(one, batch.header.stamp); });
    }
    keys.finish(0);
    next.open(coffer::initial_accounts::sample().open_in_memory());
    teller& one = next.teller_at(0);
    const auto is_replayed = [&one](std::string_view name, std::string_view key) {
        const teller::turn turn{one};
        one.act_for(name);
        return one.deposit(10001, one_cent, key).replayed;
    };
    CHECK(is_replayed("ann", "k"));
    CHECK(is_replayed("ann", "old"));
    CHECK(is_replayed("bob", "old"));
    CHECK_FALSE(is_replayed("bob", "k"));
    CHECK_FALSE(is_replayed("", "k"));
}

TEST_CASE("key_recovery: a name of which all keys have expired gets no number", "[engine]") {
    coffer::key_store kept{{.time_to_live = 1s}, [] { return std::uint64_t{0}; }};
    const std::uint64_t second = 1'000'000'000;
    kept.advance(10 * second);  // the journal's end
    coffer::key_recovery keys{kept};
    record one{};
    one.state = {10001, 2, one_cent};
    const auto add = [&](const char* key, const char* name, std::uint64_t running_ns) {
        one.key.text = key;
        one.actor = name;
        keys.add(one, {.running_ns = running_ns, .key_life_ns = second});
    };
    add("k", "old", 5 * second);
    add("", "", 6 * second);  // by then it was durable
    add("k", "new", 10 * second);
    keys.finish(10 * second);
    CHECK(kept.keys() == 1);
    CHECK(kept.owners().names() == 1);
    CHECK(kept.owners().keys(kept.owners().number_of("new").value()) == 1);
}

TEST_CASE("teller: what is remembered of a key is for its name alone", "[engine]") {
    engine bank{coffer::initial_accounts::sample().open_in_memory()};
    teller& one = bank.teller_at(0);
    const teller::turn turn{one};
    one.act_for("ann");
    CHECK(one.deposit(10001, one_cent, "k").outcome);
    using standing = coffer::key_store::standing;
    CHECK(one.find_key("k").standing == standing::done);
    one.act_for("bob");
    CHECK(one.find_key("k").standing == standing::unknown);
    one.act_for({});
    CHECK(one.find_key("k").standing == standing::unknown);
}

TEST_CASE("teller: a name that has all its keys is refused, and posts on without them",
          "[engine]") {
    engine bank{{.tellers = 1, .keys = {.keys_a_name = 1}}};
    bank.open(coffer::initial_accounts::sample().open_in_memory());
    teller& one = bank.teller_at(0);
    const teller::turn turn{one};
    one.act_for("ann");
    CHECK(one.deposit(10001, one_cent, "1").outcome);
    CHECK(one.deposit(10001, one_cent, "2").service == service::keys_full);
    CHECK(one.deposit(10001, one_cent, {}).outcome);
    one.act_for("bob");
    CHECK(one.deposit(10001, one_cent, "2").outcome);
    CHECK(bank.ledger().balance(10001).posting.sequence == 4);
}

TEST_CASE("teller: of two requests with one key by one name at once, one is done", "[engine]") {
    engine_behind_a_gate bank;
    bank.held().open();
    constexpr std::size_t rounds = 300;
    std::array<std::array<coffer::posting_result, rounds>, 2> found;
    coffer::tests::in_threads(2, [&](std::size_t index) {
        for (std::size_t i = 0; i != rounds; ++i) {
            teller& one = bank.teller_at(index);
            const teller::turn turn{one};
            one.act_for("ann");
            found[index][i] = one.deposit(10001, one_cent, std::to_string(i));
        }
    });
    std::size_t done = 0;
    for (std::size_t i = 0; i != rounds; ++i)
        for (const auto& by_one : found)
            done += by_one[i].service == service::done && !by_one[i].replayed ? 1 : 0;
    CHECK(done == rounds);
    CHECK(bank.engine().ledger().balance(10001).posting.sequence == 1 + rounds);
}

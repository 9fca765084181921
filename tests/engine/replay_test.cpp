// A request that is repeated with its key gets the same result, in the same life and in the next.
#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "catch.hpp"
#include "core/in_threads.hpp"
#include "engine/engine.hpp"
#include "engine/engine_behind_a_gate.hpp"
#include "engine/recovery.hpp"
#include "engine/result_text.hpp"
#include "journal/batch.hpp"
#include "journal/replay.hpp"

using coffer::capture_request;
using coffer::engine;
using coffer::errc;
using coffer::hold_id;
using coffer::leg;
using coffer::money;
using coffer::teller;
using coffer::test::engine_behind_a_gate;
using coffer::test::memory_log;
using coffer::test::to_text;
using namespace std::chrono_literals;

namespace {

constexpr money minor(std::int64_t amount) {
    return money::from_minor(amount);
}

/// A request with a key: what it did, and whether an earlier one had done it.
struct answer {
    std::string text;
    bool replayed;
};

template <class Result>
answer answer_of(const Result& one) {
    return {to_text(one), one.replayed};
}

struct request {
    std::string name;  // and its key
    std::function<answer(teller&, std::string_view key)> ask;
};

/// What is asked about holds needs the ids that the placing gave.
struct holds {
    hold_id first{};
    hold_id second{};
    hold_id third{};
};

template <class... Legs>
answer transact(teller& one, std::string_view key, Legs... legs) {
    const std::array all{leg{legs}...};
    return answer_of(one.transact(all, key));
}

std::vector<request> requests_about_accounts() {
    return {
        {"open",
         [](teller& t, auto key) { return answer_of(t.open_account(20001, minor(5000), key)); }},
        {"open next",
         [](teller& t, auto key) { return answer_of(t.open_account({}, minor(0), key)); }},
        {"open again",
         [](teller& t, auto key) { return answer_of(t.open_account(20001, minor(1), key)); }},
        {"open empty",
         [](teller& t, auto key) { return answer_of(t.open_account(20002, {}, key)); }},
        {"close with money",
         [](teller& t, auto key) { return answer_of(t.close_account(20001, key)); }},
        {"close", [](teller& t, auto key) { return answer_of(t.close_account(20002, key)); }},
        {"close again", [](teller& t, auto key) { return answer_of(t.close_account(20002, key)); }},
        {"deposit to closed",
         [](teller& t, auto key) { return answer_of(t.deposit(20002, minor(1), key)); }},
        {"transfer to closed",
         [](teller& t, auto key) { return answer_of(t.transfer(10001, 20002, minor(1), key)); }},
        {"reopen", [](teller& t, auto key) { return answer_of(t.reopen_account(20002, key)); }},
        {"reopen again",
         [](teller& t, auto key) { return answer_of(t.reopen_account(20002, key)); }},
        {"transfer",
         [](teller& t, auto key) { return answer_of(t.transfer(10001, 20002, minor(2500), key)); }},
        {"transfer too much",
         [](teller& t, auto key) {
             return answer_of(t.transfer(20002, 10001, minor(99999), key));
         }},
        {"deposit", [](teller& t, auto key) { return answer_of(t.deposit(10001, minor(3), key)); }},
        {"deposit too much",
         [](teller& t, auto key) { return answer_of(t.deposit(10001, minor(INT64_MAX), key)); }},
        {"three legs",
         [](teller& t, auto key) {
             return transact(t, key, leg{10003, minor(100)}, leg{10001, minor(-3000)},
                             leg{10002, minor(2900)});
         }},
        {"too much in a leg",
         [](teller& t, auto key) {
             return transact(t, key, leg{10003, minor(99)}, leg{20002, minor(-9'000'000)},
                             leg{10001, minor(8'999'901)});
         }},
    };
}

std::vector<request> requests_about_holds(holds& ids) {
    return {
        {"hold",
         [&ids](teller& t, auto key) {
             const auto made = t.place_hold(10004, minor(4000), {}, key);
             ids.first = made.hold.id;
             return answer_of(made);
         }},
        {"hold for an hour",
         [&ids](teller& t, auto key) {
             const auto made = t.place_hold(10004, minor(100), 1h, key);
             ids.second = made.hold.id;
             return answer_of(made);
         }},
        {"hold for no time",
         [&ids](teller& t, auto key) {
             const auto made = t.place_hold(10005, minor(100), 1ns, key);
             ids.third = made.hold.id;
             return answer_of(made);
         }},
        {"hold too much",
         [](teller& t, auto key) {
             return answer_of(t.place_hold(10004, minor(399'999), {}, key));
         }},
        {"withdraw what is held",
         [](teller& t, auto key) { return answer_of(t.withdraw(10004, minor(399'999), key)); }},
        {"close with a hold",
         [](teller& t, auto key) { return answer_of(t.close_account(10004, key)); }},
        {"capture a part",
         [&ids](teller& t, auto key) {
             return answer_of(t.capture_hold(10004, ids.first, {.amount = minor(1000)}, key));
         }},
        {"capture too much",
         [&ids](teller& t, auto key) {
             return answer_of(t.capture_hold(10004, ids.first, {.amount = minor(3001)}, key));
         }},
        {"capture the last for another",
         [&ids](teller& t, auto key) {
             return answer_of(t.capture_hold(
                 10004, ids.first, {.amount = minor(500), .is_final = true, .payee = 10002}, key));
         }},
        {"capture an ended one",
         [&ids](teller& t, auto key) {
             return answer_of(t.capture_hold(10004, ids.first, {}, key));
         }},
        {"release",
         [&ids](teller& t, auto key) { return answer_of(t.release_hold(10004, ids.second, key)); }},
        {"release again",
         [&ids](teller& t, auto key) { return answer_of(t.release_hold(10004, ids.second, key)); }},
        {"capture an expired one",
         [&ids](teller& t, auto key) {
             return answer_of(t.capture_hold(10005, ids.third, {}, key));
         }},
    };
}

std::vector<request> all_requests(holds& ids) {
    std::vector<request> all = requests_about_accounts();
    for (request& one : requests_about_holds(ids))
        all.push_back(std::move(one));
    return all;
}

/// The texts of all answers, by the requests' names.
using answers = std::map<std::string, std::string>;

/// Repeats all requests, which must be known.
answers repeat(teller& one, const std::vector<request>& all) {
    answers found;
    const teller::turn turn{one};
    for (const request& each : all) {
        const answer again = each.ask(one, each.name);
        found[each.name] = again.replayed ? again.text : "done again: " + again.text;
    }
    return found;
}

/// Opens an engine with what the log has, without its history: nothing but keys could answer.
void recover_keys(memory_log& from, engine& into) {
    coffer::key_recovery keys{into.keys()};
    for (const auto& bytes : from.batches()) {
        const auto batch = coffer::journal::check_batch(bytes).value;
        coffer::journal::visit_records(batch,
                                       [&](const auto& one) { keys.add(one, batch.header.stamp); });
    }
    keys.finish(0);
    into.open(coffer::initial_accounts::sample().open_in_memory());
    for (const coffer::account_number later : {20001U, 20002U})
        REQUIRE(into.ledger().open(later));
}

errc error_number(const std::string& text) {
    return text.starts_with("error ") ? static_cast<errc>(std::stoi(text.substr(6))) : errc::ok;
}

}  // namespace

TEST_CASE(
    "teller: what was done with a key has the same result when it is repeated, in this life "
    "and the next",
    "[engine]") {
    engine_behind_a_gate bank;
    bank.held().open();
    holds ids;
    const std::vector<request> all = all_requests(ids);
    answers first;
    for (const request& one : all) {
        INFO(one.name);
        const answer made = bank.ask_and_wait([&one](teller& by) { return one.ask(by, one.name); });
        CHECK_FALSE(made.replayed);
        CHECK_FALSE(made.text.starts_with("service"));
        first[one.name] = made.text;
    }
    const holds placed = ids;
    CHECK(repeat(bank.teller_at(1), all) == first);
    ids = placed;
    CHECK(bank.engine().keys().keys() == all.size());

    const std::map<std::string, errc> refused{{"open again", errc::already_open},
                                              {"close with money", errc::account_not_empty},
                                              {"close again", errc::account_closed},
                                              {"deposit to closed", errc::account_closed},
                                              {"transfer to closed", errc::account_closed},
                                              {"reopen again", errc::account_not_closed},
                                              {"transfer too much", errc::insufficient_funds},
                                              {"deposit too much", errc::balance_overflow},
                                              {"too much in a leg", errc::insufficient_funds},
                                              {"hold too much", errc::insufficient_funds},
                                              {"withdraw what is held", errc::insufficient_funds},
                                              {"close with a hold", errc::account_not_empty},
                                              {"capture too much", errc::hold_exceeded},
                                              {"capture an ended one", errc::hold_ended},
                                              {"release again", errc::hold_ended},
                                              {"capture an expired one", errc::hold_ended}};
    for (const auto& [name, text] : first) {
        INFO(name << ": " << text);
        CHECK(error_number(text) == (refused.contains(name) ? refused.at(name) : errc::ok));
    }

    engine next{engine::options{}};
    recover_keys(bank.ended(), next);
    CHECK(repeat(next.teller_at(0), all) == first);
}

TEST_CASE("teller: without a journal what was done with a key is repeated too", "[engine]") {
    coffer::engine engine{coffer::initial_accounts::sample().open_in_memory()};
    holds ids;
    const std::vector<request> all = all_requests(ids);
    answers first;
    for (const request& one : all)
        first[one.name] = one.ask(engine.teller_at(0), one.name).text;
    CHECK(repeat(engine.teller_at(0), all) == first);
}

TEST_CASE("teller: a journal of all operations leaves the same ledger", "[engine]") {
    engine_behind_a_gate bank;
    bank.held().open();
    holds ids;
    for (const request& one : all_requests(ids))
        bank.ask_and_wait([&one](teller& by) { return one.ask(by, one.name); });
    const auto ledger = coffer::initial_accounts::sample().open_in_memory();
    coffer::journal::replayer into{*ledger};
    for (const auto& bytes : bank.ended().batches())
        into.apply(coffer::journal::check_batch(bytes).value, "memory");
    into.finish("memory");
    CHECK(into.counts().skipped == 0);
    constexpr auto closed = coffer::account_status::closed;
    std::map<coffer::account_number, std::string> replayed;
    ledger->cut([&](const coffer::account_view& one) {
        replayed[one.account] = to_text(one) + (one.status == closed ? " closed" : "");
    });
    std::map<coffer::account_number, std::string> made;
    bank.engine().ledger().cut([&](const coffer::account_view& one) {
        made[one.account] = to_text(one) + (one.status == closed ? " closed" : "");
    });
    CHECK(replayed == made);
    for (const auto& [account, id] : {std::pair{10004U, ids.first}, std::pair{10004U, ids.second},
                                      std::pair{10005U, ids.third}})
        CHECK(to_text(ledger->find_hold(account, id).hold) ==
              to_text(bank.engine().ledger().find_hold(account, id).hold));
}

TEST_CASE("teller: what the ledger did not decide is not kept with its key", "[engine]") {
    engine_behind_a_gate bank;
    bank.held().open();
    const auto ask = [&bank](const auto& what) { return bank.ask_and_wait(what).error; };
    CHECK(ask([](teller& t) { return t.close_account(77, "k"); }) == errc::no_such_account);
    CHECK(ask([](teller& t) { return t.transfer(10001, 77, minor(1), "k"); }) ==
          errc::no_such_account);
    CHECK(ask([](teller& t) { return t.transfer(10001, 10001, minor(1), "k"); }) ==
          errc::same_account);
    CHECK(ask([](teller& t) { return t.transfer(10001, 10002, minor(0), "k"); }) ==
          errc::invalid_amount);
    CHECK(ask([](teller& t) {
              return t.transact(std::array{leg{10001, minor(-2)}, leg{10002, minor(1)}}, "k");
          }) == errc::unbalanced);
    CHECK(ask([](teller& t) { return t.place_hold(77, minor(1), {}, "k"); }) ==
          errc::no_such_account);
    CHECK(ask([](teller& t) {
              return t.capture_hold(10001, {7, 7}, {}, "k");
          }) == errc::no_such_hold);
    CHECK(ask([](teller& t) { return t.release_hold(10001, {7, 7}, "k"); }) == errc::no_such_hold);
    CHECK(bank.engine().keys().keys() == 0);
    CHECK(bank.ended().records().empty());
}

TEST_CASE("teller: of two requests with one key at once, one is done", "[engine]") {
    engine_behind_a_gate bank;
    bank.held().open();
    constexpr std::size_t rounds = 200;
    std::array<std::array<coffer::hold_result, rounds>, 2> found;
    coffer::tests::in_threads(2, [&](std::size_t index) {
        for (std::size_t i = 0; i != rounds; ++i) {
            teller& one = bank.teller_at(index);
            const teller::turn turn{one};
            found[index][i] = one.place_hold(10001, minor(1), {}, std::to_string(i));
        }
    });
    std::size_t done = 0;
    for (std::size_t i = 0; i != rounds; ++i)
        for (const auto& by_one : found)
            done += by_one[i].is_done() && !by_one[i].replayed ? 1 : 0;
    CHECK(done == rounds);
    CHECK(bank.engine().ledger().holds() == rounds);
}

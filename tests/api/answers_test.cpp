#include "api/answers.hpp"

#include <array>
#include <limits>
#include <string>
#include <vector>

#include "catch.hpp"

using coffer::account_result;
using coffer::errc;
using coffer::hold;
using coffer::hold_result;
using coffer::hold_status;
using coffer::leg;
using coffer::money;
using coffer::posting;
using coffer::posting_result;
using coffer::service;
using coffer::transaction_result;
using coffer::transfer_result;
using coffer::api::answer;
using coffer::api::answer_balance;
using coffer::api::names_account;
using coffer::api::reply;

namespace {

constexpr money units(std::int64_t count) {
    return money::from_minor(count * 100);
}

constexpr money most = money::from_minor(std::numeric_limits<std::int64_t>::max());
constexpr coffer::account_number highest = std::numeric_limits<coffer::account_number>::max();

account_result an_account() {
    account_result made;
    made.account = {{20001, 1, units(50)}, coffer::account_status::open};
    return made;
}

transfer_result a_transfer() {
    transfer_result made;
    made.amount = units(25);
    made.from = {10001, 2, units(975)};
    made.to = {10002, 2, units(2025)};
    return made;
}

hold_result a_hold() {
    hold_result made;
    made.hold = {10001, {2, 0}, units(40), {}, units(40)};
    made.account = {10001, 2, units(1000), units(40)};
    return made;
}

/// A result that is a refusal, decided by this posting.
template <class Result>
Result refused(errc why, const posting& decided_by = {10002, 7, units(10), units(4)}) {
    Result made;
    made.error = why;
    made.decided_by = decided_by;
    return made;
}

/// What a refusal has behind its message.
std::string members_of(const reply& out) {
    const std::string body{out.body()};
    const std::size_t message = body.find(R"("message":")") + 11;
    const std::size_t end = body.find('"', message) + 1;
    return body.substr(end, body.find('}', end) - end);
}

}  // namespace

TEST_CASE("answer: an account is shown whole, and a new one leads to itself", "[api]") {
    reply out;
    answer(an_account(), 201, out);
    CHECK(out.status() == 201);
    CHECK(out.body() ==
          R"({"success":true,"data":{"account_number":"20001","balance":50.0,"held":0.0,)"
          R"("available":50.0,"sequence":1,"status":"open"},"code":201})");
    CHECK(out.field("Location") == "/accounts/20001");
    account_result closed = an_account();
    closed.account = {{10001, 9, units(50), units(20)}, coffer::account_status::closed};
    answer(closed, 200, out);
    CHECK(out.body() ==
          R"({"success":true,"data":{"account_number":"10001","balance":50.0,"held":20.0,)"
          R"("available":30.0,"sequence":9,"status":"closed"},"code":200})");
    CHECK(out.fields().empty());
}

TEST_CASE("answer: a transfer has its amount and both new balances", "[api]") {
    reply out;
    answer(a_transfer(), out);
    CHECK(out.status() == 200);
    CHECK(out.body() ==
          R"({"success":true,"data":{"amount":25.0,"from":{"account_number":"10001",)"
          R"("new_balance":975.0},"to":{"account_number":"10002","new_balance":2025.0}},)"
          R"("code":200})");
}

TEST_CASE("answer: a transaction has its postings in the order of the request", "[api]") {
    transaction_result made;
    made.count = 3;
    made.postings = {posting{10003, 2, units(3001)}, posting{10001, 2, units(970)},
                     posting{10002, 2, units(2029)}};
    reply out;
    answer(made, std::array{leg{10003, units(1)}, leg{10001, units(-30)}, leg{10002, units(29)}},
           out);
    CHECK(out.body() ==
          R"({"success":true,"data":{"postings":[{"account_number":"10003","amount":1.0,)"
          R"("new_balance":3001.0},{"account_number":"10001","amount":-30.0,"new_balance":970.0},)"
          R"({"account_number":"10002","amount":29.0,"new_balance":2029.0}]},"code":200})");
}

TEST_CASE("answer: a hold is shown whole, and a new one leads to itself", "[api]") {
    reply out;
    answer(a_hold(), 201, names_account::no, out);
    CHECK(out.body() ==
          R"({"success":true,"data":{"hold":"2-0","account_number":"10001","amount":40.0,)"
          R"("captured":0.0,"remaining":40.0,"status":"held","expires_at":null,"balance":1000.0,)"
          R"("held":40.0,"available":960.0},"code":201})");
    CHECK(out.field("Location") == "/accounts/10001/holds/2-0");
    answer(a_hold(), 200, names_account::yes, out);
    CHECK(out.status() == 200);
    CHECK(out.fields().empty());
}

TEST_CASE("answer: a result that is repeated has the same status, Location and body", "[api]") {
    reply first;
    reply again;
    const auto check_same = [&] {
        CHECK(again.field("Idempotent-Replayed") == "true");
        CHECK(first.field("Idempotent-Replayed").empty());
        CHECK(again.status() == first.status());
        CHECK(again.field("Location") == first.field("Location"));
        CHECK(again.body() == first.body());
    };
    const auto check = [&](auto result, auto... more) {
        answer(result, more..., first);
        result.replayed = true;
        answer(result, more..., again);
        check_same();
        result.replayed = false;
        result.error = errc::account_closed;
        answer(result, more..., first);
        result.replayed = true;
        answer(result, more..., again);
        check_same();
    };
    check(an_account(), 201);
    check(a_transfer());
    check(transaction_result{}, std::span<const leg>{});
    check(a_hold(), 201, names_account::no);
}

TEST_CASE("answer: where nothing was done the reply is a refusal to try again", "[api]") {
    reply out;
    account_result full = an_account();
    full.service = service::lane_full;
    answer(full, 201, out);
    CHECK(out.status() == 503);
    CHECK(out.field("Retry-After") == "1");
    CHECK(out.field("Location").empty());
    full.service = service::key_reused;
    answer(full, 201, out);
    CHECK(out.status() == 422);
}

TEST_CASE("answer: a refusal about one of several accounts names it", "[api]") {
    reply out;
    for (const errc why : {errc::no_such_account, errc::account_closed, errc::balance_overflow,
                           errc::sequence_exhausted}) {
        answer(refused<transfer_result>(why), out);
        CHECK(members_of(out) == R"(,"account_number":"10002")");
        answer(refused<transaction_result>(why), {}, out);
        CHECK(members_of(out) == R"(,"account_number":"10002")");
        answer(refused<hold_result>(why), 200, names_account::yes, out);
        CHECK(members_of(out) == R"(,"account_number":"10002")");
        answer(refused<hold_result>(why), 200, names_account::no, out);
        CHECK(members_of(out).empty());
        answer(refused<account_result>(why), 200, out);
        CHECK(members_of(out).empty());
    }
    for (const errc why : {errc::no_such_hold, errc::hold_exceeded}) {
        answer(refused<hold_result>(why), 200, names_account::yes, out);
        CHECK(members_of(out).empty());
    }
}

TEST_CASE("answer: insufficient funds have what is available, everywhere", "[api]") {
    reply out;
    answer(refused<transfer_result>(errc::insufficient_funds), out);
    CHECK(members_of(out) == R"(,"account_number":"10002","available":6.0)");
    answer(refused<hold_result>(errc::insufficient_funds), 201, names_account::no, out);
    CHECK(members_of(out) == R"(,"available":6.0)");
    answer(
        posting_result{service::done, {errc::insufficient_funds, {10002, 7, units(10), units(4)}}},
        "new_balance", out);
    CHECK(members_of(out) == R"(,"available":6.0)");
}

TEST_CASE("answer: a hold that has ended has how", "[api]") {
    reply out;
    for (const auto& [status, name] : {std::pair{hold_status::captured, "captured"},
                                       {hold_status::released, "released"},
                                       {hold_status::expired, "expired"}}) {
        auto ended = refused<hold_result>(errc::hold_ended);
        ended.ended_as = status;
        answer(ended, 200, names_account::yes, out);
        CHECK(out.status() == 409);
        CHECK(out.field("Retry-After").empty());
        CHECK(members_of(out) == R"(,"hold_status":")" + std::string{name} + '"');
    }
}

TEST_CASE("answer_balance: holds are shown where there are any", "[api]") {
    reply out;
    answer_balance({service::done, {errc::ok, {10001, 2, units(1000), units(40)}}}, out);
    CHECK(out.body() == R"({"success":true,"data":{"account_number":"10001","balance":1000.0,)"
                        R"("held":40.0,"available":960.0},"code":200})");
    answer_balance({service::done, {errc::ok, {10001, 2, units(1000)}}}, out);
    CHECK(out.body() ==
          R"({"success":true,"data":{"account_number":"10001","balance":1000.0},"code":200})");
    answer_balance({service::done, {errc::no_such_account, {10001, 0, {}}}}, out);
    CHECK(out.status() == 404);
    // A posting shows what is booked alone.
    answer(posting_result{service::done, {errc::ok, {10001, 2, units(1000), units(40)}}},
           "new_balance", out);
    CHECK(out.body() ==
          R"({"success":true,"data":{"account_number":"10001","new_balance":1000.0},"code":200})");
}

TEST_CASE("answer: the longest replies fit the memory that a reply has from the start", "[api]") {
    reply out;
    const char* const memory = out.body().data();
    const posting largest{highest, coffer::account::max_sequence, most, most};
    transaction_result made;
    made.count = made.postings.size();
    made.postings.fill(largest);
    std::array<leg, coffer::max_transaction_legs> legs{};
    legs.fill({highest, money::from_minor(std::numeric_limits<std::int64_t>::min())});
    answer(made, legs, out);
    CHECK(out.body().size() > 900);
    hold_result held;
    held.hold = {highest, {UINT64_MAX, UINT32_MAX}, most,     most,
                 most,    hold_status::captured,    INT64_MAX};
    held.account = largest;
    answer(held, 201, names_account::no, out);
    CHECK(out.field("Location") ==
          "/accounts/18446744073709551615/holds/18446744073709551615-4294967295");
    answer(refused<transfer_result>(errc::insufficient_funds, largest), out);
    account_result shown;
    shown.account = {largest, coffer::account_status::closed};
    answer(shown, 201, out);
    CHECK(out.body().data() == memory);
}

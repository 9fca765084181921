#include "api/event_text.hpp"

#include <array>
#include <string>

#include "catch.hpp"

using coffer::account_status;
using coffer::event_block;
using coffer::money;
using coffer::posting;
using coffer::api::add_record;
using coffer::api::append_event;
using coffer::journal::hold_operation;
using coffer::journal::record;

namespace {

constexpr const char* time_text = "2026-11-28T12:00:00.000000001Z";

money cents(std::int64_t minor) {
    return money::from_minor(minor);
}

std::string event_of(const record& one) {
    std::string text;
    append_event(text, one, 123, time_text);
    const std::string before = R"({"record":123,"time":"2026-11-28T12:00:00.000000001Z",)";
    REQUIRE(text.substr(0, before.size()) == before);
    return text.substr(before.size());
}

/// The operation of an event with one posting of account 7, and what it booked.
std::string booked(const std::string& operation, const std::string& amount) {
    return R"("operation":")" + operation +
           R"(","postings":[{"account_number":"7","sequence":5,"amount":)" + amount +
           R"(,"balance":975.5}])";
}

constexpr posting seven{7, 5, money::from_minor(97'550)};
constexpr posting eight{8, 9, money::from_minor(202'500)};

}  // namespace

TEST_CASE("append_event: a posting has its amount with its sign", "[api]") {
    CHECK(event_of(record::of_opening(seven)) == booked("opening", "975.5") + '}');
    CHECK(event_of(record::of_opening({7, 1, {}})).find(R"("amount":0.0,"balance":0.0)") !=
          std::string::npos);
    CHECK(event_of(record::of_deposit(seven, cents(2'500))) == booked("deposit", "25.0") + '}');
    CHECK(event_of(record::of_withdrawal(seven, cents(1))) == booked("withdrawal", "-0.01") + '}');
}

TEST_CASE("append_event: a key stands behind the postings, as JSON", "[api]") {
    CHECK(event_of(record::of_deposit(seven, cents(2'500), {R"(a"\b)", {}})) ==
          booked("deposit", "25.0") + R"(,"key":"a\"\\b"})");
}

TEST_CASE("append_event: the name of the token is last", "[api]") {
    record one = record::of_deposit(seven, cents(2'500), {"k", {}});
    one.actor = "till-3";
    CHECK(event_of(one) == booked("deposit", "25.0") + R"(,"key":"k","by":"till-3"})");
}

TEST_CASE("append_event: a transfer has the payer's posting and the payee's", "[api]") {
    CHECK(event_of(record::of_transfer(seven, eight, cents(2'500))) ==
          R"("operation":"transfer","postings":[)"
          R"({"account_number":"7","sequence":5,"amount":-25.0,"balance":975.5},)"
          R"({"account_number":"8","sequence":9,"amount":25.0,"balance":2025.0}]})");
}

TEST_CASE("append_event: a transaction has the posting of each leg", "[api]") {
    const std::array legs{coffer::journal::posted_leg{eight, cents(-300)},
                          coffer::journal::posted_leg{seven, cents(300)}};
    CHECK(event_of(record::of_transaction(legs)) ==
          R"("operation":"transaction","postings":[)"
          R"({"account_number":"8","sequence":9,"amount":-3.0,"balance":2025.0},)"
          R"({"account_number":"7","sequence":5,"amount":3.0,"balance":975.5}]})");
}

TEST_CASE("append_event: what is about a hold has its amount, and books it if captured", "[api]") {
    coffer::hold_outcome made;
    made.hold.account = 7;
    made.hold.id = {2, 5};
    made.posting = seven;
    const std::string hold = R"(,"hold":{"hold":"2-5","amount":40.0})";
    const auto text_of = [&made](hold_operation what) {
        return event_of(record::of_hold(what, made, cents(4'000)));
    };
    CHECK(text_of(hold_operation::placing) == booked("hold", "0.0") + hold + '}');
    CHECK(text_of(hold_operation::release) == booked("release", "0.0") + hold + '}');
    CHECK(text_of(hold_operation::expiry) == booked("expiry", "0.0") + hold + '}');
    CHECK(text_of(hold_operation::capture) == booked("capture", "-40.0") + hold + '}');
    record paid = record::of_hold(hold_operation::capture, made, cents(4'000), {"k", {}});
    paid.payee = eight;
    CHECK(event_of(paid) ==
          R"("operation":"capture","postings":[)"
          R"({"account_number":"7","sequence":5,"amount":-40.0,"balance":975.5},)"
          R"({"account_number":"8","sequence":9,"amount":40.0,"balance":2025.0}],)"
          R"("hold":{"hold":"2-5","amount":40.0},"key":"k"})");
}

TEST_CASE("append_event: closing and reopening book nothing", "[api]") {
    coffer::account_view made;
    static_cast<posting&>(made) = {7, 5, {}};
    made.status = account_status::closed;
    const std::string rest =
        R"(,"postings":[{"account_number":"7","sequence":5,"amount":0.0,"balance":0.0}]})";
    CHECK(event_of(record::of_status(made)) == R"("operation":"close")" + rest);
    made.status = account_status::open;
    CHECK(event_of(record::of_status(made)) == R"("operation":"reopen")" + rest);
}

TEST_CASE("add_record: a refusal is passed over", "[api]") {
    event_block made{.after = 4, .through = 4};
    add_record(made, record::of_transfer(seven, eight, cents(1)), 5, time_text);
    add_record(made, record::of_refusal(coffer::errc::insufficient_funds, seven, {"k", {}}), 6,
               time_text);
    CHECK(made.through == 6);
    add_record(made, record::of_deposit(eight, cents(1)), 7, time_text);
    REQUIRE(made.events.size() == 2);
    CHECK(made.events[0].record == 5);
    CHECK(made.events[1].record == 7);
    CHECK(made.events[0].operation == "transfer");
    CHECK(made.line(0).substr(0, 12) == R"({"record":5,)");
    CHECK(made.line(1).substr(0, 12) == R"({"record":7,)");
    CHECK(made.line(1).back() == '\n');
    CHECK(made.touches(0, 7));
    CHECK(made.touches(0, 8));
    CHECK(!made.touches(1, 7));
    CHECK(made.touches(1, 8));
    CHECK(made.first_after(4) == 0);
    CHECK(made.first_after(5) == 1);
    CHECK(made.first_after(6) == 1);
    CHECK(made.first_after(7) == 2);
}

#include "api/event_filter.hpp"

#include <array>
#include <string>
#include <vector>

#include "api/event_text.hpp"
#include "catch.hpp"

using coffer::account_number;
using coffer::event_block;
using coffer::money;
using coffer::posting;
using coffer::api::account_ranges;
using coffer::api::event_filter;
using coffer::journal::hold_operation;
using coffer::journal::posted_leg;
using coffer::journal::record;

namespace {

constexpr money cents(std::int64_t minor) {
    return money::from_minor(minor);
}

constexpr posting seven{7, 5, money::from_minor(97'550)};
constexpr posting eight{8, 9, money::from_minor(202'500)};
constexpr posting nine{9, 3, money::from_minor(1)};

const std::string of_seven = R"({"account_number":"7","sequence":5,"amount":-3.0,"balance":975.5})";
const std::string of_eight = R"({"account_number":"8","sequence":9,"amount":2.0,"balance":2025.0})";
const std::string of_nine = R"({"account_number":"9","sequence":3,"amount":1.0,"balance":0.01})";

event_block block_of(const std::vector<record>& records) {
    event_block made;
    std::uint64_t number = 0;
    for (const record& one : records)
        coffer::api::add_record(made, one, ++number, "T");
    return made;
}

event_filter seeing(std::vector<coffer::api::account_range> ranges, account_number account = 0) {
    return event_filter{account, account_ranges{std::move(ranges)}};
}

std::string line_of(const event_filter& filter, const record& one) {
    const event_block block = block_of({one});
    REQUIRE(filter.has(block, 0));
    std::string room = "what was there before";
    return std::string{filter.line(block, 0, room)};
}

record transaction() {
    static const std::array legs{posted_leg{seven, cents(-300)}, posted_leg{eight, cents(200)},
                                 posted_leg{nine, cents(100)}};
    record made = record::of_transaction(legs, {R"(],"hold":{"})", {}});
    made.actor = "ann";
    return made;
}

std::string transaction_with(const std::string& postings) {
    return R"({"record":1,"time":"T","operation":"transaction","postings":[)" + postings +
           R"(],"key":"],\"hold\":{\"}","by":"ann"})"
           "\n";
}

record capture_to_eight() {
    coffer::hold_outcome made;
    made.hold.account = 7;
    made.hold.id = {2, 5};
    made.posting = seven;
    made.payee = eight;
    return record::of_hold(hold_operation::capture, made, cents(200));
}

}  // namespace

TEST_CASE("event_filter: an event is had if one of its accounts is in range", "[api]") {
    const event_block block =
        block_of({record::of_deposit(seven, cents(1)), record::of_transfer(seven, eight, cents(1)),
                  record::of_deposit(nine, cents(1))});
    const auto had = [&block](const event_filter& filter) {
        std::string found;
        for (std::size_t i = 0; i != block.events.size(); ++i)
            found += filter.has(block, i) ? 'y' : 'n';
        return found;
    };
    CHECK(had(event_filter{}) == "yyy");
    CHECK(event_filter{}.has_all());
    CHECK(had(event_filter{8}) == "nyn");
    CHECK(had(seeing({{7, 7}})) == "yyn");
    CHECK(had(seeing({{8, 8}})) == "nyn");
    CHECK(had(seeing({{9, 100}, {1, 6}})) == "nny");
    CHECK(had(seeing({{10, 100}})) == "nnn");
    CHECK(had(seeing({{7, 9}}, 9)) == "nny");
    CHECK(had(seeing({{7, 8}}, 9)) == "nnn");
    CHECK_FALSE(seeing({{1, 100}}).has_all());
}

TEST_CASE("event_filter: a line has the postings of the accounts in range alone", "[api]") {
    const record one = transaction();
    const std::string whole = transaction_with(of_seven + ',' + of_eight + ',' + of_nine);
    CHECK(line_of(event_filter{}, one) == whole);
    CHECK(line_of(seeing({{7, 9}}), one) == whole);
    CHECK(line_of(seeing({{7, 7}}), one) == transaction_with(of_seven));
    CHECK(line_of(seeing({{8, 8}}), one) == transaction_with(of_eight));
    CHECK(line_of(seeing({{9, 9}}), one) == transaction_with(of_nine));
    CHECK(line_of(seeing({{7, 7}, {9, 9}}), one) == transaction_with(of_seven + ',' + of_nine));
    CHECK(line_of(seeing({{8, 9}}), one) == transaction_with(of_eight + ',' + of_nine));
}

TEST_CASE("event_filter: a hold is for those who see its account", "[api]") {
    const record one = capture_to_eight();
    const std::string hold = R"("hold":{"hold":"2-5")";
    CHECK(line_of(seeing({{7, 7}}), one).find(hold) != std::string::npos);
    CHECK(line_of(seeing({{7, 7}}), one).find(R"("account_number":"8")") == std::string::npos);
    CHECK(line_of(seeing({{8, 8}}), one) ==
          R"({"record":1,"time":"T","operation":"capture","postings":[)" + of_eight + "]}\n");
}

TEST_CASE("event_filter: a line that needs no change is the block's own", "[api]") {
    const event_block block = block_of({record::of_deposit(seven, cents(1))});
    std::string room;
    CHECK(seeing({{7, 7}}).line(block, 0, room).data() == block.lines.data());
    CHECK(room.empty());
}

#include "audit/posting_line.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "catch.hpp"

using coffer::money;
using namespace coffer::audit;

namespace {

const posting_line deposit{.record = 12,
                           .time = "2026-11-23T15:00:00.000000001Z",
                           .state = {7, 3, money::from_minor(150'000)},
                           .operation = "deposit",
                           .amount = money::from_minor(5)};

std::string line_of(line_format format, const posting_line& line) {
    std::string out;
    append(out, format, line);
    return out;
}

}  // namespace

TEST_CASE("posting line: ndjson has what there is, and no more", "[audit]") {
    REQUIRE(first_line(line_format::ndjson).empty());
    REQUIRE(line_of(line_format::ndjson, deposit) ==
            R"({"record":12,"time":"2026-11-23T15:00:00.000000001Z","account_number":"7",)"
            R"("sequence":3,"operation":"deposit","amount":0.05,"balance":1500.0})"
            "\n");
    posting_line transfer = deposit;
    transfer.operation = "transfer_in";
    transfer.counterparty = 18'446'744'073'709'551'615U;
    transfer.key = "key-1";
    REQUIRE(line_of(line_format::ndjson, transfer) ==
            R"({"record":12,"time":"2026-11-23T15:00:00.000000001Z","account_number":"7",)"
            R"("sequence":3,"operation":"transfer_in","counterparty":"18446744073709551615",)"
            R"("amount":0.05,"balance":1500.0,"key":"key-1"})"
            "\n");
}

TEST_CASE("posting line: csv has a column for everything", "[audit]") {
    REQUIRE(first_line(line_format::csv) ==
            "record,time,account_number,sequence,operation,counterparty,amount,balance,key\n");
    REQUIRE(line_of(line_format::csv, deposit) ==
            "12,2026-11-23T15:00:00.000000001Z,7,3,deposit,,0.05,1500.0,\n");
}

TEST_CASE("posting line: every character that a key may have arrives", "[audit]") {
    std::string every;
    for (char one = '#'; one <= '~'; ++one)
        every += one;
    every += " !\"";
    posting_line line = deposit;
    line.key = every;
    const auto parsed = boost::json::parse(line_of(line_format::ndjson, line));
    REQUIRE(parsed.at("key").as_string() == every);
    std::string quoted = every;
    quoted.insert(quoted.find('"'), 1, '"');
    REQUIRE_THAT(line_of(line_format::csv, line),
                 Catch::Matchers::EndsWith(",\"" + quoted + "\"\n"));
}

TEST_CASE("posting line: csv guards a key that a spreadsheet would take for a formula", "[audit]") {
    const auto cell = [](std::string_view key) {
        posting_line line = deposit;
        line.key = key;
        const std::string text = line_of(line_format::csv, line);
        const std::string before = ",1500.0,";
        const std::size_t begin = text.find(before) + before.size();
        return text.substr(begin, text.size() - 1 - begin);
    };
    REQUIRE(cell("=1+1") == "'=1+1");
    REQUIRE(cell("+1") == "'+1");
    REQUIRE(cell("-1") == "'-1");
    REQUIRE(cell("@SUM(1)") == "'@SUM(1)");
    REQUIRE(cell("\t=1") == "'\t=1");
    REQUIRE(cell("\r=1") == "\"'\r=1\"");
    REQUIRE(cell("  =1+1") == "'  =1+1");
    REQUIRE(cell("=F(\"x\",1)") == "\"'=F(\"\"x\"\",1)\"");
    REQUIRE(cell("x;=1+1") == "x;'=1+1");
    REQUIRE(cell("x; -1;;@a") == "x;' -1;;'@a");
    REQUIRE(cell("=1;+\"1") == "\"'=1;'+\"\"1\"");
    for (const char* const harmless :
         {"a;b", "a;", ";", "a;1+1", "a=1", "7-3", "'q", "a@b", " a", "1+1", "#1", " "})
        REQUIRE(cell(harmless) == harmless);
    posting_line line = deposit;
    line.key = "=1+1";
    REQUIRE_THAT(line_of(line_format::ndjson, line), coffer::test::Contains(R"("key":"=1+1")"));
}

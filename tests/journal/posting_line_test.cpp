#include "journal/posting_line.hpp"

#include <string>
#include <vector>

#include "catch.hpp"

using coffer::money;
using namespace coffer::journal;

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

TEST_CASE("posting line: ndjson has what there is, and no more", "[journal]") {
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
    posting_line named = deposit;
    named.by = "till-3";
    REQUIRE_THAT(line_of(line_format::ndjson, named),
                 Catch::Matchers::EndsWith(R"("balance":1500.0,"by":"till-3"})"
                                           "\n"));
}

TEST_CASE("posting line: csv has a column for everything", "[journal]") {
    REQUIRE(first_line(line_format::csv) ==
            "record,time,account_number,sequence,operation,counterparty,amount,balance,key,"
            "hold,held,by\n");
    REQUIRE(line_of(line_format::csv, deposit) ==
            "12,2026-11-23T15:00:00.000000001Z,7,3,deposit,,0.05,1500.0,,,,\n");
    posting_line named = deposit;
    named.by = "till-3@example";
    REQUIRE(line_of(line_format::csv, named) ==
            "12,2026-11-23T15:00:00.000000001Z,7,3,deposit,,0.05,1500.0,,,,till-3@example\n");
}

TEST_CASE("posting line: every character that a key may have arrives", "[journal]") {
    std::string every;
    for (char one = '#'; one <= '~'; ++one)
        every += one;
    every += " !\"";
    posting_line line = deposit;
    line.key = every;
    std::string escaped = every;
    escaped.insert(escaped.find('\\'), 1, '\\');
    escaped.insert(escaped.find('"'), 1, '\\');
    REQUIRE_THAT(line_of(line_format::ndjson, line),
                 Catch::Matchers::EndsWith(",\"key\":\"" + escaped + "\"}\n"));
    std::string quoted = every;
    quoted.insert(quoted.find('"'), 1, '"');
    REQUIRE_THAT(line_of(line_format::csv, line),
                 Catch::Matchers::EndsWith(",\"" + quoted + "\",,,\n"));
}

TEST_CASE("posting line: csv guards a key that a spreadsheet would take for a formula",
          "[journal]") {
    const auto cell = [](std::string_view key) {
        posting_line line = deposit;
        line.key = key;
        const std::string text = line_of(line_format::csv, line);
        const std::string before = ",1500.0,";
        const std::size_t begin = text.find(before) + before.size();
        return text.substr(begin, text.size() - std::string_view{",,,\n"}.size() - begin);
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

namespace {

std::vector<posting_line> lines_of(const record& one) {
    std::vector<posting_line> lines;
    visit_lines(one, 12, deposit.time, [&lines](const posting_line& line) {
        REQUIRE(line.record == 12);
        REQUIRE(line.time == deposit.time);
        lines.push_back(line);
    });
    return lines;
}

const coffer::posting payer{7, 4, money::from_minor(70)};
const coffer::posting payee{9, 2, money::from_minor(30)};

}  // namespace

TEST_CASE("posting lines: a withdrawal's amount has no sign, its operation gives the direction",
          "[journal]") {
    const record one = record::of_withdrawal(payer, money::from_minor(30), {"k", {}});
    REQUIRE(operation_name(one) == "withdrawal");
    const auto lines = lines_of(one);
    REQUIRE(lines.size() == 1);
    REQUIRE(lines[0].operation == "withdrawal");
    REQUIRE(lines[0].amount == money::from_minor(30));
    REQUIRE(lines[0].state.sequence == payer.sequence);
    REQUIRE(lines[0].counterparty == 0);
    REQUIRE(lines[0].key == "k");
}

TEST_CASE("posting lines: a transfer is two, each with the other account", "[journal]") {
    record one = record::of_transfer(payer, payee, money::from_minor(30));
    one.actor = "ann";
    REQUIRE(operation_name(one) == "transfer");
    const auto lines = lines_of(one);
    REQUIRE(lines.size() == 2);
    REQUIRE(lines[0].operation == "transfer_out");
    REQUIRE(lines[0].state.sequence == payer.sequence);
    REQUIRE(lines[0].counterparty == 9);
    REQUIRE(lines[1].operation == "transfer_in");
    REQUIRE(lines[1].state.account == payee.account);
    REQUIRE(lines[1].counterparty == 7);
    REQUIRE((lines[0].by == "ann" && lines[1].by == "ann"));
    REQUIRE(lines[1].amount == money::from_minor(30));
}

TEST_CASE("posting lines: a transaction's amounts have their signs", "[journal]") {
    const posted_leg legs[]{{payer, money::from_minor(-30)}, {payee, money::from_minor(30)}};
    const record one = record::of_transaction(legs);
    const auto lines = lines_of(one);
    REQUIRE(lines.size() == 2);
    REQUIRE(lines[0].operation == "transaction");
    REQUIRE(lines[0].amount == money::from_minor(-30));
    REQUIRE(lines[1].state.account == payee.account);
    REQUIRE(lines[1].counterparty == 0);
}

TEST_CASE("posting lines: a capture to another account is a capture and a transfer_in",
          "[journal]") {
    record one{.kind = record_kind::hold,
               .holding = hold_operation::capture,
               .state = payer,
               .payee = payee,
               .amount = money::from_minor(30)};
    one.hold.id = {2, 0};
    const auto lines = lines_of(one);
    REQUIRE(lines.size() == 2);
    REQUIRE(lines[0].operation == "capture");
    REQUIRE(lines[0].counterparty == 9);
    REQUIRE(lines[1].operation == "transfer_in");
    REQUIRE(lines[1].hold == one.hold.id);
    one.payee = {};
    REQUIRE(lines_of(one).size() == 1);
}

TEST_CASE("posting lines: a status is close or reopen, a refusal nothing", "[journal]") {
    const auto status = [](coffer::account_status now) {
        return lines_of(record{.kind = record_kind::status, .status = now, .state = payer});
    };
    REQUIRE(status(coffer::account_status::closed).at(0).operation == "close");
    REQUIRE(status(coffer::account_status::open).at(0).operation == "reopen");
    REQUIRE(
        lines_of(record::of_refusal(coffer::errc::insufficient_funds, payer, {"k", {}})).empty());
}

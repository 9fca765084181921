#include "audit/report.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <stdexcept>

#include "catch.hpp"

using namespace coffer::audit;

namespace {

report a_report() {
    report made;
    made.directory = "coffer \"data\"";
    made.journal = {.ledger = "00ff",
                    .segments = 1,
                    .bytes = 8'192,
                    .batches = 2,
                    .records = 1'234'567,
                    .first_record = 1,
                    .last_record = 1'234'567,
                    .first_time_ns = 1'000'000'000,
                    .last_time_ns = 2'000'000'000,
                    .torn = std::nullopt};
    made.sums.deposits = {2, 12'345};
    made.accounts = 10;
    made.total_minor = 5'500'000;
    made.snapshots.push_back({.number = 3, .after_record = 5, .until_record = 6, .accounts = 10});
    made.seconds = 0.25;
    return made;
}

}  // namespace

TEST_CASE("report: people are told in its last line whether all holds", "[audit]") {
    report made = a_report();
    REQUIRE_THAT(to_text(made), Catch::Matchers::EndsWith("\naudit: all holds\n"));
    REQUIRE_THAT(to_text(made), coffer::test::Contains("1,234,567, from 1 to 1,234,567\n"));
    made.faults.add({"1.json", std::nullopt, 7, "is missing"});
    REQUIRE_THAT(to_text(made), Catch::Matchers::EndsWith(
                                    "\nfault: 1.json: account 7: is missing\naudit: 1 fault\n"));
    made.faults.add({"1.journal", 4'096, 0, "is damaged"});
    REQUIRE_THAT(to_text(made),
                 Catch::Matchers::EndsWith(
                     "\nfault: 1.journal, offset 4096: is damaged\naudit: 2 faults\n"));
}

TEST_CASE("report: of very many faults some are told, and how many more there are", "[audit]") {
    report made = a_report();
    for (coffer::account_number account = 1; account != 1'102; ++account)
        made.faults.add({"1.json", std::nullopt, account, "is missing"});
    REQUIRE_THAT(to_text(made),
                 Catch::Matchers::EndsWith("\nand 1,001 more\naudit: 1,101 faults\n"));
}

TEST_CASE("report: the same fault at once again is told once", "[audit]") {
    fault_list faults;
    faults.add({"1.journal", 4'096, 0, "is damaged"});
    faults.add({"1.journal", 4'096, 0, "is damaged"});
    REQUIRE(faults.count() == 1);
}

TEST_CASE("report: what an error says is told with its offset, if it has one", "[audit]") {
    using error = std::runtime_error;
    REQUIRE(fault_of(error{"DIR/1.json, offset 96: is damaged"}, "DIR/1.json") ==
            fault{"DIR/1.json", 96, 0, "is damaged"});
    REQUIRE(fault_of(error{"DIR/1.json: cannot be read: input/output error"}, "DIR/1.json") ==
            fault{"DIR/1.json", std::nullopt, 0, "cannot be read: input/output error"});
    REQUIRE(fault_of(error{"something else"}, "DIR/1.json") ==
            fault{"DIR/1.json", std::nullopt, 0, "something else"});
}

TEST_CASE("report: programs are told the same", "[audit]") {
    report made = a_report();
    made.journal.torn = coffer::journal::torn_tail{"1.journal", 5'000, 100};
    made.faults.add({"1.journal", 4'096, 7, "is damaged"});
    const auto json = boost::json::parse(to_json(made));
    REQUIRE(json.at("holds") == false);
    REQUIRE(json.at("directory").as_string() == made.directory);
    REQUIRE(json.at("journal").at("records") == 1'234'567);
    REQUIRE(json.at("journal").at("last_time").as_string() == "1970-01-01T00:00:02.000000000Z");
    REQUIRE(json.at("journal").at("torn").at("offset") == 5'000);
    REQUIRE(json.at("total") == 55'000.0);
    REQUIRE(json.at("deposits").at("count") == 2);
    REQUIRE(json.at("deposits").at("total") == 123.45);
    REQUIRE(json.at("snapshots").at(0).at("number") == 3);
    REQUIRE(json.at("snapshots").at(0).at("compared") == false);
    REQUIRE(json.at("fault_count") == 1);
    const auto& fault = json.at("faults").at(0);
    REQUIRE(fault.at("file").as_string() == "1.journal");
    REQUIRE(fault.at("offset") == 4'096);
    REQUIRE(fault.at("account_number").as_string() == "7");
    REQUIRE(json.at("seconds") == 0.25);
}

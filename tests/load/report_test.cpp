#include <boost/json.hpp>

#include "catch.hpp"
#include "console/pages.hpp"
#include "load/results.hpp"

using namespace coffer::load;
using coffer::test::Contains;

namespace {

results some_results(const options& chosen) {
    results found{chosen, {{0, 1'000'000'000}, chosen.accounts.size()}, {}, 0.5};
    for (std::int64_t i = 0; i != 1000; ++i)
        found.counted.replied({.what = operation::deposit,
                               .account = 1,
                               .amount_minor = 10,
                               .intended_ns = i * 1'000'000,
                               .sent_ns = i * 1'000'000 + 1000},
                              verdict::done, i * 1'000'000 + 51'000);
    found.counted.refused(503, "unavailable");
    found.audit.deposits_minor = 10'000;
    found.audit.acknowledged = {10'000};
    found.audit.change = {9'990};
    found.audit.deviations = {{1, {-10}}};
    return found;
}

}  // namespace

TEST_CASE("tally: counts in the latency what was due in the window and did its work", "[load]") {
    tally counted{{100, 200}, 1};
    const auto at = [](std::int64_t intended_ns) {
        return request{.intended_ns = intended_ns, .sent_ns = intended_ns};
    };
    counted.replied(at(99), verdict::done, 150);
    counted.replied(at(150), verdict::done, 250);
    counted.replied(at(150), verdict::insufficient_funds, 160);
    counted.replied(at(150), verdict::refused, 160);
    CHECK(counted.latency.count() == 2);
    CHECK(counted.latency.max_ns() == 100);
    CHECK(counted.completed == 2);
    CHECK(counted.done[place(operation::balance)] == 2);
}

TEST_CASE("tally: one that is cut short counts what came until then, and has its rate", "[load]") {
    const options chosen;
    results found = some_results(chosen);
    const std::int64_t step = found.counted.measured.step_ns();
    found.counted.cut(found.counted.measured.end_ns / 2);
    CHECK(found.counted.measured.is_cut());
    CHECK(found.counted.measured.step_ns() == step);
    CHECK(found.counted.steps.size() == 5);
    CHECK(found.counted.measured.seconds() == 0.5);
    CHECK_FALSE(found.counted.measured.has(500'000'000));
    CHECK_THAT(report_text(found), Contains("interrupted: 10.0 s were asked for\n"));
    const auto made = boost::json::parse(report_json(found));
    CHECK(made.at("interrupted").as_bool());
    CHECK(made.at("measured_seconds").to_number<double>() == 0.5);
}

TEST_CASE("tally: one that is cut before it began has no rate", "[load]") {
    const options chosen;
    results found{chosen, {{1000, 1'000'000'000}, 1}, {}, 0};
    found.counted.cut(10);
    CHECK(found.counted.rate() == 0);
    CHECK(found.counted.steps.size() == 1);
    CHECK_FALSE(report_text(found).empty());
    CHECK_FALSE(report_page(found).empty());
}

TEST_CASE("report_text: says by how much the audit is off, and where", "[load]") {
    const options chosen;
    const std::string text = report_text(some_results(chosen));
    CHECK_THAT(
        text,
        Contains("balances changed by +99.9: off by -0.1, 1 accounts and 0 replies are wrong\n"));
    CHECK_THAT(text, Contains("  account 10002 is off by -0.1\n"));
    CHECK_THAT(text, Contains("1  503 unavailable\n"));
    CHECK_THAT(text, Contains("p99.99") && Contains("1000.0 requests/s"));
}

TEST_CASE("report_text: says what holds hold, where there are any", "[load]") {
    const options chosen;
    results found = some_results(chosen);
    CHECK_THAT(report_text(found), !Contains("held") && !Contains("captures"));
    found.audit.captures_minor = 500;
    found.audit.change.held_minor = 70;
    found.audit.deviations = {{1, {0, 70}}};
    found.audit.is_torn = true;
    CHECK_THAT(report_text(found),
               Contains("captures 5.0, balances changed by +99.9, what is held by +0.7: ") &&
                   Contains("account 10002 is off by 0.0, and what is held by +0.7\n") &&
                   Contains("and a posting to several accounts was executed in part"));
}

TEST_CASE("report_json: has what the text has", "[load]") {
    options chosen;
    chosen.rate = 1000;
    const auto made = boost::json::parse(report_json(some_results(chosen)));
    CHECK(made.at("achieved_per_second").to_number<double>() == 1000);
    CHECK(made.at("asked_per_second").to_number<double>() == 1000);
    CHECK(made.at("latency_us").at("p50").to_number<double>() == 51);
    CHECK(made.at("service_us").at("max").to_number<double>() == 50);
    CHECK(made.at("outcomes").at("errors_by_status").at("503 unavailable").to_number<int>() == 1);
    CHECK(made.at("audit").at("exact") == false);
    CHECK(made.at("audit").at("off_by") == "-0.1");
}

TEST_CASE("report_page: stands alone and takes light and dark", "[load]") {
    options chosen;
    chosen.mix_text = "a<b";
    const std::string page = report_page(some_results(chosen));
    CHECK_THAT(page, Contains("prefers-color-scheme: dark") && Contains("<table>") &&
                         Contains("99.9%") && Contains("a&lt;b") && !Contains("a<b"));
    CHECK_THAT(page, !Contains("http://") || Contains("http://127.0.0.1:5000"));
    CHECK_THAT(page, !Contains("src=") && !Contains("href=") && !Contains("url("));
}

TEST_CASE("report_page: has the charts and their figures where they were built", "[load]") {
    options chosen;
    chosen.rate = 1000;
    const std::string page = report_page(some_results(chosen));
    const bool is_built = !coffer::console::charts().script.empty();
    CHECK((page.find("<script") != page.npos) == is_built);
    if (is_built) {
        const std::string begin = R"(<script type="application/json" id="figures">)";
        const std::size_t at = page.find(begin) + begin.size();
        const auto figures =
            boost::json::parse(page.substr(at, page.find("</script>", at) - at)).as_object();
        CHECK(figures.at("asked").to_number<double>() == 1000);
        CHECK(figures.at("latency").as_array().size() == figures.at("percents").as_array().size());
        CHECK(figures.at("service").is_array());
        CHECK(figures.at("times").as_array().size() == figures.at("rates").as_array().size());
    }
}

TEST_CASE("report_page: can be drawn of nothing", "[load]") {
    const options chosen;
    const results found{chosen, {{0, 1'000'000'000}, chosen.accounts.size()}, {}, 0};
    CHECK_THAT(report_page(found), Contains("</html>") && !Contains("nan") && !Contains("inf<"));
}

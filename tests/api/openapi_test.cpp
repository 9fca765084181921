#include "api/openapi.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <coffer/account.hpp>
#include <coffer/account_number.hpp>
#include <coffer/money.hpp>
#include <coffer/transaction.hpp>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "api/account_list.hpp"
#include "api/hold_endpoints.hpp"
#include "api/openapi_differences.hpp"
#include "api/problem.hpp"
#include "api/routes.hpp"
#include "api/statement_endpoints.hpp"
#include "catch.hpp"

namespace json = boost::json;
using coffer::api::openapi_differences;
using coffer::api::product_routes;
using coffer::api::route;
using lines = std::vector<std::string>;

namespace {

json::object document() {
    return json::parse(std::string{coffer::api::openapi_document()}).as_object();
}

/// A schema among the components.
json::value schema(std::string_view name) {
    return document().at("components").as_object().at("schemas").as_object().at(name);
}

json::object& operation(json::object& document, std::string_view path, std::string_view how) {
    return document.at("paths").as_object().at(path).as_object().at(how).as_object();
}

json::object limit_of(std::string_view path) {
    json::object whole = document();
    for (const json::value& one : operation(whole, path, "get").at("parameters").as_array())
        if (const json::value* const name = one.as_object().if_contains("name");
            name != nullptr && *name == "limit")
            return one.at("schema").as_object();
    return {};
}

std::vector<route> routes() {
    return {product_routes.begin(), product_routes.end()};
}

}  // namespace

TEST_CASE("openapi: the document and the route table have the same routes", "[api]") {
    CHECK(openapi_differences(document(), product_routes) == lines{});
}

TEST_CASE("openapi: a route that is in one alone is found", "[api]") {
    std::vector<route> more = routes();
    more.push_back({coffer::api::method::get, "/undocumented", &coffer::api::readiness});
    CHECK(openapi_differences(document(), more) ==
          lines{"GET /undocumented is not in the document"});

    std::vector<route> fewer = routes();
    fewer.pop_back();
    CHECK(openapi_differences(document(), fewer) == lines{"GET /openapi.json is not in the table"});
}

TEST_CASE("openapi: a parameter that is in one alone is found", "[api]") {
    static constexpr std::array<std::string_view, 1> other{"limit"};
    std::vector<route> changed = routes();
    for (route& one : changed)
        if (one.path == "/accounts" && one.method == coffer::api::method::get)
            one.rules.query = other;
    CHECK(openapi_differences(document(), changed) ==
          lines{"GET /accounts: the query's parameter after is not in the table"});

    json::object without = document();
    operation(without, "/accounts", "get").at("parameters").as_array().pop_back();
    CHECK(openapi_differences(without, product_routes) ==
          lines{"GET /accounts: the query's parameter after is not in the document"});
}

TEST_CASE("openapi: a status or a refusal that is in one alone is found", "[api]") {
    using coffer::api::problem;
    std::vector<route> changed = routes();
    for (route& one : changed) {
        if (one.path == "/readyz")
            one.rules.refused = {problem::hold_ended};
        if (one.path == "/metrics")
            one.rules.success = 202;
    }
    CHECK(openapi_differences(document(), changed) ==
          lines{"GET /metrics: the status 202 is not in the document",
                "GET /metrics: the status 200 is not in the table",
                "GET /readyz: the refusal 409 hold_ended is not in the document"});

    json::object without = document();
    operation(without, "/readyz", "get").at("responses").as_object().erase("505");
    CHECK(openapi_differences(without, product_routes) ==
          lines{"GET /readyz: the refusal 505 http_version_not_supported is not in the document"});
}

TEST_CASE("openapi: a body or a form of a refusal that is in one alone is found", "[api]") {
    json::object changed = document();
    operation(changed, "/accounts", "post").at("requestBody").as_object()["required"] = true;
    operation(changed, "/accounts", "post")
        .at("responses")
        .at_pointer("/409/content/application~1problem+json/schema/properties/type/enum")
        .as_array()
        .pop_back();
    CHECK(openapi_differences(changed, product_routes) ==
          lines{"POST /accounts: an optional body of JSON is not in the document",
                "POST /accounts: a body of JSON is not in the table",
                "POST /accounts: the refusal 409 request_in_progress in one form only is not in "
                "the table"});
}

TEST_CASE("openapi: the types of errors are those of the table of problems", "[api]") {
    std::set<std::string> in_code;
    for (int i = 1; i <= static_cast<int>(coffer::api::problem::internal_error); ++i)
        in_code.insert(
            std::string{coffer::api::describe(static_cast<coffer::api::problem>(i)).type});
    std::set<std::string> in_document;
    const json::value types = schema("ErrorType");
    for (const json::value& one : types.at("enum").as_array())
        CHECK(in_document.insert(std::string{one.as_string()}).second);
    CHECK(in_document == in_code);
}

TEST_CASE("openapi: its limits are those of the code", "[api]") {
    const auto most = coffer::money::from_minor(9223372036854775807);
    CHECK(coffer::money::parse("92233720368547758.07").value == most);
    const std::string text{coffer::api::openapi_document()};
    const std::string_view name = "\"maximum\": 92233720368547758.07";
    for (const std::string one : {"\"Amount\"", "\"SignedAmount\"", "\"Balance\""}) {
        const std::size_t begin = text.find(one + ": {\"type\": \"number\"");
        REQUIRE(begin != text.npos);
        // From its digits: a double does not have all of them.
        CHECK(text.find(name, begin) < text.find("\"examples\"", begin));
    }
    CHECK(schema("Sequence").at("maximum") == coffer::account::max_sequence);
    for (const std::string_view one : {"Transaction", "TransactionRequest"}) {
        const json::value postings = schema(one).at_pointer("/properties/postings");
        CHECK(postings.at("minItems") == 2);
        CHECK(postings.at("maxItems") == coffer::max_transaction_legs);
    }
    const json::object accounts = limit_of("/accounts");
    CHECK(accounts.at("maximum") == coffer::api::max_page_accounts);
    CHECK(accounts.at("default") == coffer::api::default_page_accounts);
    const json::object entries = limit_of("/accounts/{account}/statement");
    CHECK(entries.at("maximum") == coffer::api::max_page_entries);
    CHECK(entries.at("default") == coffer::api::default_page_entries);
    const json::object holds = limit_of("/accounts/{account}/holds");
    CHECK(holds.at("maximum") == coffer::api::max_page_holds);
    CHECK(holds.at("default") == coffer::api::default_page_holds);
}

TEST_CASE("openapi: an account number is written as the code reads it", "[api]") {
    const json::value number = schema("AccountNumber");
    const std::regex pattern{std::string{number.at("pattern").as_string()}};
    const std::size_t most = number.at("maxLength").to_number<std::size_t>();
    for (const std::string text : {"1", "10001", "18446744073709551615", "", "0", "01", "-1", "+1",
                                   "1.0", "x", " 1", "100000000000000000000"})
        CHECK((text.size() <= most && std::regex_match(text, pattern)) ==
              coffer::parse_account_number(text).has_value());
}

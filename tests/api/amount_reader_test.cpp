#include "api/amount_reader.hpp"

#include <string>

#include "catch.hpp"

using coffer::api::amount_read;
using coffer::api::problem;
using coffer::api::read_amount;

namespace {

std::int64_t minor_of(std::string_view body) {
    const amount_read read = read_amount(body);
    CHECK(read.problem == problem::none);
    return read.amount.minor();
}

std::string nested(int depth) {
    return R"({"amount":1,"x":)" + std::string(static_cast<std::size_t>(depth), '[') +
           std::string(static_cast<std::size_t>(depth), ']') + "}";
}

}  // namespace

TEST_CASE("read_amount: reads a number from its digits", "[api]") {
    CHECK(minor_of(R"({"amount":100.0})") == 10000);
    CHECK(minor_of(R"({"amount":0.1})") == 10);
    CHECK(minor_of(R"({"amount":1e2})") == 10000);
    CHECK(minor_of(R"({"amount":1E-2})") == 1);
    CHECK(minor_of(R"({"amount":1.500})") == 150);
    CHECK(minor_of(R"({"amount":92233720368547758.07})") == 9223372036854775807);
    // Two doubles away from its neighbours: a reader through doubles would give 9007199254740992.0.
    CHECK(minor_of(R"({"amount":9007199254740993})") == 900719925474099300);
}

TEST_CASE("read_amount: takes white space, other members and escapes in the key", "[api]") {
    CHECK(minor_of(" \r\n\t{ \"amount\" : 5 } \n") == 500);
    CHECK(minor_of(R"({"note":"amount","amount":5,"more":{"amount":6},"list":[{"amount":7}]})") ==
          500);
    CHECK(minor_of(R"({"amounts":1,"amoun":2,"Amount":3,"":4,"amount":5})") == 500);
    CHECK(minor_of(R"({"\u0061mount":5})") == 500);
    CHECK(minor_of(R"({"amo\u0075nt":5})") == 500);
    CHECK(minor_of(R"({"amoun\u0074":5,"amoun\u0074s":6,"\u0061moun":7})") == 500);
}

TEST_CASE("read_amount: says why there is no amount", "[api]") {
    const auto why = [](std::string_view body) { return read_amount(body).problem; };
    CHECK(why("{}") == problem::amount_missing);
    CHECK(why("[]") == problem::amount_missing);
    CHECK(why(R"([{"amount":1}])") == problem::amount_missing);
    CHECK(why(R"(["amount",1])") == problem::amount_missing);
    CHECK(why("5") == problem::amount_missing);
    CHECK(why("null") == problem::amount_missing);
    CHECK(why(R"({"x":{"amount":1}})") == problem::amount_missing);
    CHECK(why(R"({"amount":1,"amount":2})") == problem::amount_twice);
    CHECK(why(R"({"amount":1,"amount":1})") == problem::amount_twice);
    CHECK(why(R"({"amount":1,"\u0061mount":1})") == problem::amount_twice);
    CHECK(why(R"({"amount":null,"amount":1})") == problem::amount_twice);
    CHECK(why(R"({"amount":{"amount":1}})") == problem::amount_not_a_number);
    CHECK(why(R"({"amount":[1]})") == problem::amount_not_a_number);
    CHECK(why(R"({"amount":"5"})") == problem::amount_not_a_number);
    CHECK(why(R"({"amount":true})") == problem::amount_not_a_number);
    CHECK(why(R"({"amount":null})") == problem::amount_not_a_number);
    CHECK(why(R"({"amount":0})") == problem::amount_not_positive);
    CHECK(why(R"({"amount":-0.0})") == problem::amount_not_positive);
    CHECK(why(R"({"amount":-1})") == problem::amount_not_positive);
    CHECK(why(R"({"amount":1.005})") == problem::amount_too_many_decimals);
    CHECK(why(R"({"amount":1e-3})") == problem::amount_too_many_decimals);
    CHECK(why(R"({"amount":1e400})") == problem::amount_out_of_range);
    CHECK(why(R"({"amount":92233720368547758.08})") == problem::amount_out_of_range);
    CHECK(why(R"({"amount":1e99999999999})") == problem::amount_out_of_reach);
}

TEST_CASE("read_amount: refuses what is not well-formed JSON", "[api]") {
    for (const std::string_view body : {"",
                                        " ",
                                        "{",
                                        "}",
                                        R"({"amount":})",
                                        R"({"amount":1)",
                                        R"({"amount":1}})",
                                        R"({"amount":1} {})",
                                        R"({amount:1})",
                                        R"({'amount':1})",
                                        R"({"amount":01})",
                                        R"({"amount":+1})",
                                        R"({"amount":.5})",
                                        R"({"amount":5.})",
                                        R"({"amount":1e})",
                                        R"({"amount":NaN})",
                                        R"({"amount":Infinity})",
                                        R"({"amount":0x10})",
                                        R"({"amount":1,})",
                                        R"({"amount":1}//x)",
                                        "amount=1",
                                        "\xef\xbb\xbf{\"amount\":1}",
                                        "{\"amount\":1,\"x\":\"\xff\"}",
                                        "{\"amount\":1,\"x\":\"\n\"}"}) {
        CAPTURE(body);
        CHECK(read_amount(body).problem == problem::body_malformed);
    }
}

TEST_CASE("read_amount: gives up on bodies nested beyond reason, and on none before", "[api]") {
    CHECK(minor_of(nested(500)) == 100);
    CHECK(read_amount(nested(60'000)).problem == problem::amount_out_of_reach);
}

TEST_CASE("read_amount: a body cut short anywhere is malformed", "[api]") {
    const std::string_view whole = R"({"note":["a",{"b":null}],"amount":12.50})";
    for (std::size_t size = 0; size != whole.size(); ++size) {
        CAPTURE(whole.substr(0, size));
        CHECK(read_amount(whole.substr(0, size)).problem == problem::body_malformed);
    }
}

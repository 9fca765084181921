#include "load/request_writer.hpp"

#include <array>
#include <string>

#include "catch.hpp"

using namespace coffer::load;
using coffer::account_number;

namespace {

constexpr std::array<account_number, 3> accounts{42, 7, 9};

/// The target and the body of a request.
std::string written(const request& one) {
    std::string out;
    request_writer{"h:1"}.write(one, accounts, out);
    const std::string fields =
        " HTTP/1.1\r\nHost: h:1\r\nContent-Type: application/json\r\nContent-Length: ";
    const std::size_t target = out.find(fields);
    REQUIRE(target != out.npos);
    const std::size_t body = out.find("\r\n\r\n") + 4;
    const std::size_t length = std::stoul(out.substr(target + fields.size()));
    CHECK(length == out.size() - body);
    return out.substr(0, target) + ' ' + out.substr(body);
}

}  // namespace

TEST_CASE("request_writer: writes requests behind each other", "[load]") {
    const request_writer writer{"h:1"};
    std::string out;
    writer.write({}, accounts, out);
    writer.write({.what = operation::withdraw, .account = 1, .amount_minor = 1250}, accounts, out);
    CHECK(out ==
          "GET /accounts/42/balance HTTP/1.1\r\nHost: h:1\r\n\r\n"
          "POST /accounts/7/withdraw HTTP/1.1\r\nHost: h:1\r\n"
          "Content-Type: application/json\r\nContent-Length: 15\r\n\r\n{\"amount\":12.5}");
}

TEST_CASE("request_writer: writes a transfer and a transaction with their accounts", "[load]") {
    request one{.what = operation::transfer, .account = 1, .amount_minor = 30};
    one.payments = {{2, 30}};
    CHECK(written(one) == R"(POST /accounts/7/transfer {"to":"9","amount":0.3})");
    one.what = operation::transaction;
    one.payments = {{2, 20}, {0, 10}};
    CHECK(written(one) ==
          R"(POST /transactions {"postings":[{"account_number":"7","amount":-0.3},)"
          R"({"account_number":"9","amount":0.2},{"account_number":"42","amount":0.1}]})");
}

TEST_CASE("request_writer: writes a hold, and what ends it", "[load]") {
    request one{.what = operation::hold, .account = 1, .amount_minor = 500};
    CHECK(written(one) == R"(POST /accounts/7/holds {"amount":5.0})");
    one.hold = {1, "17-3", 500};
    one.amount_minor = 125;
    one.what = operation::capture;
    CHECK(written(one) == R"(POST /accounts/7/holds/17-3/capture {"amount":1.25,"final":true})");
    one.what = operation::release;
    CHECK(written(one) == "POST /accounts/7/holds/17-3/release {}");
}

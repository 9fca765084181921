// Requests with an Idempotency-Key, from bytes to bytes.
#include "http/session.hpp"

#include <string>

#include "catch.hpp"
#include "http/session_driver.hpp"

using namespace coffer::http;
using coffer::test::Contains;

namespace {

const std::string path = "/accounts/10001/deposit";
const std::string one_coin = R"({"amount":1})";

std::string keyed(std::string_view key, std::string_view to = path,
                  std::string_view body = one_coin) {
    return post(to, body, "Idempotency-Key: " + std::string{key} + "\r\n");
}

std::string answer(session_driver& client, const std::string& request) {
    client.send(request);
    return client.replies();
}

/// A reply without the field that marks it as replayed.
std::string as_at_first(std::string reply) {
    const std::string field = "Idempotent-Replayed: true\r\n";
    const std::size_t at = reply.find(field);
    REQUIRE(at != reply.npos);
    return reply.erase(at, field.size());
}

}  // namespace

TEST_CASE("session: a request with a key is done once and answered alike", "[http]") {
    session_driver client;
    const std::string first = answer(client, keyed("a"));
    CHECK_THAT(first, Contains("200 OK") && Contains("1001.0") && !Contains("Replayed"));
    static_cast<void>(answer(client, post(path, one_coin)));
    CHECK(as_at_first(answer(client, keyed("a"))) == first);
    CHECK(as_at_first(answer(client, keyed("\"a\""))) == first);
    CHECK(as_at_first(answer(client, keyed("a", path, R"({"amount":1.00})"))) == first);
    CHECK(client.balance_minor(10001) == 100'200);
}

TEST_CASE("session: a key in quotes is its text, whatever escapes and parameters it has",
          "[http]") {
    session_driver client;
    const std::string first = answer(client, keyed(R"("order 1")"));
    CHECK_THAT(first, Contains("200 OK") && Contains("1001.0"));
    CHECK(as_at_first(answer(client, keyed(R"("order 1";attempt=2)"))) == first);
    const std::string escaped = answer(client, keyed(R"("a\"b\\")"));
    CHECK_THAT(escaped, Contains("1002.0"));
    CHECK(as_at_first(answer(client, keyed(R"(a"b\)"))) == escaped);
    CHECK(client.balance_minor(10001) == 100'200);
}

TEST_CASE("session: short funds are answered alike too, and unknown accounts take no key",
          "[http]") {
    session_driver client;
    const std::string much = R"({"amount":1500})";
    const std::string first = answer(client, keyed("a", "/accounts/10001/withdraw", much));
    CHECK_THAT(first, Contains("400 ") && Contains("insufficient_funds"));
    static_cast<void>(answer(client, post(path, much)));
    CHECK(as_at_first(answer(client, keyed("a", "/accounts/10001/withdraw", much))) == first);
    const std::string nobody = answer(client, keyed("b", "/accounts/77/deposit"));
    CHECK_THAT(nobody, Contains("404 ") && Contains("no_such_account"));
    CHECK(answer(client, keyed("b", "/accounts/77/deposit")) == nobody);
    CHECK_THAT(answer(client, keyed("b")), Contains("200 OK"));
}

TEST_CASE("session: a key of another request is refused", "[http]") {
    session_driver client;
    static_cast<void>(answer(client, keyed("a")));
    for (const std::string& other :
         {keyed("a", path, R"({"amount":2})"), keyed("a", "/accounts/10002/deposit"),
          keyed("a", "/accounts/10001/withdraw")})
        CHECK_THAT(answer(client, other), Contains("422 ") && Contains("idempotency_key_reused"));
    CHECK(client.balance_minor(10001) == 100'100);
    CHECK(client.balance_minor(10002) == 200'000);
}

TEST_CASE("session: what is refused before it is done leaves the key free", "[http]") {
    session_driver client;
    for (const std::string& refused :
         {keyed("a", path, R"({"amount":0})"), keyed("a", path, "x"), keyed("a", "/nowhere")})
        CHECK_THAT(answer(client, refused), Contains("HTTP/1.1 4"));
    CHECK_THAT(answer(client, keyed("a")), Contains("200 OK") && !Contains("Replayed"));
}

TEST_CASE("session: what is no key, or two of them, is refused", "[http]") {
    session_driver client;
    for (const std::string& key :
         {std::string{}, std::string{"a b"}, std::string{"\"\""}, std::string(256, 'k'),
          std::string{"\"abc"}, std::string{"\"a\"b"}, std::string{"\"a\\x\""},
          std::string{"\"a\", \"b\""}, std::string{"\"a\";B"}})
        CHECK_THAT(answer(client, keyed(key)),
                   Contains("400 ") && Contains("invalid_idempotency_key"));
    CHECK_THAT(answer(client, post(path, one_coin, "Idempotency-Key: a\r\nidempotency-key: a\r\n")),
               Contains("invalid_idempotency_key"));
    CHECK(client.balance_minor(10001) == 100'000);
    CHECK_THAT(answer(client, post(path, one_coin, "IDEMPOTENCY-KEY: a\r\n")), Contains("200 OK"));
    CHECK_THAT(answer(client, get("/accounts/10001/balance", "Idempotency-Key: a b\r\n")),
               Contains("200 OK"));
}

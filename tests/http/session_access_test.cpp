// When a session asks who may send a request: once, and before the body is read.
#include <string>

#include "api/access_control.hpp"
#include "catch.hpp"
#include "http/session_driver.hpp"

using namespace coffer::http;
using namespace coffer::api;
using coffer::test::Contains;

namespace {

struct guarded_session {
    guarded_session() {
        driver.context.guard = &guard;
        use_token("ten");
    }
    void use_token(const char* text) {
        rules.tokens.publish(token_set{
            {{.hash = hash_of_token(text),
              .who = {text, {scope::read, scope::post}, account_ranges{{{10001, 10002}}}}}}});
    }
    std::string send(const std::string& bytes) {
        driver.send(bytes);
        return driver.replies();
    }

    session_driver driver;
    access_rules rules;
    access_control guard{rules};
};

const std::string token = "Authorization: Bearer ten\r\n";
const std::string a_deposit = post("/accounts/10001/deposit", R"({"amount":1})", token);

/// The head of a deposit, and its body.
const std::size_t head_size = a_deposit.find("\r\n\r\n") + 4;
const std::string head = a_deposit.substr(0, head_size);
const std::string body = a_deposit.substr(head_size);

}  // namespace

TEST_CASE("session: a request is counted once, however it comes", "[http]") {
    guarded_session session;
    session.rules.rate = {4};
    CHECK_THAT(session.send(a_deposit), Contains("200 OK"));
    CHECK(session.send(head).empty());
    CHECK(session.send(body.substr(0, 3)).empty());
    CHECK_THAT(session.send(body.substr(3)), Contains("200 OK"));
    session.driver.send_byte_by_byte(a_deposit);
    CHECK_THAT(session.driver.replies(), Contains("200 OK"));
    const std::string chunked = post("/accounts/10001/deposit", "", token);
    std::string in_chunks = chunked;
    in_chunks.replace(in_chunks.find("Content-Length: 0"), 17, "Transfer-Encoding: chunked");
    session.driver.send_byte_by_byte(in_chunks + "c\r\n{\"amount\":1}\r\n0\r\n\r\n");
    CHECK_THAT(session.driver.replies(), Contains("200 OK"));
    CHECK_THAT(session.send(a_deposit), Contains("429 Too Many Requests"));
    CHECK_FALSE(session.driver.closed());
    CHECK(session.driver.balance_minor(10001) == 100'400);
}

TEST_CASE("session: what is refused with its body here leaves the connection open", "[http]") {
    guarded_session session;
    const std::string foreign = post("/accounts/10003/deposit", R"({"amount":1})", token);
    CHECK(count(session.send(foreign + foreign + a_deposit), "403 Forbidden") == 2);
    CHECK_FALSE(session.driver.closed());
    CHECK(session.driver.balance_minor(10003) == 300'000);
    CHECK(session.driver.balance_minor(10001) == 100'100);
}

TEST_CASE("session: what is refused before its body closes the connection", "[http]") {
    guarded_session session;
    const std::string foreign = post("/accounts/10003/deposit", R"({"amount":1})", token);
    const std::string reply = session.send(foreign.substr(0, head_size));
    CHECK_THAT(reply, Contains("403 Forbidden"));
    CHECK_THAT(reply, Contains("Connection: close"));
    CHECK(session.driver.closed());
}

TEST_CASE("session: a body is asked for only from those who may send it", "[http]") {
    const std::string waiting = "Expect: 100-continue\r\n";
    for (const bool may : {true, false}) {
        guarded_session session;
        const std::string all =
            post("/accounts/10001/deposit", R"({"amount":1})", waiting + (may ? token : ""));
        const std::size_t size = all.find("\r\n\r\n") + 4;
        CHECK_THAT(session.send(all.substr(0, size)),
                   Contains(may ? "HTTP/1.1 100 Continue" : "HTTP/1.1 401 Unauthorized"));
        CHECK(session.driver.closed() == !may);
        if (may)
            CHECK_THAT(session.send(all.substr(size)), Contains("200 OK"));
    }
}

TEST_CASE("session: a token that is gone when the body comes opens nothing", "[http]") {
    guarded_session session;
    CHECK(session.send(head).empty());
    session.use_token("other");
    CHECK_THAT(session.send(body), Contains("401 Unauthorized"));
    CHECK_FALSE(session.driver.closed());
    CHECK(session.driver.balance_minor(10001) == 100'000);
}

TEST_CASE("session: the lines of a batch are those of its token, also when it is gone", "[http]") {
    guarded_session session;
    const std::string lines =
        "{\"operation\":\"deposit\",\"account_number\":\"10001\",\"amount\":1.0}\n"
        "{\"operation\":\"withdraw\",\"account_number\":\"10003\",\"amount\":1.0}\n";
    std::string batch = post("/batch", lines, token);
    batch.replace(batch.find("application/json"), 16, "application/x-ndjson");
    const std::size_t half = batch.size() - lines.size() / 2;
    CHECK(session.send(batch.substr(0, half)).empty());
    session.use_token("other");
    const std::string reply = session.send(batch.substr(half));
    CHECK_THAT(reply, Contains("200 OK"));
    CHECK(count(reply, R"("type":"forbidden")") == 1);
    CHECK(session.driver.balance_minor(10001) == 100'100);
    CHECK(session.driver.balance_minor(10003) == 300'000);
}

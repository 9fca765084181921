// Batches: each line against the single request that it stands for.
#include "api/batch_endpoint.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/api_under_test.hpp"
#include "catch.hpp"

using namespace coffer::api;
using coffer::test::Contains;

namespace {

/// So that the same requests have the same replies.
coffer::journal::time_sources clocks_that_stand() {
    using coffer::journal::ledger_clock;
    return {[] { return ledger_clock::release_ns; }, [] { return std::uint64_t{1}; }};
}

/// The product's routes over an engine in memory whose clocks stand.
struct bank {
    bank() : engine{{.times = clocks_that_stand()}} {
        engine.open(coffer::initial_accounts::sample().open_in_memory());
    }

    std::string ask(const request& asked) {
        handle(product_table, engine.teller_at(0), asked, out);
        return std::string{out.body()};
    }
    std::string post(std::string_view target, std::string_view body, std::string_view key = {}) {
        return ask({.method = method::post,
                    .target = target,
                    .content_type = "application/json",
                    .body = body,
                    .idempotency_key = key,
                    .idempotency_keys = static_cast<std::uint8_t>(key.empty() ? 0 : 1)});
    }
    std::unique_ptr<line_sink> open(const request& asked, std::size_t most_lines = 1000) {
        return open_lines(product_table, engine.teller_at(0), asked, most_lines, out);
    }
    /// The results of these lines, each with its line end.
    std::string results_of(const std::vector<std::string>& lines, std::size_t most_lines = 1000) {
        const auto sink = open(batch, most_lines);
        REQUIRE(sink);
        auto last = line_sink::state::taken;
        for (const std::string& line : lines)
            if (last == line_sink::state::taken)
                last = sink->take(engine.teller_at(0), line);
        sink->finish(engine.teller_at(0), out);
        return pull_all();
    }
    /// All of the stream in the reply, in pieces of the least room.
    std::string pull_all() {
        CHECK(out.status() == 200);
        CHECK(out.content_type() == "application/x-ndjson");
        const auto stream = out.take_stream();
        REQUIRE(stream);
        const auto size = stream->known_size();
        std::string text;
        auto now = body_stream::state::more;
        while (now == body_stream::state::more) {
            const std::size_t before = text.size();
            now = stream->pull(engine.teller_at(0), body_stream::least_room_bytes, text);
            REQUIRE(text.size() - before <= body_stream::least_room_bytes);
        }
        CHECK(now == body_stream::state::done);
        CHECK(stream->buffered_bytes() == 0);
        CHECK(size == text.size());
        return text;
    }

    std::int64_t balance_minor(coffer::account_number number) const {
        return engine.ledger().balance(number).posting.balance.minor();
    }

    static constexpr request batch{.method = method::post,
                                   .target = "/batch",
                                   .content_type = "application/x-ndjson",
                                   .body = {}};
    coffer::engine engine;
    reply out;
};

/// A line, and the request that it stands for.
struct equal_request {
    std::string_view line;
    std::string_view target;
    std::string_view body;
    std::string_view key = {};
};

constexpr equal_request equal_requests[]{
    {R"({"operation":"deposit","account_number":"10001","amount":1.0})", "/accounts/10001/deposit",
     R"({"amount":1.0})"},
    {R"({"operation":"deposit","account_number":"10001","amount":1e0,"more":[{"key":"x"}]})",
     "/accounts/10001/deposit", R"({"amount":1e0})"},
    {R"({"key":"k1","amount":2.5,"account_number":"10002","operation":"withdraw"})",
     "/accounts/10002/withdraw", R"({"amount":2.5})", "k1"},
    {R"({"key":"k1","amount":2.5,"account_number":"10002","operation":"withdraw"})",
     "/accounts/10002/withdraw", R"({"amount":2.5})", "k1"},
    {R"({"operation":"withdraw","account_number":"10002","amount":2.5,"key":"\u006b1"})",
     "/accounts/10002/withdraw", R"({"amount":2.5})", "k1"},
    {R"({"operation":"deposit","account_number":"10002","amount":2.5,"key":"k1"})",
     "/accounts/10002/deposit", R"({"amount":2.5})", "k1"},
    {R"({"operation":"withdraw","account_number":"10001","amount":100000,"key":"poor"})",
     "/accounts/10001/withdraw", R"({"amount":100000})", "poor"},
    {R"({"operation":"deposit","account_number":"10001","amount":1,"key":null})",
     "/accounts/10001/deposit", R"({"amount":1})"},
    {R"({"operation":"deposit","account_number":"10001","amount":1,"key":"a b"})",
     "/accounts/10001/deposit", R"({"amount":1})", R"("a b")"},
    {R"({ "amount" : 1 , "key" : " a " , "account_number":"10001", "operation":"deposit" })",
     "/accounts/10001/deposit", R"({"amount":1})", R"(" a ")"},
    {R"({"operation":"deposit","account_number":"10001","amount":1,"key":"a\u0020b"})",
     "/accounts/10001/deposit", R"({"amount":1})", R"("a b")"},
    {R"({"operation":"deposit","account_number":"10001","amount":1,"key":""})",
     "/accounts/10001/deposit", R"({"amount":1})", " "},
    {R"({"operation":"deposit","account_number":"10001","amount":1,"key":7})",
     "/accounts/10001/deposit", R"({"amount":1})", " "},
    {R"({"operation":"deposit","account_number":"10001","amount":1,"key":"x","key":"x"})",
     "/accounts/10001/deposit", R"({"amount":1})", " "},
    {R"({"operation":"deposit","account_number":"10001","amount":1,"key":"\"x\\"})",
     "/accounts/10001/deposit", R"({"amount":1})", R"("\"x\\")"},
    {R"({"operation":"transfer","account_number":"10001","to":"10002","amount":1,"key":"\"x"})",
     "/accounts/10001/transfer", R"({"to":"10002","amount":1})", R"("\"x")"},
    {R"({"operation":"deposit","account_number":"10001","amount":1,"key":"\u00e9"})",
     "/accounts/10001/deposit", R"({"amount":1})", " "},
    {R"({"operation":"deposit","account_number":"10001","amount":"1","key":7})",
     "/accounts/10001/deposit", R"({"amount":"1"})", " "},
    {R"({"operation":"deposit","account_number":"10001"})", "/accounts/10001/deposit", "{}"},
    {R"({"operation":"deposit","account_number":"10001","amount":0.001})",
     "/accounts/10001/deposit", R"({"amount":0.001})"},
    {R"({"operation":"deposit","account_number":"10001","amount":-1})", "/accounts/10001/deposit",
     R"({"amount":-1})"},
    {R"({"operation":"deposit","account_number":"10001","amount":1,"amount":1})",
     "/accounts/10001/deposit", R"({"amount":1,"amount":1})"},
    {R"({"operation":"deposit","account_number":"10001","amount":1e99999999999})",
     "/accounts/10001/deposit", R"({"amount":1e99999999999})"},
    {R"({"operation":"deposit","account_number":"0","amount":1})", "/accounts/0/deposit",
     R"({"amount":1})"},
    {R"({"operation":"deposit","account_number":1,"amount":1})", "/accounts/x/deposit",
     R"({"amount":1})"},
    {R"({"operation":"deposit","account_number":"99","amount":1,"key":"k2"})",
     "/accounts/99/deposit", R"({"amount":1})", "k2"},
    {R"({"operation":"deposit","account_number":"10001","amount":1)", "/accounts/10001/deposit",
     R"({"amount":1)"},
    {" ", "/accounts/10001/deposit", " "},
    {"\xff", "/accounts/10001/deposit", "\xff"},
    {R"({"operation":"transfer","account_number":"10003","to":"10004","amount":25,"key":"t"})",
     "/accounts/10003/transfer", R"({"to":"10004","amount":25})", "t"},
    {R"({"operation":"transfer","account_number":"10003","to":"10004","amount":25,"key":"t"})",
     "/accounts/10003/transfer", R"({"to":"10004","amount":25})", "t"},
    {R"({"operation":"transfer","account_number":"10003","to":"10003","amount":25})",
     "/accounts/10003/transfer", R"({"to":"10003","amount":25})"},
    {R"({"operation":"transfer","account_number":"10003","amount":25})", "/accounts/10003/transfer",
     R"({"amount":25})"},
    {R"({"operation":"transfer","account_number":"10003","to":"10004","amount":90000})",
     "/accounts/10003/transfer", R"({"to":"10004","amount":90000})"},
    {R"({"operation":"hold","account_number":"10005","amount":40,"expires_in":"60s","key":"h"})",
     "/accounts/10005/holds", R"({"amount":40,"expires_in":"60s"})", "h"},
    {R"({"operation":"hold","account_number":"10005","amount":40,"expires_in":"60s","key":"h"})",
     "/accounts/10005/holds", R"({"amount":40,"expires_in":"60s"})", "h"},
    {R"({"operation":"hold","account_number":"10005","amount":40,"expires_in":"soon"})",
     "/accounts/10005/holds", R"({"amount":40,"expires_in":"soon"})"},
    {R"({"operation":"capture","account_number":"10005","hold":"2-0","amount":10})",
     "/accounts/10005/holds/2-0/capture", R"({"amount":10})"},
    {R"({"operation":"capture","account_number":"10005","hold":"2-0","amount":5,"to":"10006"})",
     "/accounts/10005/holds/2-0/capture", R"({"amount":5,"to":"10006"})"},
    {R"({"operation":"capture","account_number":"10005","hold":"2-0","amount":500})",
     "/accounts/10005/holds/2-0/capture", R"({"amount":500})"},
    {R"({"operation":"capture","account_number":"10005","hold":"2-0","amount":5,"final":true})",
     "/accounts/10005/holds/2-0/capture", R"({"amount":5,"final":true})"},
    {R"({"operation":"release","account_number":"10005","hold":"2-0"})",
     "/accounts/10005/holds/2-0/release", "{}"},
    {R"({"operation":"hold","account_number":"10005","amount":1})", "/accounts/10005/holds",
     R"({"amount":1})"},
    {R"({"operation":"release","account_number":"10005","hold":"%32-0"})",
     "/accounts/10005/holds/x/release", "{}"},
    {R"({"operation":"release","account_number":"10005","hold":"\u0036-0","key":"r"})",
     "/accounts/10005/holds/6-0/release", "{}", "r"},
    {R"({"operation":"release","account_number":"99","hold":"6-0"})",
     "/accounts/99/holds/6-0/release", "{}"},
};

}  // namespace

TEST_CASE("batch: a line has the envelope that its single request has, to the byte", "[api]") {
    bank alone;
    bank together;
    std::vector<std::string> lines;
    std::string due;
    for (const equal_request& one : equal_requests) {
        lines.emplace_back(one.line);
        due += alone.post(one.target, one.body, one.key) + "\n";
    }
    const std::string results = together.results_of(lines);
    CHECK(results == due);
    CHECK_THAT(results, Contains(R"("code":201})") && Contains(R"("code":422})"));
    for (coffer::account_number number = 10001; number != 10010; ++number)
        CHECK(together.balance_minor(number) == alone.balance_minor(number));
}

TEST_CASE("batch: an operation that there is not is refused for its line", "[api]") {
    bank one;
    for (const std::string line :
         {R"({"operation":"open","account_number":"10001"})", R"({"account_number":"10001"})",
          R"({"operation":null,"account_number":"10001"})", R"({"operation":7,"amount":1})",
          R"({"operation":"","amount":1})", R"({"operation":["deposit"]})", R"({})"})
        CHECK(coffer::test::type_of(one.results_of({line})) == "invalid_operation");
    for (const std::string line : {"[]", "[1]", "null", "7", R"("deposit")"})
        CHECK_THAT(one.results_of({line}), Contains("not a JSON object"));
    CHECK(coffer::test::refusal_of(one.results_of(
              {R"({"operation":"deposit","operation":"deposit","account_number":"10001"})"})) ==
          "invalid_parameter operation");
    CHECK(coffer::test::type_of(one.results_of({R"({"operation":"deposit","amount":1})"})) ==
          "invalid_account_number");
    CHECK(coffer::test::refusal_of(
              one.results_of({R"({"operation":"release","account_number":"10001"})"})) ==
          "invalid_parameter hold");
    CHECK(coffer::test::refusal_of(one.results_of(
              {R"({"operation":"capture","account_number":"10001","amount":1,"hold":2})"})) ==
          "invalid_parameter hold");
    CHECK(one.balance_minor(10001) == 100'000);
}

TEST_CASE("batch: without lines it has no result", "[api]") {
    bank one;
    CHECK(one.results_of({}).empty());
}

TEST_CASE("batch: the line after the last that is allowed is refused, and ends it", "[api]") {
    bank one;
    const std::string line = R"({"operation":"deposit","account_number":"10001","amount":1})";
    const std::string results = one.results_of({line, line, line, line}, 2);
    CHECK(std::count(results.begin(), results.end(), '\n') == 3);
    CHECK_THAT(results, Contains("1002.0") && !Contains("1003.0"));
    CHECK(results.ends_with(
        "\n{\"success\":false,\"error\":{\"type\":\"content_too_large\",\"message\":\"the body is "
        "too large\"},\"code\":413}\n"));
    CHECK(one.balance_minor(10001) == 100'200);
}

TEST_CASE("batch: a line that is too long ends it likewise", "[api]") {
    bank one;
    const auto sink = one.open(bank::batch);
    REQUIRE(sink);
    CHECK(sink->buffered_bytes() == 0);
    static_cast<void>(sink->take(one.engine.teller_at(0),
                                 R"({"operation":"deposit","account_number":"10001","amount":1})"));
    CHECK(sink->buffered_bytes() >= 80);
    CHECK(sink->end_at_line(problem::body_too_large));
    sink->finish(one.engine.teller_at(0), one.out);
    CHECK(sink->buffered_bytes() == 0);
    CHECK_THAT(one.pull_all(), Contains("1001.0") && Contains("\"code\":413}\n"));
}

TEST_CASE("batch: a key of the request is refused before the body is read", "[api]") {
    bank one;
    request with_key = bank::batch;
    with_key.idempotency_key = "k";
    with_key.idempotency_keys = 1;
    CHECK(one.open(with_key) == nullptr);
    CHECK(one.out.status() == 400);
    CHECK(coffer::test::type_of(std::string{one.out.body()}) == "invalid_idempotency_key");
    request other_type = bank::batch;
    other_type.content_type = "application/json";
    CHECK(one.open(other_type) == nullptr);
    CHECK(one.out.status() == 415);
}

TEST_CASE("batch: while the ledger is not open, none begins", "[api]") {
    coffer::engine closed{coffer::engine::options{}};
    reply out;
    CHECK(open_lines(product_table, closed.teller_at(0), bank::batch, 10, out) == nullptr);
    CHECK(out.status() == 503);
}

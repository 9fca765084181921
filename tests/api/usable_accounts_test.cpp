// Accounts in bodies: those that are debited or opened must be the token's.
#include <string>
#include <string_view>

#include "api/api_under_test.hpp"
#include "catch.hpp"

using namespace coffer::api;
using coffer::test::type_of;

namespace {

/// A client whose token is for these accounts.
struct limited_client : coffer::test::api_under_test {
    explicit limited_client(account_ranges accounts) {
        rules.tokens.publish(token_set{
            {{.hash = hash_of_token("t"),
              .who = {"t-name", {scope::read, scope::post, scope::open}, std::move(accounts)}}}});
    }
    std::string post_as(std::string_view target, std::string_view body, std::string_view key = "") {
        const request asked{.method = method::post,
                            .target = target,
                            .content_type = "application/json",
                            .body = body,
                            .idempotency_key = key,
                            .idempotency_keys = static_cast<std::uint8_t>(key.empty() ? 0 : 1),
                            .authorization = "Bearer t"};
        handle(product_table, engine.teller_at(0), asked, reply, &guard);
        return std::string{reply.body()};
    }

    access_rules rules;
    access_control guard{rules};
};

}  // namespace

TEST_CASE("usable accounts: money may go anywhere, and comes from those alone", "[api]") {
    limited_client client{account_ranges{{{10001, 10002}}}};
    client.post_as("/accounts/10001/transfer", R"({"to":"10005","amount":1})");
    CHECK(client.reply.status() == 200);
    client.post_as("/transactions", R"({"postings":[{"account_number":"10005","amount":2},)"
                                    R"({"account_number":"10002","amount":-2}]})");
    CHECK(client.reply.status() == 200);
    CHECK(client.balance_minor(10005) == 500'300);
    const std::string refused =
        client.post_as("/transactions", R"({"postings":[{"account_number":"10002","amount":2},)"
                                        R"({"account_number":"10005","amount":-2}]})");
    CHECK(client.reply.status() == 403);
    CHECK(refused.find(R"("account_number":"10005")") != refused.npos);
    CHECK(client.balance_minor(10005) == 500'300);
}

TEST_CASE("usable accounts: a body that is wrong is refused as that first", "[api]") {
    limited_client client{account_ranges{{{10001, 10002}}}};
    CHECK(type_of(client.post_as("/transactions",
                                 R"({"postings":[{"account_number":"10005","amount":-2},)"
                                 R"({"account_number":"10002","amount":3}]})")) == "unbalanced");
    CHECK(type_of(client.post_as("/accounts", R"({"account_number":5})")) ==
          "invalid_account_number");
}

TEST_CASE("usable accounts: an account that is opened must be one of them", "[api]") {
    limited_client client{account_ranges{{{200000, 200001}, {200003, 200003}}}};
    const auto opens = [&client](std::string_view body, std::string_view key = "") {
        client.post_as("/accounts", body, key);
        return client.reply.status();
    };
    CHECK(opens("{}") == 403);  // the next one is 100001
    CHECK(client.engine.ledger().size() == 10);
    CHECK(opens(R"({"account_number":"199999"})") == 403);
    CHECK(opens(R"({"account_number":"200000"})") == 201);
    CHECK(opens(R"({"account_number":"200000"})") == 409);
    CHECK(opens("{}", "first") == 201);  // 200001
    CHECK(client.reply.field("Location") == "/accounts/200001");
    CHECK(opens("{}") == 403);
    // A repeated request has its first outcome, though the next one is another now.
    CHECK(opens("{}", "first") == 201);
    CHECK(client.reply.field("Location") == "/accounts/200001");
    // A refusal is not kept with the key.
    CHECK(opens("{}", "second") == 403);
    REQUIRE(client.engine.ledger().open(200002, {}));
    CHECK(opens("{}", "second") == 201);
    CHECK(client.reply.field("Location") == "/accounts/200003");
    CHECK(client.engine.ledger().size() == 14);
}

TEST_CASE("usable accounts: a token for all of them opens the next", "[api]") {
    limited_client client{account_ranges{}};
    client.post_as("/accounts", "{}");
    CHECK(client.reply.field("Location") == "/accounts/100001");
}

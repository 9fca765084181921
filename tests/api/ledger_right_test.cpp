#include "api/ledger_right.hpp"

#include <memory>
#include <set>
#include <string>

#include "api/access_rules.hpp"
#include "api/api_under_test.hpp"
#include "api/node_under_test.hpp"
#include "catch.hpp"
#include "journal/memory_log.hpp"

using coffer::leadership;
using coffer::node_role;
using coffer::api::method;
using coffer::test::node_under_test;
using coffer::test::type_of;
using state = coffer::api::body_stream::state;
using namespace std::chrono_literals;

namespace {

const std::string leader{node_under_test::leader_url};

std::string body_of(const coffer::api::reply& one) {
    return std::string{one.body()};
}

}  // namespace

TEST_CASE("ledger_right: what a node answers without a right is about the node alone", "[api]") {
    std::set<std::string_view> of_node;
    for (const auto& one : coffer::api::product_routes)
        if (!one.rules.is_of_ledger)
            of_node.insert(one.path);
    CHECK(of_node == std::set<std::string_view>{
                         "/", "/admin/journal", "/admin/nodes", "/admin/snapshot",
                         "/admin/snapshots", "/admin/snapshots/{snapshot}",
                         "/admin/snapshots/{snapshot}/difference", "/admin/step-down", "/console",
                         "/healthz", "/metrics", "/openapi.json", "/readyz"});
}

TEST_CASE("ledger_right: a standby sends clients to the leader, with the whole target", "[api]") {
    node_under_test node{node_role::standby};
    node.rights.set_leader_url(leader);
    node.be_at_end(7);
    for (const std::string target :
         {"/accounts/10001/balance", "/accounts?limit=2&after=10001", "/accounts/10001/holds/2-0",
          "/events?stale=no", "/accounts/10001/balance?stale=ok&stale=ok",
          "/idempotency-keys/a%20b"}) {
        CAPTURE(target);
        CHECK(type_of(body_of(node.get(target))) == "not_leader");
        CHECK(node.reply.status() == 307);
        CHECK(node.reply.field("Location") == leader + target);
        CHECK(node.reply.field("Coffer-As-Of").empty());
    }
    node.rights.set_leader_url(leader + "/");
    for (const std::string target :
         {"/accounts/10001/deposit", "/accounts", "/transactions", "/accounts/1/close?stale=ok"}) {
        CAPTURE(target);
        CHECK(node.post(target).status() == 307);
        CHECK(node.reply.field("Location") == leader + target);
    }
    CHECK(node.engine.ledger().balance(10001).posting.balance.minor() == 100'000);
}

TEST_CASE("ledger_right: a long target is in the Location as a whole", "[api]") {
    node_under_test node{node_role::standby};
    node.rights.set_leader_url(leader);
    const std::string target = "/accounts?after=" + std::string(4000, '1');
    CHECK(node.get(target).field("Location") == leader + target);
}

TEST_CASE("ledger_right: what is wrong with a path is said by any node", "[api]") {
    node_under_test node{node_role::standby};
    node.rights.set_leader_url(leader);
    CHECK(node.get("/nothing").status() == 404);
    CHECK(node.get("/accounts/x/balance").status() == 400);
    CHECK(node.post("/accounts/10001/balance").status() == 405);
    CHECK(node.ask({method::options, "/accounts", {}, {}}).status() == 204);
    CHECK(node.get("/healthz").status() == 200);
    CHECK(node.get("/openapi.json").status() == 200);
    CHECK(node.get("/metrics").status() == 200);
}

TEST_CASE("ledger_right: without a leader the refusal is to be tried again", "[api]") {
    node_under_test node{node_role::standby};
    CHECK(type_of(body_of(node.get("/accounts/10001/balance"))) == "unavailable");
    CHECK(node.reply.status() == 503);
    CHECK(node.reply.field("Retry-After") == "1");
    CHECK(node.reply.field("Location").empty());
    CHECK(node.post("/accounts/10001/deposit").status() == 503);
}

TEST_CASE("ledger_right: a standby answers by what it has, if it may be stale", "[api]") {
    node_under_test node{node_role::standby};
    node.rights.set_leader_url(leader);
    node.be_at_end(7, 12'500ms);
    CHECK(body_of(node.get("/accounts/10001/balance?stale=ok")) ==
          R"({"success":true,"data":{"account_number":"10001","balance":1000.0},"code":200})");
    CHECK(node.reply.field("Coffer-As-Of") == "7");
    CHECK(node.reply.field("Age") == "12");
    CHECK(node.get("/accounts?limit=2&stale=ok").status() == 200);

    CHECK(node.get("/accounts/77?stale=ok").status() == 404);
    CHECK(node.reply.field("Coffer-As-Of") == "7");
    CHECK(node.get("/idempotency-keys/k?stale=ok").status() == 404);
    CHECK(node.reply.field("Coffer-As-Of") == "7");

    coffer::api::request asked{method::get, "/accounts/10001?stale=ok", {}, {}};
    asked.if_none_match = "*";
    CHECK(node.ask(asked).status() == 304);
    CHECK(node.reply.field("Coffer-As-Of") == "7");
    CHECK(node.reply.field("Age") == "12");
    CHECK(node.reply.tag() == 1);

    CHECK(node.post("/accounts/10001/deposit?stale=ok").status() == 307);
}

TEST_CASE("ledger_right: a standby that was never at the log's end answers nothing", "[api]") {
    node_under_test node{node_role::standby};
    node.rights.set_leader_url(leader);
    CHECK(type_of(body_of(node.get("/accounts/10001/balance?stale=ok"))) == "unavailable");
    CHECK(node.reply.field("Retry-After") == "1");
}

TEST_CASE("ledger_right: to a node alone, and to a leader, it is the same if it may be stale",
          "[api]") {
    for (const node_role role : {node_role::alone, node_role::leader}) {
        node_under_test node{role};
        const std::string plain = body_of(node.get("/accounts/10001/balance"));
        CHECK(node.reply.status() == 200);
        CHECK(body_of(node.get("/accounts/10001/balance?stale=ok")) == plain);
        CHECK(body_of(node.get("/accounts/10001/balance?stale=no")) == plain);
        CHECK(node.reply.fields().empty());
        CHECK(node.get("/accounts?stale=ok").status() == 200);
    }
}

TEST_CASE("ledger_right: a leader whose right has ended answers and posts nothing", "[api]") {
    node_under_test node{node_role::leader};
    node.rights.set_leader_url(leader);
    CHECK(node.post("/accounts/10001/deposit").status() == 200);
    node.rights.become(node_role::leader);
    node.rights.answer_until(leadership::boottime());
    for (const std::string target : {"/accounts/10001/balance", "/accounts/77?stale=ok"}) {
        CHECK(type_of(body_of(node.get(target))) == "unavailable");
        CHECK(node.reply.field("Retry-After") == "1");
    }
    CHECK(node.post("/accounts/10001/deposit").status() == 503);
    CHECK(node.engine.ledger().balance(10001).posting.balance.minor() == 100'100);
    node.rights.answer_until(leadership::boottime() + 1h);
    CHECK(node.get("/accounts/10001/balance").status() == 200);
}

TEST_CASE("ledger_right: a leader's stream ends with its right, and a standby's goes on", "[api]") {
    for (const node_role role : {node_role::leader, node_role::standby}) {
        node_under_test node{role};
        node.be_at_end(7);
        node.get("/accounts?stale=ok", "application/x-ndjson");
        REQUIRE(node.reply.is_stream());
        const auto stream = node.reply.take_stream();
        std::string out;
        const auto pull = [&] {
            const coffer::teller::turn turn{node.engine.teller_at(0)};
            return stream->pull(node.engine.teller_at(0), 256, out);
        };
        CHECK(pull() == state::more);
        CHECK_FALSE(out.empty());
        node.rights.stop_answering();
        if (role == node_role::standby) {
            CHECK(pull() == state::more);
            continue;
        }
        CHECK(pull() == state::failed);
        CHECK(stream->failure() == coffer::api::problem::no_leader);
        stream->end_early(stream->failure(), out);
        CHECK(out.find(R"({"complete":false,)") != out.npos);
        CHECK(out.find("unavailable") != out.npos);
    }
}

TEST_CASE("ledger_right: a batch whose right ends while it arrives has an unknown outcome",
          "[api]") {
    node_under_test node{node_role::leader};
    const coffer::api::request asked{method::post, "/batch", "application/x-ndjson", {}};
    coffer::teller& teller = node.engine.teller_at(0);
    const auto sink =
        open_lines(coffer::api::product_table, teller, asked, 10, node.reply, nullptr);
    REQUIRE(sink != nullptr);
    sink->take(teller, R"({"operation":"deposit","account_number":"10001","amount":1})");
    node.rights.stop_answering();
    sink->finish(teller, node.reply);
    CHECK(type_of(body_of(node.reply)) == "outcome_unknown");
    CHECK(open_lines(coffer::api::product_table, teller, asked, 10, node.reply) == nullptr);
    CHECK(type_of(body_of(node.reply)) == "unavailable");
}

TEST_CASE("ledger_right: who may not ask is refused before", "[api]") {
    node_under_test node{node_role::standby};
    node.rights.set_leader_url(leader);
    coffer::api::access_rules rules;
    rules.tokens.publish(coffer::api::token_set{});
    coffer::api::access_control guard{rules};
    const coffer::api::request asked{method::get, "/accounts/10001", {}, {}};
    handle(coffer::api::product_table, node.engine.teller_at(0), asked, node.reply, &guard);
    CHECK(node.reply.status() == 401);
    coffer::api::handled done;
    CHECK_FALSE(admit(coffer::api::product_table, node.engine.teller_at(0), asked, guard, done,
                      node.reply));
    CHECK(node.reply.status() == 401);
}

TEST_CASE("ledger_right: with a read barrier nothing is said of the ledger before a write",
          "[api]") {
    leadership rights{node_role::leader};
    rights.answer_until(leadership::boottime() + 1h);
    coffer::engine engine{coffer::engine::options{.rights = &rights}};
    const auto kept = std::make_shared<coffer::test::memory_batches>();
    coffer::test::memory_log files{kept};
    engine.open_standby(std::make_unique<coffer::ledger>(), files, {});
    coffer::engine::journal_options chosen;
    chosen.read_barrier = true;
    engine.lead(std::make_unique<coffer::test::memory_log>(kept), std::move(chosen));
    coffer::teller& at = engine.teller_at(0);
    coffer::api::reply reply;
    {
        const coffer::teller::turn turn{at};
        // There is no such account, which is not to be said before the body has arrived.
        CHECK(wants_body(coffer::api::product_table, at,
                         {method::post, "/accounts/99/deposit", "application/json", {}}, reply));
        const auto sink =
            open_lines(coffer::api::product_table, at,
                       {method::post, "/batch", "application/x-ndjson", {}}, 10, reply, nullptr);
        REQUIRE(sink != nullptr);
        sink->take(at, R"({"operation":"withdraw","account_number":"99","amount":1})");
        CHECK(at.due() == 0);
        sink->finish(at, reply);
        CHECK(at.due() != 0);
    }
    static_cast<void>(reply.take_stream());
    CHECK(engine.close());
}

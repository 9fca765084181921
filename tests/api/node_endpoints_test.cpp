#include "api/node_endpoints.hpp"

#include <string>

#include "api/api_under_test.hpp"
#include "api/node_under_test.hpp"
#include "catch.hpp"

using coffer::node_role;
using coffer::test::Contains;
using coffer::test::node_under_test;
using coffer::test::type_of;
using namespace std::chrono_literals;

namespace {

std::string body_of(const coffer::api::reply& one) {
    return std::string{one.body()};
}

}  // namespace

TEST_CASE("readiness: the role of a node is shown where there are several", "[api]") {
    node_under_test alone{node_role::alone};
    CHECK_THAT(body_of(alone.get("/readyz")), Contains(R"("data":{"ready":true,"checks":{)"));

    node_under_test leader{node_role::leader};
    CHECK_THAT(body_of(leader.get("/readyz")),
               Contains(R"("data":{"ready":true,"role":"leader","checks":{)"));
    CHECK(leader.reply.status() == 200);
    leader.rights.stop_answering();
    CHECK_THAT(body_of(leader.get("/readyz")), Contains(R"("role":"leader","checks":{)"));
    CHECK(leader.reply.status() == 503);

    node_under_test standby{node_role::standby};
    CHECK_THAT(body_of(standby.get("/readyz")), Contains(R"("role":"standby","checks":{)"));
    CHECK(standby.reply.status() == 503);
    CHECK(standby.get("/healthz").status() == 200);
}

TEST_CASE("readiness: a replicated ledger has a log, which is not the disk alone", "[api]") {
    node_under_test alone{node_role::alone};
    CHECK_THAT(body_of(alone.get("/readyz")),
               Contains(R"({"ledger":"ok","journal":"ok","disk":"ok","stopping":"ok"})"));
    node_under_test leader{node_role::leader};
    CHECK_THAT(body_of(leader.get("/readyz")),
               Contains(R"({"ledger":"ok","log":"ok","stopping":"ok"})"));
}

TEST_CASE("step_down: a leader is asked once or often, others cannot be", "[api]") {
    node_under_test leader{node_role::leader};
    for (int i = 0; i != 2; ++i) {
        CHECK(body_of(leader.post("/admin/step-down", {})) ==
              R"({"success":true,"data":{"node":"a","stepping_down":true},"code":202})");
        CHECK(leader.reply.status() == 202);
        CHECK(leader.rights.is_asked_to_step_down());
    }
    for (const node_role role : {node_role::alone, node_role::standby}) {
        node_under_test other{role};
        CHECK(type_of(body_of(other.post("/admin/step-down", {}))) == "not_leader");
        CHECK(other.reply.status() == 409);
        CHECK_FALSE(other.rights.is_asked_to_step_down());
    }
}

TEST_CASE("list_nodes: shows what the nodes have reported, and who leads", "[api]") {
    node_under_test node{node_role::standby};
    CHECK(body_of(node.get("/admin/nodes")) ==
          R"({"success":true,"data":{"node":"a","role":"standby","leader":null,"nodes":[]},)"
          R"("code":200})");
    node.rights.set_leader_url("http://b:5000");
    node.rights.set_nodes({{.name = "a",
                            .url = "http://a:5000",
                            .is_catching_up = true,
                            .applied_record = 5,
                            .synced_record = 4,
                            .reported_ns = 1'000'000'000},
                           {.name = "b\"",
                            .url = "http://b:5000",
                            .is_member = true,
                            .is_leader = true,
                            .applied_record = 7,
                            .synced_record = 6,
                            .reported_ns = 0}});
    CHECK(body_of(node.get("/admin/nodes")) ==
          R"({"success":true,"data":{"node":"a","role":"standby","leader":"http://b:5000",)"
          R"("nodes":[{"node":"a","url":"http://a:5000","role":"standby","member":false,)"
          R"("catching_up":true,"applied_record":5,"synced_record":4,)"
          R"("seen":"1970-01-01T00:00:01.000000000Z"},)"
          R"({"node":"b\"","url":"http://b:5000","role":"leader","member":true,)"
          R"("catching_up":false,"applied_record":7,"synced_record":6,)"
          R"("seen":"1970-01-01T00:00:00.000000000Z"}]},"code":200})");
}

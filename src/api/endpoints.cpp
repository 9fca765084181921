#include "api/endpoints.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "api/node_endpoints.hpp"
#include "api/openapi.hpp"
#include "api/snapshot_reply.hpp"
#include "engine/engine.hpp"
#include "ops/json_text.hpp"

namespace coffer::api {
namespace {

void append_check(std::string& out, std::string_view name, std::string_view state) {
    if (out.back() != '{')
        out += ',';
    append_json_string(out, name);
    out += ':';
    append_json_string(out, state);
}

/// The server's own checks; those of its parts come behind them.
void append_own_checks(const coffer::engine& engine, std::string& out) {
    const service why = engine.why_no_postings();
    const bool is_full = why == service::disk_full;
    const std::string_view answers = why == service::disk_hangs ? "does not answer" : "ok";
    append_check(out, "ledger", engine.is_open() ? "ok" : "is being read");
    if (engine.rights().role() == node_role::alone) {
        append_check(out, "journal", is_full ? "has no room" : "ok");
        append_check(out, "disk", answers);
    } else {  // in etcd and on the disk: either may be at fault
        append_check(out, "log", is_full ? "has no room" : answers);
    }
    append_check(out, "stopping", engine.is_retiring() ? "stops" : "ok");
}

/// Each check with its state, as a JSON object. Returns whether those of the parts are well.
bool append_checks(const coffer::engine& engine, std::string& out) {
    bool all_well = true;
    out += '{';
    append_own_checks(engine, out);
    engine.signs().checks.visit([&](const health_check& one) {
        const health_check::finding found = one.look();
        all_well = all_well && found.is_well;
        append_check(out, one.name, found.state);
    });
    out += '}';
    return all_well;
}

}  // namespace

void readiness(coffer::teller& teller, const call&, reply& out) {
    const coffer::engine& engine = teller.engine();
    std::string checks;
    const bool all_well = append_checks(engine, checks);
    const leadership& rights = engine.rights();
    const node_role role = rights.role();
    problem why = problem_of(engine.why_no_postings());
    if (engine.is_retiring())
        why = problem::stopping;
    else if (role == node_role::standby)
        why = rights.leader_url().empty() ? problem::no_leader : problem::standby;
    else if (why == problem::none && !rights.may_answer())
        why = problem::no_leader;
    else if (why == problem::none && !all_well)
        why = problem::check_failed;
    const bool is_alone = role == node_role::alone;
    const std::string_view name = is_alone ? std::string_view{} : name_of(role);
    if (why != problem::none)
        return out.refuse(why, {.role = name, .checks = checks});
    out.data(200, [&](std::string& text) {
        text += R"({"ready":true,)";
        if (!is_alone)
            text.append(R"("role":")").append(name) += R"(",)";
        text.append(R"("checks":)").append(checks) += '}';
    });
}

void health(coffer::teller& teller, const call&, reply& out) {
    std::string loops = "{";
    bool all_well = true;
    teller.engine().signs().loops.visit([&](const health_check& one) {
        const health_check::finding found = one.look();
        all_well = all_well && found.is_well;
        append_check(loops, one.name, found.state);
    });
    loops += '}';
    if (!all_well)
        return out.refuse(problem::check_failed, {.checks = loops});
    out.affirm("healthy");
}

void openapi(coffer::teller&, const call&, reply& out) {
    out.text("application/json", [](std::string& text) { text += openapi_document(); });
}

void take_snapshot(coffer::teller& teller, const call&, reply& out) {
    std::shared_ptr<ordered_snapshot> order;
    const service asked = teller.ask_for_snapshot(order);
    if (asked == service::request_in_progress)
        return out.refuse(problem::snapshot_under_way);
    if (asked == service::no_history)
        return out.refuse(problem::no_snapshots);
    if (asked != service::done)
        return out.refuse(problem_of(asked));
    out.stream(200, "application/json", std::make_unique<snapshot_reply>(std::move(order)));
}

}  // namespace coffer::api

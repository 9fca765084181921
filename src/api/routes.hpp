// The routes of the product: every path that the server answers. (Tests have tables of their own.)
#pragma once

#include <array>

#include "api/account_endpoints.hpp"
#include "api/account_list.hpp"
#include "api/batch_endpoint.hpp"
#include "api/console_endpoint.hpp"
#include "api/copy_endpoints.hpp"
#include "api/endpoints.hpp"
#include "api/event_list.hpp"
#include "api/hold_endpoints.hpp"
#include "api/key_endpoint.hpp"
#include "api/node_endpoints.hpp"
#include "api/route_refusals.hpp"
#include "api/route_table.hpp"
#include "api/snapshot_endpoints.hpp"
#include "api/statement_endpoints.hpp"
#include "api/transfer_endpoints.hpp"

namespace coffer::api {

/// A condition is of the path's account: also of the posting that the reply is about.
constexpr route_rules conditional(route_rules one) {
    one.conditions = conditions::of_account;
    one.refused = one.refused | refusals::condition;
    return one;
}

/// What posts, by a body that must be there, and by one that may be missing.
constexpr route_rules posting_rules(const problem_set& refused, int success = 200) {
    return {.body = body_kind::json, .scope = scope::post, .success = success, .refused = refused};
}
constexpr route_rules bodyless_rules(const problem_set& refused, int success = 200) {
    return {.body = body_kind::optional_json,
            .scope = scope::post,
            .success = success,
            .refused = refused};
}
/// What opens and closes accounts.
constexpr route_rules opening_rules(const problem_set& refused, int success = 200) {
    route_rules made = bodyless_rules(refused, success);
    made.scope = scope::open;
    return made;
}
/// What posts line by line.
constexpr route_rules batch_rules(const problem_set& refused) {
    return {.body = body_kind::lines,
            .max_line = max_batch_line_bytes,
            .scope = scope::post,
            .refused = refused};
}
/// What anyone may load: a page shows nothing before it has asked for it.
constexpr route_rules console_rules(const problem_set& refused) {
    return {.scope = scope::anyone,
            .place = place::operations,
            .needs_local_listener = true,
            .is_of_ledger = false,
            .refused = refused};
}
/// What the operator asks of this node, or of its files.
constexpr route_rules admin_rules(std::span<const std::string_view> query,
                                  const problem_set& refused, int success = 200) {
    return {.scope = scope::admin,
            .place = place::operations,
            .is_of_ledger = false,
            .query = query,
            .success = success,
            .refused = refused};
}
/// What anyone may ask about this node.
constexpr route_rules node_rules(const problem_set& refused) {
    return {.scope = scope::anyone,
            .place = place::operations,
            .is_of_ledger = false,
            .refused = refused};
}

/// The busiest first: the table is searched from the front. Every row is described in the folder
/// openapi: tests compare them.
inline constexpr std::array product_routes{
    route{method::get, "/accounts/{account}/balance", &balance,
          conditional({.query = past_balance_query, .refused = refusals::past_balance})},
    route{method::post, "/accounts/{account}/withdraw", &withdraw,
          conditional(posting_rules(refusals::withdrawal))},
    route{method::post, "/accounts/{account}/deposit", &deposit,
          conditional(posting_rules(refusals::account_posting))},
    route{method::post, "/accounts/{account}/transfer", &transfer,
          conditional(posting_rules(refusals::transfer))},
    route{method::post, "/transactions", &transact, posting_rules(refusals::transaction)},
    route{method::post, "/batch", &open_batch, batch_rules(refusals::batch)},
    route{method::post, "/accounts/{account}/holds", &place_hold,
          conditional(posting_rules(refusals::placing, 201))},
    route{method::get,
          "/accounts/{account}/holds",
          &list_holds,
          {.query = hold_list_query, .refused = refusals::account | refusals::query}},
    route{method::post, "/accounts/{account}/holds/{hold}/capture", &capture_hold,
          conditional(posting_rules(refusals::capture))},
    route{method::post, "/accounts/{account}/holds/{hold}/release", &release_hold,
          conditional(bodyless_rules(refusals::release))},
    route{method::get, "/accounts/{account}/holds/{hold}", &show_hold,
          conditional({.refused = refusals::hold})},
    route{method::get, "/accounts/{account}", &show_account,
          conditional({.refused = refusals::account})},
    route{method::get,
          "/accounts/{account}/statement",
          &show_statement,
          {.query = statement_query, .refused = refusals::statement}},
    route{method::post, "/accounts/{account}/close", &close_account,
          conditional(opening_rules(refusals::closing))},
    route{method::post, "/accounts/{account}/reopen", &reopen_account,
          conditional(opening_rules(refusals::reopening))},
    route{method::post, "/accounts", &open_account, opening_rules(refusals::opening, 201)},
    route{method::get,
          "/accounts",
          &list_accounts,
          {.query = account_list_query, .refused = refusals::account_list}},
    route{method::get,
          "/events",
          &list_events,
          {.query = event_list_query, .refused = refusals::event_list}},
    route{method::get, "/idempotency-keys/{key}", &show_key, {.refused = refusals::key}},
    route{method::get, "/readyz", &readiness, node_rules(refusals::readiness)},
    route{method::get, "/healthz", &health, node_rules(refusals::health)},
    route{method::post, "/admin/snapshot", &take_snapshot, admin_rules({}, refusals::snapshot)},
    route{method::get, "/metrics", &metrics, {.place = place::operations, .is_of_ledger = false}},
    route{method::get, "/console", &console, console_rules(refusals::console)},
    route{method::get, "/", &front_door, console_rules(refusals::front_door)},
    route{method::get, "/admin/snapshots", &list_snapshots,
          admin_rules({}, refusals::snapshot_list)},
    route{method::get, "/admin/snapshots/{snapshot}/difference", &compare_snapshots,
          admin_rules(difference_query, refusals::difference)},
    route{method::get, "/admin/snapshots/{snapshot}", &copy_snapshot,
          admin_rules({}, refusals::snapshot_copy)},
    route{method::get, "/admin/journal", &copy_journal,
          admin_rules(journal_query, refusals::journal)},
    route{method::get, "/admin/nodes", &list_nodes, admin_rules({}, {})},
    route{method::post, "/admin/step-down", &step_down, admin_rules({}, refusals::step_down, 202)},
    route{method::get, "/openapi.json", &openapi, {.scope = scope::anyone, .is_of_ledger = false}},
};

inline constexpr route_table product_table{product_routes};

}  // namespace coffer::api

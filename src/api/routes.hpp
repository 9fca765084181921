// The routes of the product: every path that the server answers. (Tests have tables of their own.)
#pragma once

#include <array>

#include "api/account_endpoints.hpp"
#include "api/account_list.hpp"
#include "api/endpoints.hpp"
#include "api/hold_endpoints.hpp"
#include "api/route_table.hpp"
#include "api/transfer_endpoints.hpp"

namespace coffer::api {

/// What posts, by a body that must be there, and by one that may be missing.
inline constexpr route_rules posting_rules{.body = body_kind::json, .scope = scope::post};
inline constexpr route_rules bodyless_rules{.body = body_kind::optional_json, .scope = scope::post};

/// The busiest first: the table is searched from the front. `scope` is for authentication to come;
/// nothing checks it yet.
inline constexpr std::array product_routes{
    route{method::get, "/accounts/{account}/balance", &balance},
    route{method::post, "/accounts/{account}/withdraw", &withdraw, posting_rules},
    route{method::post, "/accounts/{account}/deposit", &deposit, posting_rules},
    route{method::post, "/accounts/{account}/transfer", &transfer, posting_rules},
    route{method::post, "/transactions", &transact, posting_rules},
    route{method::post, "/accounts/{account}/holds", &place_hold, posting_rules},
    route{method::get, "/accounts/{account}/holds", &list_holds},
    route{method::post, "/accounts/{account}/holds/{hold}/capture", &capture_hold, posting_rules},
    route{method::post, "/accounts/{account}/holds/{hold}/release", &release_hold, bodyless_rules},
    route{method::get, "/accounts/{account}/holds/{hold}", &show_hold},
    route{method::get, "/accounts/{account}", &show_account},
    route{method::post, "/accounts/{account}/close", &close_account, bodyless_rules},
    route{method::post, "/accounts/{account}/reopen", &reopen_account, bodyless_rules},
    route{method::post, "/accounts", &open_account, bodyless_rules},
    route{method::get, "/accounts", &list_accounts},
    route{method::get, "/readyz", &readiness, {.scope = scope::anyone}},
    route{method::get, "/metrics", &metrics, {.scope = scope::anyone}},
};

inline constexpr route_table product_table{product_routes};

}  // namespace coffer::api

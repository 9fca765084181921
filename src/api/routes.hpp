// The routes of the product: every path that the server answers. (Tests have tables of their own.)
#pragma once

#include <array>

#include "api/account_list.hpp"
#include "api/endpoints.hpp"
#include "api/route_table.hpp"

namespace coffer::api {

/// The busiest first: the table is searched from the front. `scope` is for authentication to come;
/// nothing checks it yet.
inline constexpr std::array product_routes{
    route{method::get, "/accounts/{account}/balance", &balance, {.scope = scope::read}},
    route{method::post,
          "/accounts/{account}/withdraw",
          &withdraw,
          {.body = body_kind::json, .scope = scope::post}},
    route{method::post,
          "/accounts/{account}/deposit",
          &deposit,
          {.body = body_kind::json, .scope = scope::post}},
    route{method::get, "/accounts", &list_accounts, {.scope = scope::read}},
    route{method::get, "/readyz", &readiness, {.scope = scope::anyone}},
    route{method::get, "/metrics", &metrics, {.scope = scope::anyone}},
};

inline constexpr route_table product_table{product_routes};

}  // namespace coffer::api

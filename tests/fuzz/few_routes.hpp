// The product's routes, but for those that reply with streams.
#pragma once

#include <array>

#include "api/account_endpoints.hpp"
#include "api/endpoints.hpp"
#include "api/route_table.hpp"

namespace coffer::fuzz {

inline constexpr std::array short_routes{
    api::route{api::method::get, "/accounts/{account}/balance", &api::balance},
    api::route{api::method::post,
               "/accounts/{account}/withdraw",
               &api::withdraw,
               {.body = api::body_kind::json}},
    api::route{api::method::post,
               "/accounts/{account}/deposit",
               &api::deposit,
               {.body = api::body_kind::json}},
    api::route{api::method::get, "/readyz", &api::readiness},
    api::route{api::method::get, "/metrics", &api::metrics},
};

/// The oracle knows short replies alone.
inline constexpr api::route_table few_routes{short_routes};

}  // namespace coffer::fuzz

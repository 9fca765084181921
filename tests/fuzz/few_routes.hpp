// The product's routes, but for those that reply with streams.
#pragma once

#include <array>
#include <string>

#include "api/account_endpoints.hpp"
#include "api/endpoints.hpp"
#include "api/route_table.hpp"

namespace coffer::fuzz {

/// The figures of a server change with time, and replies are compared with each other.
inline void constant_metrics(teller&, const api::call&, api::reply& out) {
    out.text("text/plain; version=0.0.4; charset=utf-8",
             [](std::string& text) { text += "# TYPE coffer_ready gauge\ncoffer_ready 1\n"; });
}

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
    api::route{api::method::get, "/metrics", &constant_metrics},
};

/// The oracle knows short replies alone.
inline constexpr api::route_table few_routes{short_routes};

}  // namespace coffer::fuzz

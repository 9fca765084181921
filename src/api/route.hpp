// One row of the route table: a method, a path, the function that answers, and what it accepts.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include <coffer/account_number.hpp>

#include "api/entity_tags.hpp"
#include "api/line_sink.hpp"
#include "api/principal.hpp"
#include "api/problem_set.hpp"
#include "api/reply.hpp"
#include "api/request.hpp"
#include "engine/leadership.hpp"
#include "engine/teller.hpp"

namespace coffer::api {

/// What a route does with a request's body.
enum class body_kind : std::uint8_t {
    none,           ///< reads it and ignores it
    json,           ///< takes one JSON document, in memory as a whole
    optional_json,  ///< the same, or no body
    lines,          ///< takes a text line by line, of any length
};

/// Where a route is answered.
enum class place : std::uint8_t {
    everywhere,
    /// With `--admin-listen` on that listener alone; without it, on every listener. Those of scope
    /// `admin`, and the console, need a local listener where there are no tokens.
    operations,
};

/// What If-Match and If-None-Match are about. Where that is nothing, a POST with either is refused
/// before anything else, and a GET ignores them.
enum class conditions : std::uint8_t { of_nothing, of_account };

/// The most parameters in a path.
inline constexpr std::size_t max_path_parameters = 2;

/// One request on its way to an endpoint. Views into the request's bytes: an endpoint that returns
/// a stream or a sink copies what it keeps.
struct call {
    const api::request& request;
    account_number account = 0;  ///< of the path's `{account}`; 0 if it has none
    /// The path's other parameters from left to right, percent-encoded (see path_segment).
    std::array<std::string_view, max_path_parameters> parameters{};
    std::string_view query{};   ///< what follows the first `?`; empty if there is none
    std::size_t max_lines = 0;  ///< of body kind `lines`: the server's limit, which the sink keeps
    expected_sequences expected{};  ///< of If-Match, where the route has conditions
    /// Null where there are no tokens, or the route needs none. As long as the request: what
    /// outlives it copies `*who`, or the accounts.
    const principal* who = nullptr;
    /// By what right a request about the ledger is answered; and of a standby, by which state.
    node_role answered_by = node_role::alone;
    api::as_of as_of{};

    /// Whether the client may use this account: debit or open it, or see it in a list.
    [[nodiscard]] bool may_use(account_number one) const noexcept {
        return who == nullptr || who->accounts.has(one);
    }
    /// The accounts that it may use, for what outlives the request.
    [[nodiscard]] account_ranges usable() const noexcept {
        return who != nullptr ? who->accounts : account_ranges{};
    }
};

/// Fills the reply. Allocates nothing where the reply is a posting or a balance.
using endpoint = void (*)(teller&, const call&, reply&);
/// Makes the sink for a body that arrives line by line; or fills the reply and returns null.
using line_endpoint = std::unique_ptr<line_sink> (*)(teller&, const call&, reply&);

/// What a route accepts, and what it answers. Sizes are in bytes.
struct route_rules {
    body_kind body = body_kind::none;
    std::size_t max_body = 0;  ///< of a JSON body; 0: the server's limit, which always holds too
    std::size_t max_line = std::size_t{64} << 10;  ///< of body kind `lines`
    api::scope scope = api::scope::read;
    api::place place = api::place::everywhere;
    /// Whether it is answered on a local listener alone where there are no tokens: the console. So
    /// is what has scope `admin`.
    bool needs_local_listener = false;
    /// Whether the reply says anything about the ledger as it is now: then it is answered by the
    /// node that leads it, if there are several (see ledger_right.hpp).
    bool is_of_ledger = true;
    api::conditions conditions = conditions::of_nothing;
    std::span<const std::string_view> query{};  ///< the names of the query's parameters
    int success = 200;                          ///< the status of a success
    /// Beside refusals::any. Nothing enforces it: the tests compare it with the API's description.
    problem_set refused{};
};

/// `path` is literal segments and parameters: "/accounts/{account}/holds/{hold}". `{account}` is
/// checked to be an account number before the endpoint is called. HEAD belongs to GET.
struct route {
    api::method method;
    std::string_view path;
    api::endpoint answer = nullptr;
    api::line_endpoint open_lines = nullptr;
    route_rules rules{};

    constexpr route(api::method how, std::string_view where, api::endpoint what,
                    route_rules accepts = {}) noexcept
        : method{how}, path{where}, answer{what}, rules{accepts} {}
    constexpr route(api::method how, std::string_view where, api::line_endpoint what,
                    route_rules accepts) noexcept
        : method{how}, path{where}, open_lines{what}, rules{accepts} {}
};

}  // namespace coffer::api

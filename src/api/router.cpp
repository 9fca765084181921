#include "api/router.hpp"

#include <array>
#include <coffer/account_number.hpp>
#include <optional>
#include <string_view>

#include "api/endpoints.hpp"
#include "api/media_type.hpp"
#include "api/percent_encoding.hpp"

namespace coffer::api {
namespace {

/// One path and the one method it has beside OPTIONS.
struct route {
    std::string_view name;
    api::method method;
    std::string_view allow;
    api::endpoint endpoint;
};

/// The last segments of /accounts/{n}/<name>.
constexpr std::array account_routes{
    route{"balance", method::get, "GET, HEAD, OPTIONS", &balance},
    route{"withdraw", method::post, "POST, OPTIONS", &withdraw},
    route{"deposit", method::post, "POST, OPTIONS", &deposit},
};

/// The server's own, /<name>.
constexpr std::array server_routes{
    route{"readyz", method::get, "GET, HEAD, OPTIONS", &readiness},
    route{"metrics", method::get, "GET, HEAD, OPTIONS", &metrics},
};

/// What the server has at all, for `OPTIONS *`.
constexpr std::string_view all_methods = "GET, HEAD, POST, OPTIONS";

struct match {
    const api::route* route;
    std::optional<std::string_view> account;  // as it stands in the path, if one is due there
};

constexpr match no_match{nullptr, {}};

template <std::size_t N>
const route* find_named(const std::array<route, N>& routes, std::string_view name) noexcept {
    for (const route& one : routes)
        if (name == one.name)
            return &one;
    return nullptr;
}

match find_route(std::string_view target) noexcept {
    const std::string_view path = target.substr(0, target.find('?'));
    const std::size_t second = path.find('/', 1);
    const std::size_t third = path.find('/', second + 1);
    if (!path.starts_with('/'))
        return no_match;
    if (second == path.npos)
        return {find_named(server_routes, path_segment{path.substr(1)}.text()), {}};
    if (third == path.npos)
        return no_match;
    if (path_segment{path.substr(1, second - 1)}.text() != "accounts")
        return no_match;
    return {find_named(account_routes, path_segment{path.substr(third + 1)}.text()),
            path.substr(second + 1, third - second - 1)};
}

struct call {
    api::endpoint endpoint;  // null if the answer is there already
    account_number account;
};

constexpr call answered{nullptr, 0};

/// What the request's first line asks for; or its answer in `out` if there is nothing more to it.
call find_call(const request& asked, reply& out) {
    if (asked.method == method::options && asked.target == "*") {
        out.list_methods(all_methods);
        return answered;
    }
    const auto [found, segment] = find_route(asked.target);
    if (found == nullptr) {
        out.refuse(problem::route_unknown);
        return answered;
    }
    if (asked.method == method::options) {
        out.list_methods(found->allow);
        return answered;
    }
    if (found->method != asked.method) {
        out.refuse_method(found->allow);
        return answered;
    }
    if (!segment)
        return {found->endpoint, 0};
    const std::optional<account_number> account =
        parse_account_number(path_segment{*segment}.text());
    if (!account) {
        out.refuse(problem::account_number_invalid);
        return answered;
    }
    return {found->endpoint, *account};
}

}  // namespace

void handle(coffer::teller& teller, const request& asked, reply& out) {
    const call due = find_call(asked, out);
    if (due.endpoint != nullptr)
        due.endpoint(teller, due.account, asked, out);
}

bool wants_body(const coffer::teller& teller, const request& asked, reply& out) {
    const call due = find_call(asked, out);
    if (due.endpoint == nullptr)
        return false;
    if (asked.method != method::post)
        return true;  // whatever it is, it is read and does not matter
    if (asked.encoded) {
        out.refuse(problem::content_coding_unsupported);
        return false;
    }
    if (!is_json(asked.content_type)) {
        out.refuse(problem::media_type_unsupported);
        return false;
    }
    const posting_result account = teller.find(due.account);
    const problem why = account.service != service::done ? problem_of(account.service)
                                                         : problem_of(account.outcome.error);
    if (why != problem::none)
        out.refuse(why);
    return why == problem::none;
}

}  // namespace coffer::api

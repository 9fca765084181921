#include "api/router.hpp"

#include <array>
#include <coffer/account_number.hpp>
#include <optional>
#include <string_view>

#include "api/endpoints.hpp"

namespace coffer::api {
namespace {

/// One path, /accounts/{n}/<name>, and the one method it has.
struct route {
    std::string_view name;
    api::method method;
    std::string_view allow;
    api::endpoint endpoint;
};

constexpr std::array routes{
    route{"balance", method::get, "GET, HEAD", &balance},
    route{"withdraw", method::post, "POST", &withdraw},
    route{"deposit", method::post, "POST", &deposit},
};

struct match {
    const api::route* route;
    std::string_view account;
};

match find_route(std::string_view target) noexcept {
    constexpr std::string_view prefix = "/accounts/";
    std::string_view path = target.substr(0, target.find('?'));
    if (!path.starts_with(prefix))
        return {nullptr, {}};
    path.remove_prefix(prefix.size());
    const std::size_t slash = path.find('/');
    if (slash == std::string_view::npos)
        return {nullptr, {}};
    for (const route& one : routes)
        if (path.substr(slash + 1) == one.name)
            return {&one, path.substr(0, slash)};
    return {nullptr, {}};
}

}  // namespace

void handle(engine& books, const request& asked, reply& out) {
    const auto [found, segment] = find_route(asked.target);
    if (found == nullptr)
        return out.refuse(problem::route_unknown);
    if (found->method != asked.method)
        return out.refuse_method(found->allow);
    const std::optional<account_number> account = parse_account_number(segment);
    if (!account)
        return out.refuse(problem::account_number_invalid);
    found->endpoint(books, *account, asked, out);
}

}  // namespace coffer::api

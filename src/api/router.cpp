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

/// One path, /accounts/{n}/<name>, and the one method it has beside OPTIONS.
struct route {
    std::string_view name;
    api::method method;
    std::string_view allow;
    api::endpoint endpoint;
};

constexpr std::array routes{
    route{"balance", method::get, "GET, HEAD, OPTIONS", &balance},
    route{"withdraw", method::post, "POST, OPTIONS", &withdraw},
    route{"deposit", method::post, "POST, OPTIONS", &deposit},
};

/// What the server has at all, for `OPTIONS *`.
constexpr std::string_view all_methods = "GET, HEAD, POST, OPTIONS";

struct match {
    const api::route* route;
    std::string_view account;  // as it stands in the path
};

constexpr match no_match{nullptr, {}};

match find_route(std::string_view target) noexcept {
    const std::string_view path = target.substr(0, target.find('?'));
    const std::size_t second = path.find('/', 1);
    const std::size_t third = path.find('/', second + 1);
    if (!path.starts_with('/') || second == path.npos || third == path.npos)
        return no_match;
    if (path_segment{path.substr(1, second - 1)}.text() != "accounts")
        return no_match;
    const path_segment name{path.substr(third + 1)};
    for (const route& one : routes)
        if (name.text() == one.name)
            return {&one, path.substr(second + 1, third - second - 1)};
    return no_match;
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
    const std::optional<account_number> account =
        parse_account_number(path_segment{segment}.text());
    if (!account) {
        out.refuse(problem::account_number_invalid);
        return answered;
    }
    return {found->endpoint, *account};
}

}  // namespace

void handle(engine& books, const request& asked, reply& out) {
    const call due = find_call(asked, out);
    if (due.endpoint != nullptr)
        due.endpoint(books, due.account, asked, out);
}

bool wants_body(const engine& books, const request& asked, reply& out) {
    const call due = find_call(asked, out);
    if (due.endpoint == nullptr)
        return false;
    if (asked.method != method::post)
        return true;  // whatever it is, it is read and does not matter
    if (!is_json(asked.content_type)) {
        out.refuse(problem::media_type_unsupported);
        return false;
    }
    const outcome account = books.balance(due.account);
    if (!account)
        out.refuse(problem_of(account.error));
    return static_cast<bool>(account);
}

}  // namespace coffer::api

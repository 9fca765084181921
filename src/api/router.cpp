#include "api/router.hpp"

#include <algorithm>
#include <coffer/account_number.hpp>
#include <optional>

#include "api/media_type.hpp"
#include "api/percent_encoding.hpp"

namespace coffer::api {
namespace {

/// Copies the path's parameters; false if `{account}` is no account number.
bool read_parameters(const path_match& found, call& out) noexcept {
    std::size_t others = 0;
    for (std::size_t i = 0; i != found.path->size; ++i) {
        if (!found.path->segments[i].empty())
            continue;
        if (i != found.path->account) {
            out.parameters[others++] = found.segments[i];
            continue;
        }
        const auto account = found.is_encoded
                                 ? parse_account_number(path_segment{found.segments[i]}.text())
                                 : parse_account_number(found.segments[i]);
        if (!account)
            return false;
        out.account = *account;
    }
    return true;
}

/// Reads If-Match. False if the route does not take a condition that the request has, or if it is
/// malformed: then `answer` is the refusal. A condition of what posts is never ignored.
bool read_conditions(const route& chosen, const request& asked, call& out, reply& answer) {
    const bool posts = asked.method == method::post;
    if (posts && !asked.if_none_match.empty()) {
        answer.refuse_parameter(problem::parameter_invalid, "If-None-Match");
        return false;
    }
    const bool has_conditions = chosen.rules.conditions == conditions::of_account;
    if (asked.if_match.empty() || (!posts && !has_conditions))
        return true;
    const bool is_right = has_conditions && out.expected.read(asked.if_match);
    if (!is_right)
        answer.refuse_parameter(problem::parameter_invalid, "If-Match");
    return is_right;
}

/// RFC 9110, section 13.2.2: the reply to a GET in place of one that a condition excludes.
void apply_conditions(const call& made, reply& out) {
    if (out.tag() == 0)
        return;
    if (!made.expected.condition().allows(out.tag()))
        out.refuse(problem::sequence_mismatch);
    else if (matches_weakly(made.request.if_none_match, out.tag()))
        out.not_modified();
}

/// Whether the path is answered on the operators' listener alone, and this is another.
bool is_elsewhere(const path_routes& path, const request& asked) noexcept {
    if (asked.via == nullptr || asked.via->has_operations)
        return false;
    return std::ranges::any_of(path.routes, [](const route* one) {
        return one != nullptr && one->rules.place == place::operations;
    });
}

/// The route that is to answer, with `out` filled in; null if the reply is made already.
const route* find_call(const route_table& table, const request& asked, call& out, reply& answer) {
    if (asked.method == method::options && asked.target == "*") {
        answer.list_methods(table.all_methods());
        return nullptr;
    }
    const path_match found = table.find(asked.target);
    if (found.path == nullptr || is_elsewhere(*found.path, asked)) {
        answer.refuse(problem::route_unknown);
        return nullptr;
    }
    if (asked.method == method::options) {
        answer.list_methods(found.path->allow.text());
        return nullptr;
    }
    const route* const chosen = found.path->of(asked.method);
    if (chosen == nullptr) {
        answer.refuse_method(found.path->allow.text());
        return nullptr;
    }
    out.query = found.query;
    if (!read_parameters(found, out)) {
        answer.refuse(problem::account_number_invalid);
        return nullptr;
    }
    if (!asked.if_match.empty() || !asked.if_none_match.empty()) [[unlikely]]
        if (!read_conditions(*chosen, asked, out, answer))
            return nullptr;
    return chosen;
}

/// What is wrong with the head of a request that has a body, by the rules of its route.
problem check_body_head(const route_rules& rules, const request& asked) noexcept {
    if (rules.body == body_kind::none)
        return problem::none;  // it is read and ignored
    if (asked.encoded)
        return problem::content_coding_unsupported;
    if (rules.body == body_kind::lines)
        return is_ndjson(asked.content_type) ? problem::none : problem::lines_type_unsupported;
    if (rules.body == body_kind::optional_json && asked.body.empty())
        return problem::none;
    return is_json(asked.content_type) ? problem::none : problem::media_type_unsupported;
}

problem check_body(const route_rules& rules, const request& asked) noexcept {
    if (rules.body == body_kind::none)
        return problem::none;
    if (asked.encoded)
        return problem::content_coding_unsupported;
    if (asked.body.empty())
        return rules.body == body_kind::optional_json ? problem::none : problem::body_missing;
    if (rules.max_body != 0 && asked.body.size() > rules.max_body)
        return problem::body_too_large;
    return check_body_head(rules, asked);
}

problem check_account(const coffer::teller& teller, account_number account) noexcept {
    if (account == 0)
        return problem::none;
    const posting_result found = teller.find(account);
    return found.service != service::done ? problem_of(found.service)
                                          : problem_of(found.outcome.error);
}

/// Whether the head of a request promises a body that the route can take.
bool accept_head(const route& chosen, const call& made, const coffer::teller& teller, reply& out) {
    problem why = check_body_head(chosen.rules, made.request);
    if (why == problem::none && chosen.rules.body != body_kind::none)
        why = check_account(teller, made.account);
    if (why != problem::none)
        out.refuse(why);
    return why == problem::none;
}

}  // namespace

handled handle(const route_table& table, coffer::teller& teller, const request& asked, reply& out) {
    call made{.request = asked};
    const route* const chosen = find_call(table, asked, made, out);
    if (chosen == nullptr)
        return {};
    if (const problem why = check_body(chosen->rules, asked); why != problem::none) {
        out.refuse(why);
        return {chosen, made.who};
    }
    chosen->answer(teller, made, out);
    if (!asked.if_none_match.empty() || !asked.if_match.empty()) [[unlikely]]
        if (asked.method == method::get && chosen->rules.conditions == conditions::of_account)
            apply_conditions(made, out);
    return {chosen, made.who};
}

bool wants_body(const route_table& table, const coffer::teller& teller, const request& asked,
                reply& out) {
    call made{.request = asked};
    const route* const chosen = find_call(table, asked, made, out);
    return chosen != nullptr && accept_head(*chosen, made, teller, out);
}

std::unique_ptr<line_sink> open_lines(const route_table& table, coffer::teller& teller,
                                      const request& asked, std::size_t max_lines, reply& out) {
    call made{.request = asked, .max_lines = max_lines};
    const route* const chosen = find_call(table, asked, made, out);
    if (chosen == nullptr || !accept_head(*chosen, made, teller, out))
        return nullptr;
    return chosen->open_lines(teller, made, out);
}

}  // namespace coffer::api

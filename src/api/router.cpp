#include "api/router.hpp"

#include <algorithm>
#include <coffer/account_number.hpp>
#include <optional>

#include "api/acting.hpp"
#include "api/ledger_right.hpp"
#include "api/media_type.hpp"
#include "api/percent_encoding.hpp"
#include "engine/engine.hpp"

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

/// Where a request leads: its path, its route, and what is wrong with either.
struct destination {
    path_match path;
    const route* chosen = nullptr;
    problem wrong = problem::none;
};

/// Whether a path is not answered on the request's listener, since another one is for operations.
bool is_elsewhere(const path_routes& path, const request& asked) noexcept {
    if (asked.via == nullptr || asked.via->has_operations)
        return false;
    return std::ranges::any_of(path.routes, [](const route* one) {
        return one != nullptr && one->rules.place == place::operations;
    });
}

/// Copies the path's parameters into `out`.
destination find_destination(const route_table& table, const request& asked, call& out) noexcept {
    destination found{.path = table.find(asked.target)};
    if (found.path.path == nullptr || is_elsewhere(*found.path.path, asked)) {
        found.wrong = problem::route_unknown;
        return found;
    }
    found.chosen = found.path.path->of(asked.method);
    out.query = found.path.query;
    if (found.chosen == nullptr)
        found.wrong = problem::method_not_allowed;
    else if (!read_parameters(found.path, out))
        found.wrong = problem::account_number_invalid;
    return found;
}

/// Whether this node is one that answers; or the reply is made already.
bool is_answered_here(const route& chosen, const coffer::teller& teller, call& asked, reply& out) {
    if (!chosen.rules.is_of_ledger)
        return true;
    const leadership& rights = teller.engine().rights();
    asked.answered_by = rights.role();
    return asked.answered_by == node_role::alone || decide_by_role(rights, asked, out);
}

/// Finds the route that is to answer, and fills `out` in. False if the reply is made already;
/// `chosen` may be found then, too. Without a `guard` all may be asked for.
bool find_call(const route_table& table, const coffer::teller& teller, const request& asked,
               access_control* guard, const route*& chosen, call& out, reply& answer) {
    const destination found = find_destination(table, asked, out);
    chosen = found.chosen;
    if (guard != nullptr) {
        const problem why = guard->decide(asked, found.chosen, out.account, out.who);
        if (why != problem::none) {
            answer.refuse(why);
            return false;
        }
    }
    const bool is_of_server = asked.target == "*";
    if (asked.method == method::options &&
        (is_of_server || found.wrong != problem::route_unknown)) {
        answer.list_methods(is_of_server ? table.all_methods() : found.path.path->allow.text());
        return false;
    }
    if (found.wrong == problem::method_not_allowed)
        answer.refuse_method(found.path.path->allow.text());
    else if (found.wrong != problem::none)
        answer.refuse(found.wrong);
    if (found.wrong != problem::none || !is_answered_here(*chosen, teller, out, answer))
        return false;
    if (!asked.if_match.empty() || !asked.if_none_match.empty()) [[unlikely]]
        return read_conditions(*chosen, asked, out, answer);
    return true;
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
    // With a read barrier nothing is said of the ledger before a write, and that comes in `handle`.
    const bool is_decided_later =
        made.answered_by == node_role::leader && teller.engine().has_read_barrier();
    if (why == problem::none && chosen.rules.body != body_kind::none && !is_decided_later)
        why = check_account(teller, made.account);
    if (why != problem::none)
        out.refuse(why);
    return why == problem::none;
}

}  // namespace

bool admit(const route_table& table, const coffer::teller& teller, const request& asked,
           access_control& guard, handled& done, reply& out) {
    call made{.request = asked};
    const destination found = find_destination(table, asked, made);
    done.chosen = found.chosen;
    const problem why = guard.decide(asked, found.chosen, made.account, done.who);
    if (why != problem::none)
        out.refuse(why);
    return why == problem::none &&
           (found.wrong != problem::none || is_answered_here(*found.chosen, teller, made, out));
}

handled handle(const route_table& table, coffer::teller& teller, const request& asked, reply& out,
               access_control* guard) {
    call made{.request = asked};
    const route* chosen = nullptr;
    if (!find_call(table, teller, asked, guard, chosen, made, out))
        return {chosen, made.who};
    if (const problem why = check_body(chosen->rules, asked); why != problem::none) {
        out.refuse(why);
        return {chosen, made.who};
    }
    // With a read barrier: before the ledger is looked at, so that a write comes after that.
    if (made.answered_by == node_role::leader) [[unlikely]]
        if (const service why = teller.confirm(); why != service::done) {
            out.refuse(problem_of(why));
            return {chosen, made.who};
        }
    const acting for_bearer{teller, made.who};
    chosen->answer(teller, made, out);
    if (!asked.if_none_match.empty() || !asked.if_match.empty()) [[unlikely]]
        if (asked.method == method::get && chosen->rules.conditions == conditions::of_account)
            apply_conditions(made, out);
    if (made.answered_by != node_role::alone) [[unlikely]]
        answer_by_role(teller.engine().rights(), made, out);
    return {chosen, made.who};
}

bool wants_body(const route_table& table, const coffer::teller& teller, const request& asked,
                reply& out) {
    call made{.request = asked};
    const route* chosen = nullptr;
    return find_call(table, teller, asked, nullptr, chosen, made, out) &&
           accept_head(*chosen, made, teller, out);
}

std::unique_ptr<line_sink> open_lines(const route_table& table, coffer::teller& teller,
                                      const request& asked, std::size_t max_lines, reply& out,
                                      access_control* guard) {
    call made{.request = asked, .max_lines = max_lines};
    const route* chosen = nullptr;
    if (!find_call(table, teller, asked, guard, chosen, made, out) ||
        !accept_head(*chosen, made, teller, out))
        return nullptr;
    const acting for_bearer{teller, made.who};
    return chosen->open_lines(teller, made, out);
}

}  // namespace coffer::api

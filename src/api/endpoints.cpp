#include "api/endpoints.hpp"

#include <array>
#include <optional>

#include "api/json_object.hpp"
#include "engine/engine.hpp"
#include "engine/request_key.hpp"

namespace coffer::api {
namespace {

/// The request's idempotency key, empty if it has none. Nothing if what it has is not a key.
std::optional<std::string_view> key_of(const request& asked, request_key_room& room) noexcept {
    if (asked.idempotency_keys == 0)
        return std::string_view{};
    if (asked.idempotency_keys > 1)
        return std::nullopt;
    return read_request_key(asked.idempotency_key, room);
}

void answer(const posting_result& what, std::string_view balance_name, reply& out) {
    if (what.service != service::done)
        return out.refuse(problem_of(what.service));
    if (what.outcome)
        out.posted(what.outcome.posting, balance_name);
    else
        out.refuse(problem_of(what.outcome.error));
    if (what.replayed)
        out.mark_replayed();
}

using operation = posting_result (teller::*)(account_number, money, std::string_view) noexcept;

void change_balance(coffer::teller& teller, operation change, const call& asked, reply& out) {
    static constexpr std::array members{member{"amount", member_kind::amount}};
    std::array<member_value, members.size()> values;
    json_room room;
    const member_problem wrong = read_object(asked.request.body, members, values, room);
    if (wrong.problem != problem::none)
        return out.refuse_parameter(wrong.problem, wrong.name);
    request_key_room key_room;
    const std::optional<std::string_view> key = key_of(asked.request, key_room);
    if (!key)
        return out.refuse(problem::idempotency_key_invalid);
    answer((teller.*change)(asked.account, values[0].amount, *key), "new_balance", out);
}

}  // namespace

void balance(coffer::teller& teller, const call& asked, reply& out) {
    answer(teller.balance(asked.account), "balance", out);
}

void withdraw(coffer::teller& teller, const call& asked, reply& out) {
    change_balance(teller, &teller::withdraw, asked, out);
}

void deposit(coffer::teller& teller, const call& asked, reply& out) {
    change_balance(teller, &teller::deposit, asked, out);
}

void readiness(coffer::teller& teller, const call&, reply& out) {
    if (teller.engine().is_retiring())
        return out.refuse(problem::stopping);
    const problem why = problem_of(teller.engine().why_no_postings());
    if (why == problem::none)
        out.affirm("ready");
    else
        out.refuse(why);
}

}  // namespace coffer::api

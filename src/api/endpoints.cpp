#include "api/endpoints.hpp"

#include <optional>

#include "api/amount_reader.hpp"
#include "api/media_type.hpp"
#include "engine/engine.hpp"
#include "engine/request_key.hpp"

namespace coffer::api {
namespace {

amount_read amount_of(const request& asked) {
    if (asked.encoded)
        return {{}, problem::content_coding_unsupported};
    if (asked.body.empty())
        return {{}, problem::body_missing};
    if (!is_json(asked.content_type))
        return {{}, problem::media_type_unsupported};
    return read_amount(asked.body);
}

/// Empty if there is no key; nothing if it is none.
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

void change_balance(coffer::teller& teller, operation change, account_number account,
                    const request& asked, reply& out) {
    const amount_read read = amount_of(asked);
    if (read.problem != problem::none)
        return out.refuse(read.problem);
    request_key_room room;
    const std::optional<std::string_view> key = key_of(asked, room);
    if (!key)
        return out.refuse(problem::idempotency_key_invalid);
    answer((teller.*change)(account, read.amount, *key), "new_balance", out);
}

}  // namespace

void balance(coffer::teller& teller, account_number account, const request&, reply& out) {
    answer(teller.balance(account), "balance", out);
}

void withdraw(coffer::teller& teller, account_number account, const request& asked, reply& out) {
    change_balance(teller, &teller::withdraw, account, asked, out);
}

void deposit(coffer::teller& teller, account_number account, const request& asked, reply& out) {
    change_balance(teller, &teller::deposit, account, asked, out);
}

void readiness(coffer::teller& teller, account_number, const request&, reply& out) {
    if (teller.engine().is_retiring())
        return out.refuse(problem::stopping);
    const problem why = problem_of(teller.engine().why_no_postings());
    if (why == problem::none)
        out.affirm("ready");
    else
        out.refuse(why);
}

}  // namespace coffer::api

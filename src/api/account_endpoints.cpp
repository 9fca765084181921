#include "api/account_endpoints.hpp"

#include <array>
#include <optional>

#include "api/answers.hpp"
#include "api/post_body.hpp"
#include "api/statement_endpoints.hpp"
#include "engine/engine.hpp"

namespace coffer::api {
namespace {

using change = posting_result (teller::*)(account_number, money, std::string_view,
                                          const sequence_condition&) noexcept;

void change_balance(coffer::teller& teller, change make, const call& asked, reply& out) {
    static constexpr std::array members{member{"amount", member_kind::amount}};
    post_body<members.size()> body;
    if (body.read(asked.request, members, out))
        answer(
            (teller.*make)(asked.account, body[0].amount, body.key(), asked.expected.condition()),
            "new_balance", out);
}

using status_change = account_result (teller::*)(account_number, std::string_view,
                                                 const sequence_condition&) noexcept;

void change_status(coffer::teller& teller, status_change make, const call& asked, reply& out) {
    post_body<0> body;
    if (body.read(asked.request, {}, out))
        answer((teller.*make)(asked.account, body.key(), asked.expected.condition()), 200, out);
}

/// Opens the account after the highest, if the client may use that one. Others may open accounts
/// meanwhile: then another one is the next. A request that is repeated gets its first outcome.
account_result open_next(coffer::teller& teller, const call& asked, money opening_balance,
                         std::string_view key) {
    const account_ranges usable = asked.usable();
    if (usable.has_all() || !teller.engine().is_open())
        return teller.open_account(std::nullopt, opening_balance, key);
    for (;;) {
        const account_number next = teller.engine().ledger().highest_account() + 1;
        const bool may_open = usable.has(next);
        const account_result made =
            teller.open_account(std::nullopt, opening_balance, key, may_open ? next : 0);
        if (!may_open || made.error != errc::no_such_account)
            return made;
    }
}

}  // namespace

void balance(coffer::teller& teller, const call& asked, reply& out) {
    if (!asked.query.empty() && show_past_balance(teller, asked, out))
        return;
    answer_balance(teller.balance(asked.account), out);
}

void withdraw(coffer::teller& teller, const call& asked, reply& out) {
    change_balance(teller, &teller::withdraw, asked, out);
}

void deposit(coffer::teller& teller, const call& asked, reply& out) {
    change_balance(teller, &teller::deposit, asked, out);
}

void open_account(coffer::teller& teller, const call& asked, reply& out) {
    static constexpr std::array members{member{"account_number", member_kind::account, false},
                                        member{"opening_balance", member_kind::balance, false}};
    post_body<members.size()> body;
    if (!body.read(asked.request, members, out))
        return;
    const account_number number = body[0].account;
    if (body[0].is_present() && !asked.may_use(number))
        return out.refuse(problem::account_out_of_range);
    const account_result made = body[0].is_present()
                                    ? teller.open_account(number, body[1].amount, body.key())
                                    : open_next(teller, asked, body[1].amount, body.key());
    if (made.service == service::done && made.error == errc::no_such_account)
        return out.refuse(problem::account_out_of_range);
    answer(made, 201, out);
}

void show_account(coffer::teller& teller, const call& asked, reply& out) {
    answer(teller.account(asked.account), 200, out);
}

void close_account(coffer::teller& teller, const call& asked, reply& out) {
    change_status(teller, &teller::close_account, asked, out);
}

void reopen_account(coffer::teller& teller, const call& asked, reply& out) {
    change_status(teller, &teller::reopen_account, asked, out);
}

}  // namespace coffer::api

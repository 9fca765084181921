#include "api/account_endpoints.hpp"

#include <array>
#include <optional>

#include "api/answers.hpp"
#include "api/post_body.hpp"
#include "api/statement_endpoints.hpp"

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
    const auto number = body[0].is_present() ? std::optional{body[0].account} : std::nullopt;
    answer(teller.open_account(number, body[1].amount, body.key()), 201, out);
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

#include "api/endpoints.hpp"

#include "api/amount_reader.hpp"
#include "api/media_type.hpp"

namespace coffer::api {
namespace {

amount_read amount_of(const request& asked) {
    if (asked.body.empty())
        return {{}, problem::body_missing};
    if (!is_json(asked.content_type))
        return {{}, problem::media_type_unsupported};
    return read_amount(asked.body);
}

void answer(const outcome& done, std::string_view balance_name, reply& out) {
    if (done)
        out.posted(done.posting, balance_name);
    else
        out.refuse(problem_of(done.error));
}

using operation = outcome (engine::*)(account_number, money) noexcept;

void change_balance(engine& books, operation change, account_number account, const request& asked,
                    reply& out) {
    const amount_read read = amount_of(asked);
    if (read.problem != problem::none)
        return out.refuse(read.problem);
    answer((books.*change)(account, read.amount), "new_balance", out);
}

}  // namespace

void balance(engine& books, account_number account, const request&, reply& out) {
    answer(books.balance(account), "balance", out);
}

void withdraw(engine& books, account_number account, const request& asked, reply& out) {
    change_balance(books, &engine::withdraw, account, asked, out);
}

void deposit(engine& books, account_number account, const request& asked, reply& out) {
    change_balance(books, &engine::deposit, account, asked, out);
}

}  // namespace coffer::api

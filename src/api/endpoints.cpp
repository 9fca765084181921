#include "api/endpoints.hpp"

#include <algorithm>

#include "api/amount_reader.hpp"

namespace coffer::api {
namespace {

constexpr char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return lower(x) == lower(y); });
}

/// application/json or application/<anything>+json (RFC 6839), whatever the parameters.
bool is_json(std::string_view content_type) noexcept {
    std::string_view media = content_type.substr(0, content_type.find(';'));
    while (!media.empty() && (media.back() == ' ' || media.back() == '\t'))
        media.remove_suffix(1);
    constexpr std::string_view application = "application/";
    constexpr std::string_view suffix = "+json";
    if (equal_ignoring_case(media, "application/json"))
        return true;
    return media.size() > application.size() + suffix.size() &&
           equal_ignoring_case(media.substr(0, application.size()), application) &&
           equal_ignoring_case(media.substr(media.size() - suffix.size()), suffix);
}

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

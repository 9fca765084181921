#include "fuzz/exact_replies.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "fuzz/exact_amount.hpp"
#include "fuzz/text.hpp"

namespace coffer::fuzz {
namespace {

exact_reply failure(int status, const std::string& type) {
    return {status, type, "", "", false};
}

/// Cents, which are not below zero, as the shortest decimal that has one digit behind the point.
std::string decimal(std::int64_t minor) {
    std::string cents = std::to_string(minor % 100 + 100).substr(1);
    if (cents[1] == '0')
        cents.pop_back();
    return std::to_string(minor / 100) + "." + cents;
}

exact_reply success(const posting& last, bool posted) {
    return {200, "", std::to_string(last.account), decimal(last.balance.minor()), posted};
}

bool is_json(const std::string& content_type) {
    std::string media = in_small_letters(content_type.substr(0, content_type.find(';')));
    media.erase(media.find_last_not_of(" \t") + 1);
    return media == "application/json" ||
           (media.starts_with("application/") && media.ends_with("+json") &&
            media.size() > std::string_view{"application/+json"}.size());
}

exact_reply change(posting& account, bool adds, std::int64_t amount_minor) {
    std::int64_t balance = account.balance.minor();
    if (!adds && amount_minor > balance)
        return failure(400, "insufficient_funds");
    if (adds && __builtin_add_overflow(balance, amount_minor, &balance))
        return failure(400, "invalid_amount");
    if (!adds)
        balance -= amount_minor;
    account.balance = money::from_minor(balance);
    ++account.sequence;
    return success(account, true);
}

/// The reply to GET, or to POST with a body that is looked at before the account is.
exact_reply reply_from(const exact_target& target, const exact_request& request,
                       known_books& books) {
    exact_amount amount;
    if (request.method == "POST") {
        constexpr int most_deep = 512;
        amount = read_exactly(request.body, most_deep);
        if (!is_json(request.content_type) || amount.what == exact_amount::kind::malformed)
            return failure(415, "unsupported_media_type");
        if (amount.what != exact_amount::kind::value)
            return failure(400, "invalid_amount");
    }
    const auto account = std::find_if(books.begin(), books.end(), [&target](const posting& one) {
        return std::to_string(one.account) == target.account;
    });
    if (account == books.end())
        return failure(404, "no_such_account");
    return target.name == "balance"
               ? success(*account, false)
               : change(*account, target.name == "deposit", std::stoll(amount.minor));
}

}  // namespace

exact_reply reply_to(const exact_request& request, known_books& books) {
    const exact_target target = read_target(request.target);
    const bool is_options = request.method == "OPTIONS";
    if (is_options && target.what != exact_target::kind::nowhere)
        return {204, "", "", "", false};
    exact_reply due = failure(404, "no_such_route");
    if (target.what == exact_target::kind::route) {
        if ((request.method == "POST") == (target.name == "balance"))
            due = failure(405, "method_not_allowed");
        else if (!is_account_number(target.account))
            due = failure(400, "invalid_account_number");
        else
            due = reply_from(target, request, books);
    }
    if (request.method == "HEAD")
        return {due.status, "", "", "", false};
    return due;
}

}  // namespace coffer::fuzz

#include "fuzz/exact_replies.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>

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
        return {400, "insufficient_funds", "", decimal(balance), false};
    if (adds && __builtin_add_overflow(balance, amount_minor, &balance))
        return failure(400, "invalid_amount");
    if (!adds)
        balance -= amount_minor;
    account.balance = money::from_minor(balance);
    ++account.sequence;
    return success(account, true);
}

posting* find(known_ledger& ledger, const exact_target& target) {
    const auto account = std::find_if(ledger.begin(), ledger.end(), [&target](const posting& one) {
        return std::to_string(one.account) == target.account;
    });
    return account == ledger.end() ? nullptr : account;
}

exact_reply post_to(const exact_target& target, const std::string& minor, known_ledger& ledger) {
    posting* const account = find(ledger, target);
    if (account == nullptr)
        return failure(404, "no_such_account");
    return change(*account, target.name == "deposit", std::stoll(minor));
}

bool has_all_in(const std::string& text, char first) {
    return !text.empty() && text.size() <= 255 &&
           std::all_of(text.begin(), text.end(),
                       [first](char c) { return c >= first && c <= '~'; });
}

/// A field with a key as it is read: its text, empty if it is none, and what is behind its quotes.
struct read_key {
    std::string text;
    std::string rest;
};

read_key read(const std::string& field) {
    if (!field.starts_with('"'))
        return {has_all_in(field, '!') ? field : "", ""};
    std::string text;
    for (std::size_t at = 1; at < field.size(); ++at) {
        if (field[at] == '"')
            return {has_all_in(text, ' ') ? text : "", field.substr(at + 1)};
        if (field[at] == '\\' && (++at == field.size() || !std::strchr("\"\\", field[at])))
            break;
        text += field[at];
    }
    return {};
}

/// The reply to POST, whose body is looked at first, then its key, and then the account.
exact_reply reply_to_post(const exact_target& target, const exact_request& request,
                          known_ledger& ledger, known_keys& keys) {
    constexpr int most_deep = 512;
    const exact_amount amount = read_exactly(request.body, most_deep);
    if (request.encoded || !is_json(request.content_type) ||
        amount.what == exact_amount::kind::malformed)
        return failure(415, "unsupported_media_type");
    if (amount.what != exact_amount::kind::value)
        return failure(400, "invalid_amount");
    if (request.keys.empty())
        return post_to(target, amount.minor, ledger);
    const std::string key = read(request.keys[0]).text;
    if (request.keys.size() > 1 || key.empty())
        return failure(400, "invalid_idempotency_key");
    if (find(ledger, target) == nullptr)
        return failure(404, "no_such_account");
    const std::string asked = target.name + " " + target.account + " " + amount.minor;
    if (const auto known = keys.find(key); known != keys.end())
        return known->second.request == asked ? known->second.reply
                                              : failure(422, "idempotency_key_reused");
    const exact_reply reply = post_to(target, amount.minor, ledger);
    keys[key] = {asked, reply};
    return reply;
}

}  // namespace

bool has_key_parameters(const exact_request& request) {
    return request.keys.size() == 1 && !read(request.keys[0]).rest.empty();
}

exact_reply reply_to(const exact_request& request, known_ledger& ledger, known_keys& keys) {
    const exact_target target = read_target(request.target);
    const bool is_options = request.method == "OPTIONS";
    if (is_options && target.what != exact_target::kind::nowhere)
        return {204, "", "", "", false};
    exact_reply due = failure(404, "no_such_route");
    if (target.what == exact_target::kind::page)
        due = request.method == "POST" ? failure(405, "method_not_allowed")
                                       : exact_reply{200, "", "", "", false};
    if (target.what == exact_target::kind::route) {
        if ((request.method == "POST") == (target.name == "balance"))
            due = failure(405, "method_not_allowed");
        else if (!is_account_number(target.account))
            due = failure(400, "invalid_account_number");
        else if (request.method == "POST")
            due = reply_to_post(target, request, ledger, keys);
        else if (const posting* const account = find(ledger, target))
            due = success(*account, false);
        else
            due = failure(404, "no_such_account");
    }
    if (request.method == "HEAD")
        return {due.status, "", "", "", false};
    return due;
}

}  // namespace coffer::fuzz

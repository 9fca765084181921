#include "api/access_control.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <functional>

namespace coffer::api {
namespace {

constexpr std::string_view scheme = "bearer ";
/// Longer than any that is sensible: each is hashed before it is known.
constexpr std::size_t most_token_bytes = 512;

/// The token of an Authorization field; empty if the field is of another scheme, or there is none.
std::string_view token_of(std::string_view authorization) noexcept {
    const std::string_view front = authorization.substr(0, scheme.size());
    const bool is_bearer = std::ranges::equal(front, scheme, [](char given, char due) {
        return given == due || (due != ' ' && given == due - 'a' + 'A');
    });
    if (!is_bearer)
        return {};
    authorization.remove_prefix(scheme.size());
    authorization.remove_prefix(
        std::min(authorization.find_first_not_of(' '), authorization.size()));
    return authorization;
}

bool is_same(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

/// Where there are no tokens, the operator's routes are for those who are on the machine.
bool is_for_local_listeners(const route* chosen) noexcept {
    return chosen != nullptr &&
           (chosen->rules.scope == scope::admin || chosen->rules.needs_local_listener);
}

}  // namespace

problem access_control::decide(const request& asked, const route* chosen, account_number account,
                               const principal*& who) {
    who = nullptr;
    const listener_facts* const via = asked.via;
    if (via != nullptr && via->checks_hosts && !is_known_host(asked))
        return problem::host_unknown;
    if (!asked.origin.empty() && asked.method == method::post && is_foreign_origin(asked))
        return problem::origin_foreign;
    if (rules_.tokens.version() != version_) [[unlikely]]
        take_latest_tokens();
    const bool is_for_anyone = asked.method == method::options ||
                               (chosen != nullptr && chosen->rules.scope == scope::anyone);
    if (tokens_ != nullptr && !is_for_anyone)
        return decide_by_token(asked, chosen, account, who);
    if (!is_within_rate(asked, nullptr))
        return problem::rate_exceeded;
    if (tokens_ == nullptr && via != nullptr && !via->is_local && is_for_local_listeners(chosen))
        return problem::needs_local_listener;
    return problem::none;
}

problem access_control::decide_by_token(const request& asked, const route* chosen,
                                        account_number account, const principal*& who) {
    const known_token* const found = find(asked.authorization);
    if (!is_within_rate(asked, found != nullptr ? found->used.get() : nullptr))
        return problem::rate_exceeded;
    if (found == nullptr)
        return token_of(asked.authorization).empty() ? problem::token_missing
                                                     : problem::token_unknown;
    who = &found->who;
    if (chosen != nullptr && !who->scopes.has(chosen->rules.scope))
        return problem::scope_missing;
    if (account != 0 && !who->accounts.has(account))
        return problem::account_out_of_range;
    return problem::none;
}

// Nearly all requests name the same host as the one before.
bool access_control::is_known_host(const request& asked) {
    if (asked.lacks_host || (asked.host == last_host_ && !last_host_.empty()))
        return true;
    const bool is_known =
        is_address_or_localhost(asked.host) || names_host(rules_.names, asked.host);
    if (is_known)
        last_host_ = asked.host;
    return is_known;
}

bool access_control::is_foreign_origin(const request& asked) const noexcept {
    const bool is_encrypted = asked.via != nullptr && asked.via->is_encrypted;
    return !is_own_origin(asked.origin, asked.host, is_encrypted) &&
           !names_origin(rules_.names, asked.origin);
}

/// `used` is the token's; null: the request is its peer's.
bool access_control::is_within_rate(const request& asked, rate_bucket* used) {
    if (!rules_.rate.is_limited() || asked.is_counted)
        return true;
    const rate_time now = rate_time_now();
    return used != nullptr ? used->take(rules_.rate, now)
                           : rules_.peers.take(asked.peer, rules_.rate, now);
}

// A recent token is found by a hash of its text that need not be secret: only those who know a
// token put it there.
const known_token* access_control::find(std::string_view authorization) {
    const std::string_view token = token_of(authorization);
    if (token.empty() || token.size() > most_token_bytes)
        return nullptr;
    recent_token& recent = recent_[std::hash<std::string_view>{}(token) % most_recent];
    if (recent.found != nullptr && is_same(recent.text, token))
        return recent.found;
    const known_token* const found = tokens_->find(token);
    if (found != nullptr) {
        recent.found = nullptr;
        recent.text = token;
        recent.found = found;
    }
    return found;
}

void access_control::take_latest_tokens() {
    forget_tokens();
    recent_.assign(most_recent, {});
    version_ = rules_.tokens.version();  // first: a later one is taken by the next request
    tokens_ = rules_.tokens.latest();
}

void access_control::forget_tokens() noexcept {
    for (recent_token& one : recent_)
        OPENSSL_cleanse(one.text.data(), one.text.size());
    recent_.clear();
}

}  // namespace coffer::api

// The results of a teller in words: all that a reply shows.
#pragma once

#include <string>

#include <coffer/money.hpp>

#include "engine/results.hpp"

namespace coffer::test {

[[nodiscard]] inline std::string to_text(const posting& one) {
    return std::to_string(one.account) + ": " + to_string(one.balance) + " held " +
           to_string(one.held);
}

[[nodiscard]] inline std::string to_text(const hold& one) {
    return "hold " + std::to_string(one.id.sequence) + '-' + std::to_string(one.id.slot) + " of " +
           std::to_string(one.account) + ": " + to_string(one.amount) + " captured " +
           to_string(one.captured) + " remaining " + to_string(one.remaining) + " status " +
           std::to_string(static_cast<int>(one.status)) + " expires " +
           std::to_string(one.expires_at_ns);
}

/// Why there is no result; empty if there is one.
[[nodiscard]] inline std::string refusal_text(const request_result& one) {
    if (one.service != service::done)
        return "service " + std::to_string(static_cast<int>(one.service));
    if (one.error == errc::ok)
        return {};
    return "error " + std::to_string(static_cast<int>(one.error)) + " about " +
           std::to_string(one.decided_by.account) + " which has " +
           to_string(one.decided_by.available()) + " ended as " +
           std::to_string(static_cast<int>(one.ended_as));
}

[[nodiscard]] inline std::string to_text(const posting_result& one) {
    if (one.service != service::done)
        return "service " + std::to_string(static_cast<int>(one.service));
    if (!one.outcome)
        return "error " + std::to_string(static_cast<int>(one.outcome.error)) + " with " +
               to_string(one.outcome.posting.available());
    return std::to_string(one.outcome.posting.account) + ": " +
           to_string(one.outcome.posting.balance);
}

[[nodiscard]] inline std::string to_text(const account_result& one) {
    if (!one.is_done())
        return refusal_text(one);
    return to_text(static_cast<const posting&>(one.account)) + " sequence " +
           std::to_string(one.account.sequence) +
           (one.account.status == account_status::closed ? " closed" : " open");
}

[[nodiscard]] inline std::string to_text(const transfer_result& one) {
    if (!one.is_done())
        return refusal_text(one);
    return to_string(one.amount) + " from " + to_text(one.from) + " to " + to_text(one.to);
}

[[nodiscard]] inline std::string to_text(const transaction_result& one) {
    std::string text = refusal_text(one);
    for (std::size_t i = 0; one.is_done() && i != one.count; ++i)
        text += to_text(one.postings[i]) + "; ";
    return text;
}

[[nodiscard]] inline std::string to_text(const hold_result& one) {
    if (!one.is_done())
        return refusal_text(one);
    return to_text(one.hold) + "; " + to_text(one.account);
}

}  // namespace coffer::test

// What a server of few_accounts has to reply to a request, found out with none of the code that
// this is there to check.
#pragma once

#include <array>
#include <string>

#include "fuzz/exact_request.hpp"
#include "fuzz/exact_target.hpp"
#include "fuzz/few_accounts.hpp"

namespace coffer::fuzz {

/// What is known of every account, in the order of few_accounts.
using known_books = std::array<posting, few_accounts.size()>;

/// What one reply says but for its message and whether it closes. What it does not have is empty.
struct exact_reply {
    int status = 0;
    std::string type;     // of a failure
    std::string account;  // of a success, as the two that follow
    std::string balance;
    bool posted = false;

    bool operator==(const exact_reply&) const = default;
};

/// The reply that is due to a whole request, whose method is GET, HEAD, POST or OPTIONS. What it
/// posts is posted to `books`.
[[nodiscard]] exact_reply reply_to(const exact_request& request, known_books& books);

}  // namespace coffer::fuzz

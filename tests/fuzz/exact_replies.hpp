// What a server of few_accounts has to reply to a request, found out with none of the code that
// this is there to check.
#pragma once

#include <array>
#include <map>
#include <string>

#include "fuzz/exact_request.hpp"
#include "fuzz/exact_target.hpp"
#include "fuzz/few_accounts.hpp"

namespace coffer::fuzz {

/// What is known of every account, in the order of few_accounts.
using known_ledger = std::array<posting, few_accounts.size()>;

/// What one reply says but for its message and whether it closes. What it does not have is empty.
struct exact_reply {
    int status = 0;
    std::string type;     // of a failure
    std::string account;  // of a success, as the two that follow
    std::string balance;  // of a failure for lack of funds: what is available
    bool posted = false;

    bool operator==(const exact_reply&) const = default;
};

/// What is known of each key: the request that it came with, and the reply.
struct known_request {
    std::string request;
    exact_reply reply;
};
using known_keys = std::map<std::string, known_request>;

/// The reply that is due to a whole request, whose method is GET, HEAD, POST or OPTIONS. What it
/// posts is posted to `ledger`, and its key, if it has one, is put into `keys`.
[[nodiscard]] exact_reply reply_to(const exact_request& request, known_ledger& ledger,
                                   known_keys& keys);

/// Whether something is behind a key in quotes. Whether that is well-formed is not found out here.
[[nodiscard]] bool has_key_parameters(const exact_request& request);

}  // namespace coffer::fuzz

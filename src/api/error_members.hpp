// What an error has behind its message.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <coffer/account_number.hpp>
#include <coffer/money.hpp>

#include "journal/history.hpp"

namespace coffer::api {

/// Which state of the ledger a standby has answered by.
struct as_of {
    std::uint64_t record = 0;  ///< it has all up to this one
    std::uint64_t age_s = 0;   ///< for how long it has not known whether there is more
};

/// All of it is optional.
struct error_members {
    std::string_view parameter{};
    account_number account = 0;        ///< 0: none
    std::optional<money> available{};  ///< what the account has available
    std::string_view hold_status{};
    /// Where the history begins, of what has been trimmed.
    std::optional<journal::history_beginning> beginning{};
    std::string_view role{};    ///< of readiness: this node's, of several
    std::string_view checks{};  ///< of readiness, as a JSON object
    /// In header fields: of what a standby has, and has answered by.
    std::optional<api::as_of> as_of{};
};

}  // namespace coffer::api

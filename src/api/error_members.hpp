// What an error has behind its message.
#pragma once

#include <optional>
#include <string_view>

#include <coffer/account_number.hpp>
#include <coffer/money.hpp>

#include "journal/history.hpp"

namespace coffer::api {

/// All of it is optional.
struct error_members {
    std::string_view parameter{};
    account_number account = 0;        ///< 0: none
    std::optional<money> available{};  ///< what the account has available
    std::string_view hold_status{};
    /// Where the history begins, of what has been trimmed.
    std::optional<journal::history_beginning> beginning{};
    std::string_view checks{};  ///< of readiness, as a JSON object
};

}  // namespace coffer::api

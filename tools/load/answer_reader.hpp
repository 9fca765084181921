// Reads answers out of replies.
#pragma once

#include <optional>
#include <string_view>

#include "load/operation.hpp"
#include "load/reply_reader.hpp"

namespace coffer::load {

/// Returns the answer in a reply to such a request. Its balances are read only if `checked`.
[[nodiscard]] answer read_answer(operation asked, const reply&, bool checked);

/// Returns what the account has whose balance is in the body of a success.
[[nodiscard]] std::optional<funds> read_funds(std::string_view body);

}  // namespace coffer::load

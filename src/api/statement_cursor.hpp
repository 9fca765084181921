// Where a page of a statement ends, as an opaque text: a client gives it back for the next page.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <coffer/account_number.hpp>

#include "ops/ledger_id.hpp"

namespace coffer::api {

/// Whose statement it is. A cursor of another account or ledger is not taken.
struct statement_owner {
    ledger_id ledger{};
    account_number account = 0;
};

/// Returns 22 characters of base64url (RFC 4648, section 5), for any sequence.
[[nodiscard]] std::string to_cursor(const statement_owner& owner, std::uint64_t sequence);

/// The sequence of a cursor that to_cursor returned for this owner; nothing for any other text.
/// Thread safety: a pure function.
[[nodiscard]] std::optional<std::uint64_t> parse_cursor(const statement_owner& owner,
                                                        std::string_view text) noexcept;

}  // namespace coffer::api

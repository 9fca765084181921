// Reads the file of `--tokens`, and makes its lines.
//
//     # name    scopes         hash of the token                accounts, if not all
//     teller-7  read,post,open sha256:9f86d081884c7d659a2f...  accounts=10001-10009,20001
//
// One token a line, its parts separated by spaces or tabs; `#` begins a comment, at a line's
// beginning or behind a space. An end of line may be CR LF.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "api/principal.hpp"
#include "api/token_set.hpp"

namespace coffer::api {

/// The longest name of a token.
inline constexpr std::size_t max_token_name_bytes = 64;
/// The longest file, and the longest line in it.
inline constexpr std::size_t max_token_file_bytes = std::size_t{4} << 20;
inline constexpr std::size_t max_token_line_bytes = std::size_t{16} << 10;

/// Reads the whole text of a file. Throws std::runtime_error with the line and what is wrong there:
/// anything doubtful is, so that nobody gets more than was meant. A file without tokens is too, as
/// it may be one that is still being written.
[[nodiscard]] token_set parse_token_file(std::string_view text);

/// Whether it can be the name of a token: see principal::name.
[[nodiscard]] bool is_token_name(std::string_view text) noexcept;
/// Reads "read,post". Nothing if a scope is unknown, or given twice, or if there is none.
[[nodiscard]] std::optional<scope_set> parse_scopes(std::string_view text) noexcept;
/// Reads "10001-10009,20001". Nothing if it is anything else, or has a range of nothing.
[[nodiscard]] std::optional<account_ranges> parse_account_ranges(std::string_view text);

/// A new token: `coffer_` and 32 random bytes in base64url. Throws std::runtime_error if the
/// system has no random bytes.
[[nodiscard]] std::string make_token();
/// The line of a token, with its end. `accounts` is the text of its ranges; empty: all accounts.
[[nodiscard]] std::string token_line(std::string_view name, std::string_view scopes,
                                     const token_hash& hash, std::string_view accounts);

}  // namespace coffer::api

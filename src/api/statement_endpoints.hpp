// The endpoints that show what happened to an account: its statement, and its balances before now.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "api/reply.hpp"
#include "api/route.hpp"
#include "engine/teller.hpp"

namespace coffer::api {

/// Postings on a page, unless `limit` asks for another number.
inline constexpr std::size_t default_page_entries = 50;
inline constexpr std::size_t max_page_entries = 1000;

/// The parameters of the queries.
inline constexpr std::array<std::string_view, 4> statement_query{"limit", "after", "from", "until"};
inline constexpr std::array<std::string_view, 2> past_balance_query{"at", "sequence"};

/// A client that prefers text/csv or application/x-ndjson gets a statement_stream; then `limit` and
/// `after` are refused, as the stream is not cut into pages. Any other client gets a
/// statement_page.
void show_statement(teller&, const call&, reply&);

/// Answers GET of a balance with a query. Returns false, and leaves the reply as it is, if that
/// asks for no other balance than the last.
[[nodiscard]] bool show_past_balance(teller&, const call&, reply&);

}  // namespace coffer::api

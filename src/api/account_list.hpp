// GET /accounts: a page of accounts, or all of them as a stream.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "api/reply.hpp"
#include "api/route.hpp"
#include "engine/teller.hpp"

namespace coffer::api {

/// Accounts on a page, unless `limit` asks for another number.
inline constexpr std::size_t default_page_accounts = 100;
inline constexpr std::size_t max_page_accounts = 1000;
/// The parameters of the query.
inline constexpr std::array<std::string_view, 2> account_list_query{"limit", "after"};

/// A client that prefers application/x-ndjson gets all accounts as an account_stream, or 503 while
/// another cut is under way; then `limit` and `after` are refused, as the stream has no part of the
/// accounts. Any other client gets an account_page by `limit` and `after`, or 503 while too many
/// pages are being made.
void list_accounts(teller&, const call&, reply&);

}  // namespace coffer::api

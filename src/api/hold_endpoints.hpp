// The endpoints of an account's holds.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "api/reply.hpp"
#include "api/route.hpp"
#include "engine/teller.hpp"

namespace coffer::api {

// An id that is malformed names no hold, as one of another account does.
// None of these allocates, but for the memory of idempotency keys and of a new hold.

void place_hold(teller&, const call&, reply&);
void show_hold(teller&, const call&, reply&);
void capture_hold(teller&, const call&, reply&);
void release_hold(teller&, const call&, reply&);

/// The most holds on a page, unless `limit` asks for another number.
inline constexpr std::size_t default_page_holds = 50;
inline constexpr std::size_t max_page_holds = 1000;
/// The parameters of the query.
inline constexpr std::array<std::string_view, 2> hold_list_query{"limit", "after"};

/// A hold_page by `limit` and `after`, or 503 while too many pages are being made. Of an account
/// without holds the reply is a short one.
void list_holds(teller&, const call&, reply&);

}  // namespace coffer::api

// GET /events: what the records of the journal posted, as a page or as a stream without end.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <string_view>

#include "api/reply.hpp"
#include "api/route.hpp"
#include "engine/teller.hpp"

namespace coffer::api {

/// Events on a page, unless `limit` asks for another number.
inline constexpr std::size_t default_page_events = 100;
inline constexpr std::size_t max_page_events = 1000;
/// The longest `wait`: below the 60 s after which common proxies give up.
inline constexpr std::chrono::seconds max_event_wait{55};

inline constexpr std::array<std::string_view, 4> event_list_query{"after", "account", "limit",
                                                                  "wait"};

/// A client that prefers text/event-stream or application/x-ndjson gets an event_feed; then
/// `limit` and `wait` are refused. Any other gets an event_page. Each has what its event_filter
/// leaves of the events: see there.
void list_events(teller&, const call&, reply&);

}  // namespace coffer::api

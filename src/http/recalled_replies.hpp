// What is sent instead of replies that must not be sent: the disk has not answered in time.
#pragma once

#include <string>
#include <string_view>

#include "http/session.hpp"

namespace coffer::http {

/// Returns a reply for each of `replies`, which are whole ones as write_reply makes them. Those
/// that report a posting become 503 with type outcome_unknown; those that show a balance, or refuse
/// a posting by one, become 503 with type unavailable; the others, of which no crash takes back
/// anything, stay as they are. Throws std::bad_alloc.
[[nodiscard]] std::string recall_replies(std::string_view replies, session_context& shared);

}  // namespace coffer::http

// What the workers of a server share beside the books: the limits, and the counts held against
// them.
#pragma once

#include "http/admission.hpp"
#include "http/held_bytes.hpp"
#include "http/limits.hpp"

namespace coffer::http {

/// Thread safety: all of it may be used from any thread at once.
struct commons {
    explicit commons(const http::limits& allowed = {})
        : limits{allowed}, admission{limits}, held{limits.held_bytes} {}
    commons(const commons&) = delete;
    commons& operator=(const commons&) = delete;

    const http::limits limits;
    http::admission admission;
    held_total held;
};

}  // namespace coffer::http

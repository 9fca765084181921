// What the workers of a server share beside the ledger: the limits, and the counts held against
// them.
#pragma once

#include "http/admission.hpp"
#include "http/buffered_bytes.hpp"
#include "http/limits.hpp"

namespace coffer::http {

/// Thread safety: all of it may be used from any thread at once.
struct commons {
    explicit commons(const http::limits& allowed = {})
        : limits{allowed}, admission{limits}, buffered{limits.buffered_bytes} {}
    commons(const commons&) = delete;
    commons& operator=(const commons&) = delete;

    const http::limits limits;
    http::admission admission;
    buffered_total buffered;
};

}  // namespace coffer::http

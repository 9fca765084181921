// How a fuzz target says that it found something.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace coffer::fuzz {

/// Ends the program, with `what` on standard error, unless `holds`.
inline void require(bool holds, const char* what) {
    if (holds)
        return;
    std::fprintf(stderr, "found: %s\n", what);
    std::abort();
}

}  // namespace coffer::fuzz

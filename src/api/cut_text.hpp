// A text that is sent as far as there is room, and the rest later.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>

namespace coffer::api {

/// Moves the end of `out` beyond `full` to `rest`, which is empty.
inline void cut_to(std::string& out, std::size_t full, std::string& rest) {
    if (out.size() <= full)
        return;
    rest.assign(out, full);
    out.resize(full);
}

/// Moves as much of `rest` to the end of `out` as there is room for. Returns whether that was all.
inline bool move_to_end(std::string& rest, std::string& out, std::size_t full) {
    const std::size_t size = std::min(rest.size(), full - out.size());
    out.append(rest, 0, size);
    rest.erase(0, size);
    return rest.empty();
}

}  // namespace coffer::api

#include "http/limits.hpp"

#include <algorithm>

namespace coffer::http {

limits fit_to_descriptors(limits wanted, std::size_t descriptors, std::size_t reserved) noexcept {
    const std::size_t left = descriptors > reserved ? descriptors - reserved : 0;
    if (wanted.connections + wanted.turned_away() > left)
        // Of 9 parts, one is for those turned away, and one descriptor more.
        wanted.connections = std::max(left, std::size_t{2}) * 8 / 9 - 1;
    wanted.connections = std::max(wanted.connections, std::size_t{1});
    return wanted;
}

}  // namespace coffer::http

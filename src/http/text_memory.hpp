// The memory of a connection's texts, which it gives back when a large request or reply is over.
#pragma once

#include <cstddef>
#include <string>

#include "http/limits.hpp"

namespace coffer::http {

/// Empties a text, and gives its memory back unless it is small.
inline void give_back(std::string& text) noexcept {
    if (text.capacity() > small_bytes)
        std::string{}.swap(text);  // an assignment would keep it
    else
        text.clear();
}

/// Gives a text's memory back, but for what is in it, if that is little.
inline void give_back_beyond(std::string& text) {
    if (text.size() <= small_bytes && text.capacity() > small_bytes)
        std::string{text}.swap(text);
}

/// What counts of a text's memory as held.
[[nodiscard]] inline std::size_t buffered_bytes_of(const std::string& text) noexcept {
    return text.capacity() > small_bytes ? text.capacity() : 0;
}

}  // namespace coffer::http

// What stands for what in a path (RFC 3986, section 2.1).
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace coffer::api {

/// The value of a hexadecimal digit, or -1.
[[nodiscard]] constexpr int hex_value(char c) noexcept {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// One segment of a path with its percent-encoding undone, once. Made after the path was parted at
/// its slashes, so an encoded slash is a character like any other. Allocates nothing.
class path_segment {
public:
    /// No name of ours is longer; what is, stays encoded, and so is no name of ours either.
    static constexpr std::size_t most_bytes = 32;

    /// `encoded` must outlive it. What is malformed stays as it is.
    explicit path_segment(std::string_view encoded) noexcept;

    [[nodiscard]] std::string_view text() const noexcept {
        return is_decoded_ ? std::string_view{decoded_.data(), size_} : encoded_;
    }

private:
    [[nodiscard]] bool decode() noexcept;

    std::string_view encoded_;
    std::array<char, most_bytes> decoded_;
    std::size_t size_ = 0;
    bool is_decoded_ = false;
};

}  // namespace coffer::api

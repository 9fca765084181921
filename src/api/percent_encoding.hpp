// Percent-decoding of the parts of a request target (RFC 3986, section 2.1).
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
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

/// Decodes into `out` and returns the size. Nothing if the encoding is malformed or `out` too
/// small.
[[nodiscard]] std::optional<std::size_t> percent_decode(std::string_view encoded,
                                                        std::span<char> out) noexcept;

/// One segment of a path, decoded once. Made after the path was split at its slashes, so an encoded
/// slash (`%2F`) does not separate path segments. Allocates nothing.
class path_segment {
public:
    /// No name of a route, and no parameter, is longer. A longer one stays encoded and so matches
    /// none.
    static constexpr std::size_t max_bytes = 32;

    /// `encoded` must outlive it. A malformed one stays as it is.
    explicit path_segment(std::string_view encoded) noexcept : encoded_{encoded} {
        if (encoded.find('%') != std::string_view::npos) {
            const auto size = percent_decode(encoded, decoded_);
            is_decoded_ = size.has_value();
            size_ = size.value_or(0);
        }
    }

    [[nodiscard]] std::string_view text() const noexcept {
        return is_decoded_ ? std::string_view{decoded_.data(), size_} : encoded_;
    }

private:
    std::string_view encoded_;
    std::array<char, max_bytes> decoded_;
    std::size_t size_ = 0;
    bool is_decoded_ = false;
};

}  // namespace coffer::api

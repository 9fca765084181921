// What an encoded record has behind its body: where it comes from, by key and by name.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "journal/format.hpp"
#include "journal/record.hpp"

namespace coffer::journal {

struct record_origin {
    request_key key{};         ///< its text is empty if there is none
    std::string_view actor{};  ///< likewise
};

/// How many bytes an origin takes, by the lengths of the key's text and of the actor's name.
[[nodiscard]] constexpr std::size_t origin_bytes(std::size_t key_bytes,
                                                 std::size_t actor_bytes) noexcept {
    constexpr auto padded = [](std::size_t bytes) {
        return (bytes + format::unit_bytes - 1) / format::unit_bytes * format::unit_bytes;
    };
    return (key_bytes == 0 ? 0 : format::record::fingerprint_bytes + padded(key_bytes)) +
           padded(actor_bytes);
}

/// Writes it; `into` is exactly as long as it.
void put_origin(std::span<std::byte> into, const record_origin& from) noexcept;

/// Reads what put_origin has written, and checks all of it. `from` is exactly that part.
[[nodiscard]] record_error get_origin(std::span<const std::byte> from, std::size_t key_bytes,
                                      std::size_t actor_bytes, record_origin& found) noexcept;

}  // namespace coffer::journal

#include "journal/record_origin.hpp"

#include <algorithm>

#include "journal/little_endian.hpp"

namespace coffer::journal {

namespace at = format::record;

namespace {

static_assert(at::max_bytes_without_key + origin_bytes(at::max_key_bytes, at::max_actor_bytes) ==
              at::max_bytes);

constexpr bool is_key_character(char c) noexcept {
    return c >= ' ' && c <= '~';
}

constexpr bool is_letter_or_digit(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

constexpr bool is_actor_character(char c) noexcept {
    return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-' || c == '@';
}

/// Writes a text, and zeros to the end of `into`.
void put_text(std::span<std::byte> into, std::string_view text) noexcept {
    const auto rest = std::ranges::copy(std::as_bytes(std::span{text}), into.begin()).out;
    std::fill(rest, into.end(), std::byte{0});
}

std::string_view get_text(std::span<const std::byte> from, std::size_t bytes) noexcept {
    return {reinterpret_cast<const char*>(from.data()), bytes};
}

bool has_zeros_behind(std::span<const std::byte> from, std::size_t bytes) noexcept {
    return std::ranges::all_of(from.subspan(bytes), [](std::byte b) { return b == std::byte{0}; });
}

record_error get_key(std::span<const std::byte> from, std::size_t bytes,
                     request_key& key) noexcept {
    key.fingerprint = {get<std::uint64_t>(from, 0), get<std::uint64_t>(from, 8)};
    const auto text = from.subspan(at::fingerprint_bytes);
    key.text = get_text(text, bytes);
    if (!std::ranges::all_of(key.text, is_key_character))
        return record_error::malformed_key;
    return has_zeros_behind(text, bytes) ? record_error::none : record_error::padding;
}

record_error get_actor(std::span<const std::byte> from, std::size_t bytes,
                       std::string_view& actor) noexcept {
    actor = get_text(from, bytes);
    if (!is_actor_name(actor))
        return record_error::malformed_actor;
    return has_zeros_behind(from, bytes) ? record_error::none : record_error::padding;
}

}  // namespace

bool is_request_key(std::string_view text) noexcept {
    return !text.empty() && text.size() <= at::max_key_bytes &&
           std::ranges::all_of(text, is_key_character);
}

bool is_actor_name(std::string_view text) noexcept {
    return !text.empty() && text.size() <= at::max_actor_bytes &&
           is_letter_or_digit(text.front()) && std::ranges::all_of(text, is_actor_character);
}

void put_origin(std::span<std::byte> into, const record_origin& from) noexcept {
    const auto& [key, actor] = from;
    const std::size_t key_end = origin_bytes(key.text.size(), 0);
    if (key_end != 0) {
        put<std::uint64_t>(into, 0, key.fingerprint.first);
        put<std::uint64_t>(into, 8, key.fingerprint.second);
        put_text(into.first(key_end).subspan(at::fingerprint_bytes), key.text);
    }
    if (!actor.empty())
        put_text(into.subspan(key_end), actor);
}

record_error get_origin(std::span<const std::byte> from, std::size_t key_bytes,
                        std::size_t actor_bytes, record_origin& found) noexcept {
    const std::size_t key_end = origin_bytes(key_bytes, 0);
    record_error error = record_error::none;
    if (key_bytes != 0)
        error = get_key(from.first(key_end), key_bytes, found.key);
    if (actor_bytes != 0 && error == record_error::none)
        error = get_actor(from.subspan(key_end), actor_bytes, found.actor);
    return error;
}

}  // namespace coffer::journal

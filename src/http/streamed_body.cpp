#include "http/streamed_body.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

namespace coffer::http {
namespace {

// A chunk's size is known when the chunk is there, so its place is left open and filled in later.
constexpr std::size_t size_digits = 8;
constexpr std::string_view open_size = "00000000\r\n";
constexpr std::string_view last_chunk = "0\r\n\r\n";
constexpr std::size_t framing_bytes = open_size.size() + 2 + last_chunk.size();

}  // namespace

api::body_stream::state streamed_body::pull(teller& teller, std::size_t room_bytes,
                                            std::string& out) {
    const std::size_t begin = begin_chunk(out);
    const std::size_t room = room_bytes - std::min(room_bytes, framing_bytes);
    const auto state = pieces_->pull(teller, room, out);
    finish_chunk(begin, out);
    if (state == api::body_stream::state::done)
        finish_body(out);
    return state;
}

void streamed_body::end_early(api::problem why, std::string& out) {
    const std::size_t begin = begin_chunk(out);
    pieces_->end_early(why, out);
    finish_chunk(begin, out);
    finish_body(out);
}

/// Returns where the chunk begins.
std::size_t streamed_body::begin_chunk(std::string& out) const {
    const std::size_t begin = out.size();
    if (chunked_)
        out += open_size;
    return begin;
}

// A chunk without content would end the body, so it is taken back.
void streamed_body::finish_chunk(std::size_t begin, std::string& out) const {
    if (!chunked_)
        return;
    const std::size_t bytes = out.size() - begin - open_size.size();
    if (bytes == 0)
        return out.resize(begin);
    std::array<char, size_digits> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), bytes, 16).ptr;
    std::copy(
        digits.data(), end,
        out.begin() + static_cast<std::ptrdiff_t>(begin + size_digits) - (end - digits.data()));
    out += "\r\n";
}

void streamed_body::finish_body(std::string& out) const {
    if (chunked_)
        out += last_chunk;
}

}  // namespace coffer::http

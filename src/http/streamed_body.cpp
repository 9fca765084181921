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
/// For the piece that ends a body early.
constexpr std::size_t early_end_bytes = 256 + framing_bytes;

}  // namespace

api::body_stream::state streamed_body::pull(teller& teller, std::size_t room_bytes,
                                            std::string& out) {
    const std::size_t before = out.size();
    out += head_;
    const std::size_t begin = begin_chunk(out);
    const std::size_t taken = head_.size() + framing_bytes + early_end_bytes;
    const std::size_t room =
        std::max(room_bytes - std::min(room_bytes, taken), api::body_stream::least_room_bytes);
    const auto state = pull_pieces(teller, room, before, out);
    const bool is_done = state == api::body_stream::state::done;
    if (!finish_chunk(begin, out) && !is_done) {
        out.resize(before);
        if (state == api::body_stream::state::following && pieces_->begins_early()) {
            out += head_;
            head_.clear();
        }
        return state;
    }
    head_.clear();
    if (is_done)
        finish_body(out);
    return state;
}

// A chunk that stays open would be of size zero: the end of a body that looks complete.
api::body_stream::state streamed_body::pull_pieces(teller& teller, std::size_t room_bytes,
                                                   std::size_t before, std::string& out) {
    try {
        return pieces_->pull(teller, room_bytes, out);
    } catch (...) {
        out.resize(before);
        throw;
    }
}

void streamed_body::end_early(api::problem why, std::string& out) {
    out += head_;
    head_.clear();
    const std::size_t begin = begin_chunk(out);
    pieces_->end_early(why, out);
    static_cast<void>(finish_chunk(begin, out));
    if (!breaks_off())
        finish_body(out);
}

/// Returns where the chunk begins.
std::size_t streamed_body::begin_chunk(std::string& out) const {
    const std::size_t begin = out.size();
    if (chunked_)
        out += open_size;
    return begin;
}

/// Returns false if the chunk has no content. It would end the body, so it is taken back.
bool streamed_body::finish_chunk(std::size_t begin, std::string& out) const {
    if (!chunked_)
        return out.size() != begin;
    const std::size_t bytes = out.size() - begin - open_size.size();
    if (bytes == 0) {
        out.resize(begin);
        return false;
    }
    std::array<char, size_digits> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), bytes, 16).ptr;
    std::copy(
        digits.data(), end,
        out.begin() + static_cast<std::ptrdiff_t>(begin + size_digits) - (end - digits.data()));
    out += "\r\n";
    return true;
}

void streamed_body::finish_body(std::string& out) const {
    if (chunked_)
        out += last_chunk;
}

}  // namespace coffer::http

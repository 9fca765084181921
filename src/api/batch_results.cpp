#include "api/batch_results.hpp"

#include <algorithm>

#include "api/reply.hpp"

namespace coffer::api {
namespace {

constexpr std::size_t block_bytes = std::size_t{16} << 10;
constexpr std::size_t most_line_bytes = reply::least_bytes + 1;

}  // namespace

void batch_results::make_room() {
    if (!blocks_.empty() && blocks_.back().capacity() - blocks_.back().size() >= most_line_bytes)
        return;
    blocks_.emplace_back();
    blocks_.back().reserve(block_bytes);
}

void batch_results::add(std::string_view envelope) {
    blocks_.back() += envelope;
    blocks_.back() += '\n';
    size_ += envelope.size() + 1;
}

body_stream::state batch_results::pull(teller&, std::size_t room_bytes, std::string& out) {
    while (!blocks_.empty() && room_bytes != 0) {
        const std::string& first = blocks_.front();
        const std::size_t count = std::min(room_bytes, first.size() - sent_bytes_);
        out.append(first, sent_bytes_, count);
        room_bytes -= count;
        size_ -= count;
        sent_bytes_ += count;
        if (sent_bytes_ == first.size()) {
            blocks_.pop_front();
            sent_bytes_ = 0;
        }
    }
    return blocks_.empty() ? state::done : state::more;
}

std::size_t batch_results::buffered_bytes() const noexcept {
    return blocks_.size() * block_bytes;
}

}  // namespace coffer::api

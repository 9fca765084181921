#include "http/chunked_body.hpp"

#include <algorithm>
#include <cstdint>

#include "http/request_syntax.hpp"

namespace coffer::http {

using api::problem;

std::size_t chunked_body::take(std::string_view bytes, const limits& allowed) {
    return take(bytes, allowed.body_bytes, allowed.chunked_bytes());
}

std::size_t chunked_body::take_endless(std::string_view bytes, const limits& allowed) {
    // A chunk's size may still grow by one digit after it is compared with the limit.
    constexpr std::size_t most_content = SIZE_MAX / 32;
    return take(bytes, most_content, content_.size() + bytes.size() + allowed.chunked_bytes());
}

void chunked_body::drop(std::size_t content_bytes) {
    content_.erase(0, content_bytes);
    if (content_bytes != 0)
        taken_ = 0;
    give_back_beyond(content_);
}

std::size_t chunked_body::take(std::string_view bytes, std::size_t most_content,
                               std::size_t most_bytes) {
    if (taken_ > most_bytes) {
        problem_ = problem::body_too_large;
        return 0;
    }
    // It stops at the first byte over the limit, so that the result does not depend on how the
    // bytes are split.
    bytes = bytes.substr(0, most_bytes + 1 - taken_);
    std::size_t at = 0;
    while (at != bytes.size() && state_ != state::done && problem_ == problem::none) {
        if (state_ == state::data)
            at += take_data(bytes.substr(at));
        else
            step(bytes[at++], most_content);
    }
    taken_ += at;
    if (taken_ > most_bytes && problem_ == problem::none)
        problem_ = problem::body_too_large;
    return at;
}

void chunked_body::reset() noexcept {
    state_ = state::size_begin;
    problem_ = problem::none;
    size_ = 0;
    taken_ = 0;
    give_back(content_);
}

std::size_t chunked_body::take_data(std::string_view bytes) {
    const std::size_t count = std::min(size_, bytes.size());
    content_ += bytes.substr(0, count);
    size_ -= count;
    if (size_ == 0)
        state_ = state::data_return;
    return count;
}

void chunked_body::step(char c, std::size_t most_bytes) {
    switch (state_) {
        case state::size_begin:
        case state::size:
            return size_digit(c, most_bytes);
        case state::extension:
            return c == '\r' ? go_on_if(true, state::size_end)
                             : go_on_if(!is_control(c), state::extension);
        case state::size_end:
            return go_on_if(c == '\n', size_ == 0 ? state::trailer_begin : state::data);
        case state::data_return:
            return go_on_if(c == '\r', state::data_feed);
        case state::data_feed:
            return go_on_if(c == '\n', state::size_begin);
        case state::trailer_begin:
            return c == '\r' ? go_on_if(true, state::end_feed)
                             : go_on_if(token_characters.has(c), state::trailer_name);
        case state::trailer_name:
            return c == ':' ? go_on_if(true, state::trailer)
                            : go_on_if(token_characters.has(c), state::trailer_name);
        case state::trailer:
            return c == '\r' ? go_on_if(true, state::trailer_feed)
                             : go_on_if(!is_control(c), state::trailer);
        case state::trailer_feed:
            return go_on_if(c == '\n', state::trailer_begin);
        case state::end_feed:
            return go_on_if(c == '\n', state::done);
        case state::data:
        case state::done:
            return;
    }
}

void chunked_body::size_digit(char c, std::size_t most_bytes) {
    const int digit = hex_value(c);
    if (digit < 0)
        return after_size(c);
    size_ = (state_ == state::size ? size_ : 0) * 16 + static_cast<std::size_t>(digit);
    state_ = state::size;
    // Checked at each digit, so that the size cannot overflow.
    if (size_ > most_bytes - content_.size())
        problem_ = problem::body_too_large;
}

void chunked_body::after_size(char c) {
    const bool has_size = state_ == state::size;
    if (c == '\r')
        return go_on_if(has_size, state::size_end);
    go_on_if(has_size && c == ';', state::extension);
}

void chunked_body::go_on_if(bool fits, state next) {
    if (fits)
        state_ = next;
    else
        problem_ = problem::request_malformed;
}

}  // namespace coffer::http

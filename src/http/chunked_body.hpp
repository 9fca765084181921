// Decodes a chunked request body (RFC 9112, section 7.1) as it arrives.
//
// Not by Beast's parser, which accepts line feeds within chunk extensions, does not limit
// extensions and trailers, and merges trailers into the head's fields.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "api/problem.hpp"
#include "http/buffered_bytes.hpp"
#include "http/limits.hpp"

namespace coffer::http {

/// Extensions and trailers are checked and ignored. Thread safety: none.
class chunked_body {
public:
    /// Decodes from the front of `bytes` and returns how many bytes it took: all, unless the body
    /// ends earlier or is malformed or too large (see problem_found).
    [[nodiscard]] std::size_t take(std::string_view bytes, const limits& allowed);
    /// The same for a body without a limit, whose content is dropped as it is used. Chunk headers
    /// and trailers between two pieces of content are limited.
    [[nodiscard]] std::size_t take_endless(std::string_view bytes, const limits& allowed);
    /// Drops the first bytes of the content.
    void drop(std::size_t content_bytes);

    [[nodiscard]] bool done() const noexcept { return state_ == state::done; }
    [[nodiscard]] api::problem problem_found() const noexcept { return problem_; }

    /// The content of all chunks so far.
    [[nodiscard]] std::string_view content() const noexcept { return content_; }

    /// How many bytes of its memory count as buffered.
    [[nodiscard]] std::size_t buffered_bytes() const noexcept {
        return buffered_bytes_of(content_);
    }

    /// Begins again with the next body.
    void reset() noexcept;

private:
    enum class state : std::uint8_t {
        size_begin,  // expects the first digit of a chunk's size
        size,
        extension,
        size_end,  // the line feed after it
        data,
        data_return,
        data_feed,
        trailer_begin,  // expects a trailer, or the last line
        trailer_name,
        trailer,  // after its colon
        trailer_feed,
        end_feed,
        done,
    };

    [[nodiscard]] std::size_t take(std::string_view bytes, std::size_t most_content,
                                   std::size_t most_bytes);
    void step(char c, std::size_t most_bytes);
    void size_digit(char c, std::size_t most_bytes);
    void after_size(char c);
    void go_on_if(bool fits, state next);
    [[nodiscard]] std::size_t take_data(std::string_view bytes);

    state state_ = state::size_begin;
    api::problem problem_ = api::problem::none;
    std::size_t size_ = 0;   // of the chunk, or what is left of it
    std::size_t taken_ = 0;  // bytes, framing included
    std::string content_;
};

}  // namespace coffer::http

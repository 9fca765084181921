// A reply's body on its way out: frames the pieces of a body_stream as HTTP/1.1 or HTTP/1.0 wants.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "api/body_stream.hpp"
#include "engine/teller.hpp"

namespace coffer::http {

/// Thread safety: none.
class streamed_body {
public:
    /// `chunked`: each piece is a chunk (RFC 9112, section 7.1). Otherwise the end of the
    /// connection ends the body, as HTTP/1.0 has it.
    streamed_body(std::unique_ptr<api::body_stream> pieces, bool chunked) noexcept
        : pieces_{std::move(pieces)}, chunked_{chunked} {}

    /// Appends the next piece to `out`, about `room_bytes` at most; after the last piece the end of
    /// the body too. In a turn of the teller.
    [[nodiscard]] api::body_stream::state pull(teller& teller, std::size_t room_bytes,
                                               std::string& out);

    /// Appends the piece that ends the body before its time, and the body's end.
    void end_early(api::problem why, std::string& out);

private:
    [[nodiscard]] std::size_t begin_chunk(std::string& out) const;
    void finish_chunk(std::size_t begin, std::string& out) const;
    void finish_body(std::string& out) const;

    std::unique_ptr<api::body_stream> pieces_;
    const bool chunked_;
};

}  // namespace coffer::http

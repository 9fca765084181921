// A reply's body on its way out: frames the pieces of a body_stream as HTTP/1.1 or HTTP/1.0 wants.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "api/body_stream.hpp"
#include "engine/teller.hpp"
#include "http/access_log.hpp"
#include "ops/tally.hpp"

namespace coffer::http {

/// Thread safety: none.
class streamed_body {
public:
    /// `chunked`: each piece is a chunk (RFC 9112, section 7.1). Otherwise its Content-Length ends
    /// the body, or the end of the connection, as HTTP/1.0 has it.
    /// `head` is the reply's, and is sent with the first piece: until then it can be another's.
    /// `open` counts those that there are of a worker.
    streamed_body(std::unique_ptr<api::body_stream> pieces, std::string head, bool chunked,
                  gauge& open) noexcept
        : pieces_{std::move(pieces)}, head_{std::move(head)}, chunked_{chunked}, open_{open} {
        open_.set(open_.value() + 1);
    }
    streamed_body(const streamed_body&) = delete;
    streamed_body& operator=(const streamed_body&) = delete;
    ~streamed_body() { open_.set(open_.value() - 1); }

    /// Appends the next piece to `out`, at most `room_bytes` with what frames it and with room for
    /// end_early (a kibibyte is always enough for a piece); before the first piece the head, after
    /// the last one the end of the body. In a turn of the teller.
    [[nodiscard]] api::body_stream::state pull(teller& teller, std::size_t room_bytes,
                                               std::string& out);

    /// The line of the access log, until the head has been appended.
    void keep_line(std::unique_ptr<access_entry> line) noexcept { line_ = std::move(line); }
    [[nodiscard]] std::unique_ptr<access_entry> take_line() noexcept { return std::move(line_); }

    /// The reply's head, until it has been appended.
    [[nodiscard]] std::string_view head() const noexcept { return head_; }
    /// Whether the head has been appended.
    [[nodiscard]] bool has_begun() const noexcept { return head_.empty(); }
    /// Whether all pieces are made already.
    [[nodiscard]] bool is_complete() const noexcept { return pieces_->known_size().has_value(); }
    /// Whether end_early may be called though nothing has been appended.
    [[nodiscard]] bool ends_whole() const noexcept { return pieces_->ends_whole(); }
    /// Whether end_early leaves out the body's end, and the connection is to close.
    [[nodiscard]] bool breaks_off() const noexcept { return pieces_->breaks_off(); }
    /// Whether it goes on for as long as the client reads.
    [[nodiscard]] bool is_endless() const noexcept { return pieces_->is_endless(); }
    /// How many bytes of memory the pieces count as buffered.
    [[nodiscard]] std::size_t buffered_bytes() const noexcept { return pieces_->buffered_bytes(); }
    /// Why pull returned `failed`.
    [[nodiscard]] api::problem failure() const noexcept { return pieces_->failure(); }
    [[nodiscard]] const api::error_members& failure_members() const noexcept {
        return pieces_->failure_members();
    }

    /// Appends the piece that ends the body before its time, and the body's end; before them the
    /// head, if it has not been appended.
    void end_early(api::problem why, std::string& out);

private:
    [[nodiscard]] api::body_stream::state pull_pieces(teller& teller, std::size_t room_bytes,
                                                      std::size_t before, std::string& out);
    [[nodiscard]] std::size_t begin_chunk(std::string& out) const;
    [[nodiscard]] bool finish_chunk(std::size_t begin, std::string& out) const;
    void finish_body(std::string& out) const;

    std::unique_ptr<api::body_stream> pieces_;
    std::string head_;  // until it has been appended
    const bool chunked_;
    gauge& open_;
    std::unique_ptr<access_entry> line_;
};

}  // namespace coffer::http

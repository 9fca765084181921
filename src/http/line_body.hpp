// A request's body that is taken line by line: splits its text and offers the lines to a sink.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "api/line_sink.hpp"
#include "api/reply.hpp"
#include "engine/teller.hpp"

namespace coffer::http {

/// A line ends with LF, or CR and LF; the last one with the body. Empty lines are skipped. Keeps no
/// text. Once the sink takes no more, the rest of the body is read and discarded before the reply
/// is made, since many clients send all of a request before they read.
/// Thread safety: none.
class line_body {
public:
    enum class state : std::uint8_t {
        more,     ///< all whole lines are taken or discarded: it goes on with more text
        paused,   ///< as many lines were taken as were allowed
        waiting,  ///< the sink wants more to be durable before it takes the next line
        refused,  ///< the next line cannot be taken: see problem_found
        cut,      ///< the sink took no more and has filled the reply
        ended,    ///< the body has ended and the sink has filled the reply
    };

    /// At most `max_discarded_bytes` are discarded.
    line_body(std::unique_ptr<api::line_sink> sink, std::size_t max_line_bytes,
              std::size_t max_discarded_bytes) noexcept
        : sink_{std::move(sink)},
          max_line_bytes_{max_line_bytes},
          discards_left_{max_discarded_bytes} {}

    /// Offers the lines of `text`, at most `most_lines`, from which it subtracts those taken.
    /// `text` begins where the last call's taken text ended; `ends` says that the body ends with
    /// it. Returns how many bytes were taken. In a turn of the teller.
    [[nodiscard]] std::size_t offer(teller& teller, std::string_view text, bool ends,
                                    std::size_t& most_lines, api::reply& out);

    /// Sets why the next line, and those after it, are not taken; `none`: they are.
    void end_at_next_line(api::problem why) noexcept { stop_ = why; }

    /// Whether the rest of the body is being discarded. If so, the next offer ends that.
    bool stop_discarding() noexcept {
        discards_left_ = 0;
        return is_discarding_;
    }

    /// Keeps the id that the client gave the request, which its head has no more.
    /// What the access log says of its request.
    void keep_bearer(std::string_view name) { bearer_ = name; }
    [[nodiscard]] std::string_view bearer() const noexcept { return bearer_; }
    void keep_request_id(std::string_view id) { request_id_ = id; }
    [[nodiscard]] std::string_view request_id() const noexcept { return request_id_; }

    [[nodiscard]] api::problem problem_found() const noexcept { return stop_; }
    [[nodiscard]] state now() const noexcept { return state_; }
    /// The ticket that covers all that the sink has posted or shown; 0 if it did neither.
    [[nodiscard]] teller::ticket due() const noexcept { return due_; }
    /// How many bytes of memory the sink counts as buffered.
    [[nodiscard]] std::size_t buffered_bytes() const noexcept { return sink_->buffered_bytes(); }
    /// Whether the sink has made a posting.
    [[nodiscard]] bool has_posted() const noexcept { return has_posted_; }

private:
    /// The teller's state before a call of the sink.
    struct reading {
        explicit reading(const teller& one) noexcept : due{one.due()}, postings{one.postings()} {}
        const teller::ticket due;
        const std::uint64_t postings;
    };

    void note(const reading& before, const teller& now) noexcept;
    [[nodiscard]] bool take(teller& teller, std::string_view line);
    void refuse_line(api::problem why);
    void discard(std::size_t bytes, bool ends) noexcept;
    void finish(teller& teller, api::reply& out);

    std::unique_ptr<api::line_sink> sink_;
    const std::size_t max_line_bytes_;
    std::size_t scanned_ = 0;  // of the line that has not ended yet
    std::size_t discards_left_;
    bool is_discarding_ = false;
    api::problem stop_ = api::problem::none;  // why the next line is not taken
    teller::ticket due_ = 0;
    bool has_posted_ = false;
    state state_ = state::more;
    std::string request_id_;
    std::string bearer_;
};

}  // namespace coffer::http

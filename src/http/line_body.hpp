// A request's body that is taken line by line: splits its text and offers the lines to a sink.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "api/line_sink.hpp"
#include "api/reply.hpp"
#include "engine/teller.hpp"

namespace coffer::http {

/// A line ends with LF, or CR and LF; the last one with the body. Keeps no text.
/// Thread safety: none.
class line_body {
public:
    enum class state : std::uint8_t {
        more,      ///< all whole lines are taken: it goes on with more text
        paused,    ///< as many lines were taken as were allowed
        waiting,   ///< the sink wants more to be durable before it takes the next line
        too_long,  ///< a line is longer than allowed
        refused,   ///< the sink has filled the reply, and takes no more
        ended,     ///< the body has ended and the sink has filled the reply
    };

    line_body(std::unique_ptr<api::line_sink> sink, std::size_t max_line_bytes) noexcept
        : sink_{std::move(sink)}, max_line_bytes_{max_line_bytes} {}

    /// Offers the lines of `text`, at most `most_lines`, from which it subtracts those taken.
    /// `text` begins where the last call's taken text ended; `ends` says that the body ends with
    /// it. Returns how many bytes were taken. In a turn of the teller.
    [[nodiscard]] std::size_t offer(teller& teller, std::string_view text, bool ends,
                                    std::size_t& most_lines, api::reply& out);

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
    [[nodiscard]] bool take(teller& teller, std::string_view line, api::reply& out);

    std::unique_ptr<api::line_sink> sink_;
    const std::size_t max_line_bytes_;
    std::size_t scanned_ = 0;  // of the line that has not ended yet
    teller::ticket due_ = 0;
    bool has_posted_ = false;
    state state_ = state::more;
};

}  // namespace coffer::http

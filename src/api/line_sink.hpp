// Takes the lines of a request's body one by one, as they arrive.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "api/reply.hpp"
#include "engine/teller.hpp"

namespace coffer::api {

/// A route of body kind `lines` makes one for each request; the connection feeds it.
/// Thread safety: none; it belongs to the thread of its teller, which also destroys it.
class line_sink {
public:
    enum class state : std::uint8_t {
        taken,
        waiting,  ///< not taken: offer the line again after more is durable
        ended,    ///< not taken, and no more is: the rest of the body is read and discarded
    };

    line_sink() = default;
    line_sink(const line_sink&) = delete;
    line_sink& operator=(const line_sink&) = delete;
    virtual ~line_sink() = default;

    /// Takes one line without its end, which is not empty. Called in a turn of the teller.
    virtual state take(teller&, std::string_view line) = 0;

    /// The body has ended, or no more of it is taken: fills the reply, a short one or a stream.
    /// Called in a turn of the teller.
    virtual void finish(teller&, reply& out) = 0;

    /// The next line cannot be taken, for this reason, and nor can those after it: as after
    /// state::ended. Or returns false, and the request is refused.
    virtual bool end_at_line(problem) { return false; }

    /// How many bytes of memory it has for the reply. Called after each turn.
    [[nodiscard]] virtual std::size_t buffered_bytes() const noexcept { return 0; }
};

}  // namespace coffer::api

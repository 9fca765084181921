// Appends batches to a log, and finds out what became of a batch whose answer was lost.
//
// Guarantees     `durable` is returned for a batch that is in the log, and for no other. A batch is
//                in the log once, however often its answer was lost: after an unknown outcome the
//                end of the log is read. If the batch is there, it is durable. If another batch is
//                in its place, another writer has taken over, and this appender has failed. If
//                nothing is there, the same batch is appended again: it may still arrive from the
//                first attempt, and then the log refuses the second one, since its place is taken.
// Thread safety  None; for the thread that appends.
#pragma once

#include <cstdint>
#include <string>

#include "journal/batch_log.hpp"

namespace coffer::journal {

class appender {
public:
    enum class result : std::uint8_t {
        durable,
        no_room,  ///< nothing was written; the caller may try again, with another batch if it likes
        unknown,  ///< nobody knows yet: append is to be called again with the same batch
        failed,   ///< final: reason() says why
    };

    /// Goes on after the end of `log`, which must outlive this.
    explicit appender(batch_log& log) : log_{log}, end_{log.tail()} {}

    /// Appends `one`, which must follow end(), and waits until it is durable.
    [[nodiscard]] result append(const batch_view& one);

    /// The position after the last batch that is durable.
    [[nodiscard]] const batch_position& end() const noexcept { return end_; }

    /// Whether the last call of append returned unknown.
    [[nodiscard]] bool is_in_doubt() const noexcept { return in_doubt_; }

    /// Why append has returned something other than durable, for people.
    [[nodiscard]] const std::string& reason() const noexcept { return reason_; }

private:
    enum class found : std::uint8_t { it, nothing, another, no_answer };

    [[nodiscard]] result attempt(const batch_view& one);
    [[nodiscard]] result finish(const batch_view& one);
    [[nodiscard]] result refuse(result as, std::string reason);
    [[nodiscard]] result refuse_taken_over();
    [[nodiscard]] found look_for(const batch_view& one);

    batch_log& log_;
    batch_position end_;
    bool in_doubt_ = false;  // whether the batch that follows end_ may be in the log
    std::string reason_;
};

}  // namespace coffer::journal

// A reader's place in the events of the journal: finds what comes next, without waiting for it.
//
//     switch (cursor.find(teller)) {
//         case event_cursor::state::ready:
//             while (cursor.has_event()) { ... cursor.line() ...; cursor.pass(); }
//
// A block that others read too is taken from those that are kept; otherwise a job is asked for it,
// by one of the readers that want it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "api/error_members.hpp"
#include "api/event_filter.hpp"
#include "api/event_job.hpp"
#include "api/problem.hpp"
#include "engine/event_blocks.hpp"
#include "engine/teller.hpp"

namespace coffer::api {

/// Thread safety: none.
class event_cursor {
public:
    enum class state : std::uint8_t {
        ready,   ///< there are records to read: has_event says whether they have an event
        asked,   ///< a job of its own reads them
        others,  ///< another reader's job does
        at_end,  ///< there is nothing after what was read
        failed,  ///< see failure()
    };

    /// After this record; only what the filter has.
    event_cursor(std::uint64_t after, event_filter wanted) noexcept
        : after_{after}, wanted_{std::move(wanted)} {}

    /// Finds what comes next. The teller's engine has a journal.
    [[nodiscard]] state find(teller& by);

    /// After `ready`: whether there is an event. If there is none left, the next find looks
    /// further.
    [[nodiscard]] bool has_event() noexcept;
    // Of that event.
    [[nodiscard]] std::uint64_t record() const noexcept { return event().record; }
    [[nodiscard]] std::string_view operation() const noexcept { return event().operation; }
    /// A line of JSON with its newline, valid until the next line, find or rest.
    [[nodiscard]] std::string_view line() { return wanted_.line(*block_, index_, filtered_); }
    /// Goes on behind it.
    void pass() noexcept { after_ = event().record, ++index_; }

    /// Holds no memory until the next find.
    void rest() noexcept {
        block_.reset();
        std::string{}.swap(filtered_);
    }

    /// The record after which it goes on.
    [[nodiscard]] std::uint64_t after() const noexcept { return after_; }
    /// Whether it is known that nothing that it is to read has been trimmed.
    [[nodiscard]] bool has_begun() const noexcept { return has_begun_; }

    [[nodiscard]] problem failure() const noexcept { return failure_; }
    [[nodiscard]] const error_members& failure_members() const noexcept { return members_; }

private:
    [[nodiscard]] const event_block::event& event() const noexcept {
        return block_->events[index_];
    }
    [[nodiscard]] bool take(std::shared_ptr<const event_block> found);
    [[nodiscard]] state ask(teller& by, std::uint64_t durable);
    [[nodiscard]] state take_answer(const teller& by);
    [[nodiscard]] state wait(const teller& by, state how);
    [[nodiscard]] state fail(problem why, const error_members& members = {}) noexcept;

    std::uint64_t after_;
    const event_filter wanted_;
    std::shared_ptr<const event_block> block_;
    std::size_t index_ = 0;  // in the block
    std::string filtered_;   // the last line, where it is not the block's
    std::shared_ptr<event_job> job_;
    std::chrono::steady_clock::time_point waiting_since_{};  // or the epoch
    bool has_begun_ = false;
    problem failure_ = problem::none;
    error_members members_{};
};

}  // namespace coffer::api

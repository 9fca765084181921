// Events as they happen: server-sent events, or lines of JSON.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include <coffer/account_number.hpp>

#include "api/body_stream.hpp"
#include "api/event_cursor.hpp"
#include "api/posting_watch.hpp"
#include "ops/registered.hpp"
#include "ops/tally.hpp"

namespace coffer::api {

/// Has no end of its own. It ends before, with a line that names the reason, when what comes next
/// has been trimmed, when the disk hangs, and when the server stops.
///
/// One that is behind leaves the worker's time to others: see body_stream::state::resting.
class event_feed final : public body_stream {
public:
    enum class form : std::uint8_t {
        lines,  ///< application/x-ndjson: an event a line
        /// With id, event and data; and at the beginning and each `place_every` a comment, with an
        /// id if the reader does not know it: that of the last record that was looked at, after
        /// which a reader that is cut can resume.
        server_sent,
    };
    static constexpr std::chrono::seconds usual_place_every{15};

    /// What the reader knows of the place that it begins at.
    enum class beginning : std::uint8_t { known, unknown };

    event_feed(form as, const event_cursor& from, beginning knows = beginning::known,
               std::chrono::steady_clock::duration place_every = usual_place_every)
        : form_{as}, cursor_{from}, place_every_{place_every} {
        if (knows == beginning::known)
            known_ = from.after();
    }

    state pull(teller&, std::size_t room_bytes, std::string& out) override;
    void end_early(problem why, std::string& out) override;
    [[nodiscard]] bool begins_early() const noexcept override { return cursor_.has_begun(); }
    [[nodiscard]] bool is_endless() const noexcept override { return true; }
    [[nodiscard]] std::size_t buffered_bytes() const noexcept override { return rest_.capacity(); }

private:
    [[nodiscard]] bool append_events(std::size_t full, std::string& out);
    void append_event(std::string& out);
    void note_place(const teller& by);
    void append_place(std::chrono::steady_clock::time_point now, std::string& out);

    const form form_;
    event_cursor cursor_;
    std::optional<std::uint64_t> known_;  // the last id that the reader has
    posting_watch watch_;
    const std::chrono::steady_clock::duration place_every_;
    std::chrono::steady_clock::time_point next_place_{};
    std::string rest_;  // of the last event
    gauge place_;       // for /metrics
    registered<const gauge*>::registration followed_;
    bool is_registered_ = false;
};

}  // namespace coffer::api

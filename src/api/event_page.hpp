// A page of events, as one JSON envelope.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "api/body_stream.hpp"
#include "api/event_cursor.hpp"

namespace coffer::api {

/// {"success":true,"data":{"events":[...],"next":123},"code":200}, where `next` is the record after
/// which the next page begins. A page that cannot be completed has fewer events than there are.
class event_page final : public body_stream {
public:
    /// At most `limit` events. If there is none yet, it waits for the first until `until`.
    event_page(const event_cursor& from, std::size_t limit,
               std::chrono::steady_clock::time_point until)
        : cursor_{from}, left_{limit}, until_{until} {}

    state pull(teller&, std::size_t room_bytes, std::string& out) override;
    void end_early(problem why, std::string& out) override;
    [[nodiscard]] bool ends_whole() const noexcept override { return cursor_.has_begun(); }
    [[nodiscard]] std::size_t buffered_bytes() const noexcept override { return rest_.capacity(); }

private:
    [[nodiscard]] bool append_events(std::size_t full, std::string& out);
    [[nodiscard]] bool has_waited() const noexcept {
        return left_ == 0 || has_events_ || std::chrono::steady_clock::now() >= until_;
    }
    void begin(std::string& out);
    void finish(std::string& out);
    [[nodiscard]] state send(std::size_t full, std::string& out);

    event_cursor cursor_;
    std::size_t left_;  // events that it may have
    int blocks_ = 0;    // that were looked through
    const std::chrono::steady_clock::time_point until_;
    bool has_begun_ = false;
    bool has_events_ = false;
    bool is_complete_ = false;
    std::string rest_;
};

}  // namespace coffer::api

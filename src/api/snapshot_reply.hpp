// The reply to POST /admin/snapshot: waits until the snapshot is taken.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "api/body_stream.hpp"
#include "engine/ordered_snapshot.hpp"

namespace coffer::api {

/// Refuses where the snapshot fails, or is not taken in time; in that case it goes on.
class snapshot_reply final : public body_stream {
public:
    static constexpr std::chrono::seconds usual_patience{60};

    explicit snapshot_reply(std::shared_ptr<const ordered_snapshot> order,
                            std::chrono::steady_clock::duration patience = usual_patience)
        : order_{std::move(order)}, until_{std::chrono::steady_clock::now() + patience} {}

    state pull(teller&, std::size_t room_bytes, std::string& out) override;
    void end_early(problem why, std::string& out) override;

private:
    const std::shared_ptr<const ordered_snapshot> order_;
    const std::chrono::steady_clock::time_point until_;
};

}  // namespace coffer::api

// Background work on the log that the journal thread must not wait for: making room ahead, and
// checking that the log is still in its place. Each has a thread of its own, since either may hang
// with the disk.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

#include "journal/background_work.hpp"
#include "journal/batch_log.hpp"

namespace coffer::journal {

/// Keeps room ahead in the log. Thread safety: poke is for any thread, the rest for one.
class room_keeper {
public:
    /// Makes room at once, before it returns if there is less than `enough_bytes`, and then
    /// whenever poked. Where there is none to be had, logs that once and tries again after `retry`.
    /// `log` must outlive this. Throws std::system_error.
    room_keeper(batch_log& log, std::size_t enough_bytes, std::chrono::milliseconds retry);

    /// Says that some room was used, so that more may have to be made.
    void poke() noexcept { thread_.poke(); }

private:
    [[nodiscard]] background_work::pause make_room() noexcept;

    batch_log& log_;
    const std::chrono::milliseconds retry_;
    bool has_complained_ = false;
    background_work thread_;  // the last member, as its thread uses the others
};

/// Watches that the log is where a later start will look for it. Thread safety: none.
class place_keeper {
public:
    /// Calls log.check_in_place every so often. Calls `on_loss` once, with the reason, in its own
    /// thread, when the log is not in its place, and checks no more. `on_loss` must not throw, and
    /// `log` must outlive this. Throws std::system_error.
    place_keeper(batch_log& log, std::chrono::milliseconds every,
                 std::function<void(const std::string&)> on_loss);

private:
    [[nodiscard]] background_work::pause check() noexcept;

    batch_log& log_;
    const std::chrono::milliseconds every_;
    const std::function<void(const std::string&)> on_loss_;
    background_work thread_;  // the last member, as its thread uses the others
};

}  // namespace coffer::journal

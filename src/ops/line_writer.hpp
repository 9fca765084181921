// Writes lines, in a thread of its own, to a descriptor that may block.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace coffer {

/// Only its own thread waits for the reader of a pipe. Each line is one call of write. The flags of
/// the descriptor do not change: other processes may share it.
///
/// Thread safety: add and flush may be called from any thread at once.
class line_writer {
public:
    /// How much may wait to be written. Further lines are dropped and counted.
    static constexpr std::size_t most_bytes = std::size_t{256} << 10;

    /// Returns the line that is written where `count` lines were dropped.
    using note_of_dropped = std::function<std::string(std::uint64_t count)>;

    /// `descriptor` must stay open. Without `note`, dropped lines are not mentioned. Throws
    /// std::system_error if no thread can be started, std::bad_alloc.
    explicit line_writer(int descriptor, note_of_dropped note = {});
    line_writer(const line_writer&) = delete;
    line_writer& operator=(const line_writer&) = delete;
    /// Flushes for up to 100 ms. The detached thread continues with what takes longer.
    ~line_writer();

    /// Queues `line`, which ends with a newline, or drops it. Does not wait for the reader.
    void add(std::string_view line) noexcept;

    /// Waits up to `patience` until all added lines are written or dropped. Returns whether they
    /// are.
    bool flush(std::chrono::milliseconds patience) noexcept;

private:
    struct state;
    static void run(state& of);

    std::shared_ptr<state> state_;  // shared with the thread, which may outlive this
};

}  // namespace coffer

// Writes lines to a descriptor that may block, such as a pipe that nobody reads.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace coffer {

/// Has a thread of its own, which is the only one that may have to wait for a reader. The flags of
/// the descriptor are left as they are: other processes may share it. Each line is one call of
/// write.
///
/// Thread safety: all but construction and destruction may be called from any thread at once.
class line_writer {
public:
    /// What waits to be written; lines beyond that are dropped, and counted.
    static constexpr std::size_t most_bytes = std::size_t{256} << 10;

    /// Returns the line that stands where `count` lines were dropped.
    using note_of_dropped = std::function<std::string(std::uint64_t count)>;

    /// `descriptor` must stay open. Without `note`, dropped lines are not mentioned. Throws
    /// std::system_error if there is no thread to be had, std::bad_alloc.
    explicit line_writer(int descriptor, note_of_dropped note = {});
    line_writer(const line_writer&) = delete;
    line_writer& operator=(const line_writer&) = delete;
    /// Waits for what is to be written, as flush does, for a tenth of a second. What takes longer
    /// is written by the thread, which is left to itself.
    ~line_writer();

    /// Has `line`, which ends with a newline, written, or drops it. Does not wait for the reader.
    void add(std::string_view line) noexcept;

    /// Waits until all that was added is written or dropped, but not longer than `patience`.
    /// Returns whether it is.
    bool flush(std::chrono::milliseconds patience) noexcept;

private:
    struct state;
    static void run(state& of);

    std::shared_ptr<state> state_;  // also the thread's, which may outlive this
};

}  // namespace coffer

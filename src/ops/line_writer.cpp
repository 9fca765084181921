#include "ops/line_writer.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace coffer {
namespace {

/// Returns whether all of it is written. Waits for the reader, even if another process has made the
/// descriptor non-blocking.
bool write_line(int descriptor, std::string_view line) noexcept {
    while (!line.empty()) {
        const ssize_t written = ::write(descriptor, line.data(), line.size());
        if (written >= 0) {
            line.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno == EAGAIN) {
            pollfd until{descriptor, POLLOUT, 0};
            ::poll(&until, 1, -1);
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

/// Returns how many lines could not be written.
std::uint64_t write_lines(int descriptor, std::string_view lines) noexcept {
    std::uint64_t lost = 0;
    while (!lines.empty()) {
        const std::size_t size = std::min(lines.find('\n'), lines.size() - 1) + 1;
        lost += write_line(descriptor, lines.substr(0, size)) ? 0 : 1;
        lines.remove_prefix(size);
    }
    return lost;
}

}  // namespace

struct line_writer::state {
    const int descriptor;
    const note_of_dropped note;
    std::mutex mutex{};
    std::condition_variable changed{};
    // Under the mutex:
    std::string waiting{};
    std::uint64_t dropped = 0;  // after those that wait
    bool is_writing = false;
    bool is_ending = false;
};

line_writer::line_writer(int descriptor, note_of_dropped note)
    : state_{new state{descriptor, std::move(note)}} {
    state_->waiting.reserve(most_bytes);
    std::thread{[shared = state_] { run(*shared); }}.detach();
}

line_writer::~line_writer() {
    flush(std::chrono::milliseconds{100});
    const std::lock_guard lock{state_->mutex};
    state_->is_ending = true;
    state_->changed.notify_all();
}

void line_writer::add(std::string_view line) noexcept {
    const std::lock_guard lock{state_->mutex};
    if (line.size() > most_bytes - state_->waiting.size()) {
        ++state_->dropped;
        return;
    }
    state_->waiting += line;  // within what was reserved
    state_->changed.notify_all();
}

bool line_writer::flush(std::chrono::milliseconds patience) noexcept {
    std::unique_lock lock{state_->mutex};
    return state_->changed.wait_for(
        lock, patience, [this] { return state_->waiting.empty() && !state_->is_writing; });
}

void line_writer::run(state& of) {
    std::string lines;
    lines.reserve(most_bytes);
    std::unique_lock lock{of.mutex};
    while (true) {
        of.changed.wait(lock, [&of] { return !of.waiting.empty() || of.is_ending; });
        if (of.waiting.empty())
            return;
        lines.swap(of.waiting);
        std::uint64_t dropped = std::exchange(of.dropped, 0);
        of.is_writing = true;
        lock.unlock();
        dropped += write_lines(of.descriptor, lines);
        lines.clear();
        if (!of.note || (dropped != 0 && write_line(of.descriptor, of.note(dropped))))
            dropped = 0;
        lock.lock();
        of.is_writing = false;
        of.dropped += dropped;
        of.changed.notify_all();
    }
}

}  // namespace coffer

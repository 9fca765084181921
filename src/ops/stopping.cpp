#include "ops/stopping.hpp"

#include <atomic>
#include <future>
#include <mutex>
#include <thread>
#include <utility>

namespace coffer::stopping {
namespace {

std::atomic<bool> is_requested{false};
static_assert(std::atomic<bool>::is_always_lock_free);  // a signal handler may use it

struct {
    std::mutex mutex;
    std::function<void()> what;  // under the mutex
} pending;

}  // namespace

void request() noexcept {
    is_requested = true;
}

void withdraw() noexcept {
    is_requested = false;
}

void check() {
    // Relaxed: no other data depends on it, and a later check sees it too.
    if (is_requested.load(std::memory_order_relaxed))
        throw stopped{};
}

undo::undo(std::function<void()> what) {
    const std::lock_guard lock{pending.mutex};
    pending.what = std::move(what);
}

void undo::cancel() noexcept {
    const std::lock_guard lock{pending.mutex};
    pending.what = nullptr;
}

// The mutex stays locked, so that no thread continues with what is being undone. The undo runs in a
// thread of its own, since the disk may hang.
void undo_before_the_end(std::chrono::milliseconds patience) noexcept {
    pending.mutex.lock();
    if (!pending.what)
        return;
    try {
        static std::promise<void> done;
        std::thread{[] {
            pending.what();
            done.set_value();
        }}.detach();
        done.get_future().wait_for(patience);
    } catch (const std::exception&) {  // no thread can be started: left as after a crash
    }
}

}  // namespace coffer::stopping

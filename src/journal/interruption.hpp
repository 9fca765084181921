// Ends long questions to a history early, where nobody waits for the answer any more.
//
// A question may visit each segment of a journal, and index one again. What takes long calls
// `check` between the parts of its work, and need not know who asks.
//
// Thread safety  Each thread has its own.
#pragma once

#include <functional>

namespace coffer::journal {

class interruption {
public:
    using condition = std::function<bool()>;

    /// From now on, until this is destroyed, `check` throws in this thread once `has_ended` returns
    /// true. It must outlive this.
    explicit interruption(const condition& has_ended) noexcept : outer_{current} {
        current = &has_ended;
    }
    ~interruption() { current = outer_; }
    interruption(const interruption&) = delete;
    interruption& operator=(const interruption&) = delete;

    /// Throws history_unavailable. Does nothing in a thread that has no interruption.
    static void check();

private:
    static thread_local const condition* current;

    const condition* const outer_;
};

}  // namespace coffer::journal

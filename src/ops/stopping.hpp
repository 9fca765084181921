// Whether the process was asked to stop while it starts.
//
// A start may take long: it reads the journal, or waits for the disk. Whatever takes long there
// calls `check` now and then. A start that does not end by itself soon is ended all the same (see
// signal_watch.hpp), as by a crash, which every start can deal with; what is to be removed first is
// named by an `undo`.
//
// Thread safety  all of it may be called from any thread at once.
#pragma once

#include <chrono>
#include <exception>
#include <functional>

namespace coffer::stopping {

/// Ends a start that was asked to stop. No std::runtime_error: nothing has failed.
class stopped : public std::exception {
public:
    [[nodiscard]] const char* what() const noexcept override { return "stopped before it served"; }
};

/// From now on `check` throws.
void request() noexcept;
/// The opposite, for tests.
void withdraw() noexcept;

/// Throws `stopped` if that was requested. Costs next to nothing.
void check();

/// What has to be undone if the process ends now, for as long as this lives. One at a time.
class undo {
public:
    explicit undo(std::function<void()> what);
    undo(const undo&) = delete;
    undo& operator=(const undo&) = delete;
    ~undo() { cancel(); }

    /// There is nothing to be undone any more. Does not return if the process is ending already:
    /// so what follows is not done then.
    void cancel() noexcept;
};

/// Undoes what there is, for which it waits no longer than `patience`. The process must end then.
void undo_before_the_end(std::chrono::milliseconds patience) noexcept;

}  // namespace coffer::stopping

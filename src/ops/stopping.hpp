// Stops a start, an audit or a copy before its end, when a signal asks for that.
//
// Each of them may take long: it reads the journal, or waits for the disk. Long loops call `check`
// regularly, which throws once a stop was requested. A start that does not end soon after that is
// ended anyway (see signal_watch.hpp), which is no worse than a crash; an `undo` names what has to
// be removed first.
//
// Thread safety  all functions may be called from any thread at once.
#pragma once

#include <chrono>
#include <exception>
#include <functional>

namespace coffer::stopping {

/// Thrown by `check`. Not a std::runtime_error: nothing has failed.
class stopped : public std::exception {
public:
    [[nodiscard]] const char* what() const noexcept override { return "stopped before it served"; }
};

/// Makes `check` throw from now on. May be called in a signal handler.
void request() noexcept;
/// Takes the request back. For tests.
void withdraw() noexcept;

/// Throws `stopped` if a stop was requested. Costs one relaxed load.
void check();

/// Registers what has to be undone if the process ends during its life. One at a time.
class undo {
public:
    explicit undo(std::function<void()> what);
    undo(const undo&) = delete;
    undo& operator=(const undo&) = delete;
    ~undo() { cancel(); }

    /// Withdraws the registration. Does not return if the process is ending already, so that the
    /// caller does not continue with what is being undone.
    void cancel() noexcept;
};

/// Runs the registered undo and waits for it up to `patience`. The process must end after that.
void undo_before_the_end(std::chrono::milliseconds patience) noexcept;

}  // namespace coffer::stopping

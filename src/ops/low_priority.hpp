// Lets a thread run only where no other needs the processor.
#pragma once

#include <thread>

namespace coffer {

/// Gives the calling thread the priority of idle time (SCHED_IDLE), or the lowest niceness where
/// the system does not allow that. Where it allows neither, nothing changes. Threads that it starts
/// inherit it. Thread safety: each thread for itself.
void run_when_idle() noexcept;

/// Takes that back for another thread, so that it ends soon once it is to end. Nothing changes
/// where the system does not allow it: Linux wants RLIMIT_NICE to have 20 or more, or CAP_SYS_NICE.
/// The thread has not been joined. Thread safety: any thread.
void run_as_others(std::thread& one) noexcept;

}  // namespace coffer

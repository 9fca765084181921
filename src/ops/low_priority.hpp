// Lets a thread run only where no other needs the processor.
#pragma once

namespace coffer {

/// Gives the calling thread the priority of idle time (SCHED_IDLE), or the lowest niceness where
/// the system does not allow that. Where it allows neither, nothing changes. Threads that it starts
/// inherit it. Thread safety: each thread for itself.
void run_when_idle() noexcept;

}  // namespace coffer

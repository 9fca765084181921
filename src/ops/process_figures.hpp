// What the system counts of this process, by the names that Prometheus's own libraries use.
#pragma once

#include <string>

namespace coffer {

/// Appends them. Reads /proc, which waits for no disk; where that is not mounted, what stands there
/// is left out. Thread safety: any thread.
void append_process_figures(std::string& out);

}  // namespace coffer

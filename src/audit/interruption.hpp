// The end of a copy before its time, as a signal asks for it.
#pragma once

namespace coffer::audit {

/// Thrown by what is interrupted. No std::exception: nothing takes it for a fault of a file.
struct interrupted {};

/// Asks all copies and audits of this process to throw `interrupted` soon. May be called from a
/// signal handler, and from any thread.
void interrupt() noexcept;

/// Throws `interrupted` if that was asked for. Cheap.
void throw_if_interrupted();

}  // namespace coffer::audit

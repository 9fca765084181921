// Reports to the service manager that started the process, by systemd's protocol (sd_notify(3)).
#pragma once

#include <string_view>

namespace coffer {

/// Sends a state such as "READY=1" to the socket that NOTIFY_SOCKET names. Does nothing if it names
/// none or nobody reads from it. Never waits. May be called from any thread.
void tell_service_manager(std::string_view state) noexcept;

}  // namespace coffer

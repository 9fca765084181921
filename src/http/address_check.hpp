// Finds out whether a server could listen at an address, or at two at once, without listening.
#pragma once

#include <system_error>

#include "http/listen_address.hpp"

namespace coffer::http {

/// Returns why a server of this user could not listen at `where` now: address_in_use if another
/// does; no error if it could. Binds the address of a TCP socket for a moment, and connects to a
/// Unix socket that is there; makes and removes no file. Thread safety: any thread.
[[nodiscard]] std::error_code why_not_listen(const listen_address& where) noexcept;

/// Whether a server cannot listen at both at once: the same path, or the same port of one address
/// or where one is all addresses of the machine. Never for port 0. Thread safety: a pure function.
[[nodiscard]] bool is_same_place(const listen_address& one, const listen_address& other) noexcept;

}  // namespace coffer::http

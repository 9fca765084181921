// What is left to do for a reply when it is sent, which few replies have.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "http/access_log.hpp"

namespace coffer::http {

struct reply_note {
    std::uint32_t offset = 0;            ///< of the reply, in the output
    std::size_t timing = 0;              ///< of its Server-Timing, likewise; 0: it has none
    std::unique_ptr<access_entry> line;  ///< null: it is not logged
};

/// Fills in a Server-Timing, which reply_writer has left room for.
void put_timing(std::string& out, std::size_t at, std::chrono::nanoseconds ledger,
                std::chrono::nanoseconds disk) noexcept;

}  // namespace coffer::http

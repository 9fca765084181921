// Opens a journal of files for a test, or begins it.
#pragma once

#include <memory>

#include "journal/file_log.hpp"
#include "journal/segment.hpp"

namespace coffer::test {

[[nodiscard]] inline std::unique_ptr<journal::file_log> opened_log(
    journal::storage& where, const journal::file_log::options& chosen = {}) {
    return journal::list_segments(where).empty() ? journal::file_log::create(where, chosen)
                                                 : journal::file_log::open(where, chosen);
}

}  // namespace coffer::test

// What `coffer export` writes of a data directory, as lines in a test.
#pragma once

#include <filesystem>
#include <string>

#include "audit/posting_export.hpp"

namespace coffer::test {

/// The whole history as CSV.
inline std::string exported_lines(const std::filesystem::path& directory) {
    std::string all;
    audit::export_postings(
        audit::data_files::in(directory), journal::line_format::csv, {},
        [&all](std::string_view lines) { all += lines; }, [] {});
    return all;
}

}  // namespace coffer::test

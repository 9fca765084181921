// The first start on a data directory: begins its journal with the accounts that it opens.
//
// The journal is made as DIR/journal.new and gets its name when it is whole and on the disk. So a
// crash leaves no journal, and the next start is a first one again, or all of it.
#pragma once

#include <cstdint>
#include <filesystem>

#include "engine/data_directory.hpp"
#include "journal/file_log.hpp"

namespace coffer {

enum class first_accounts : std::uint8_t { sample, none };

/// Whether the directory has a journal: then there is nothing to begin.
[[nodiscard]] bool has_journal(const data_directory& where);

/// Begins a journal with the openings of the sample accounts, or with nothing. There is none yet.
///
/// Throws std::runtime_error, naming the directory, if there are snapshots: their journal is lost,
/// or they are of a version that had none; if a copy into it did not come to its end;
/// snapshot::accounts_error for a file of accounts; journal::journal_error where the disk is full
/// or fails; std::bad_alloc.
void begin_journal(const data_directory& where, first_accounts which,
                   journal::file_log::options chosen = {});

/// The same with the accounts of a JSON file, each opened with its balance and as its first
/// posting, whatever sequence the file says.
void begin_journal(const data_directory& where, const std::filesystem::path& accounts_file,
                   journal::file_log::options chosen = {});

}  // namespace coffer

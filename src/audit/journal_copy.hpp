// Copies a journal, batch by batch.
#pragma once

#include <filesystem>

#include "audit/patient_reader.hpp"
#include "journal/storage.hpp"

namespace coffer::audit {

/// Copies all batches there are in `from`, up to the last that is whole, to segments of the same
/// names and sizes in `to`, a directory that this makes. All of it is checked on its way, and none
/// of it is taken back by a crash when this returns. A server may append to `from` meanwhile.
/// Throws journal_error; then a part of the copy is left.
void copy_journal(const journal::storage& from, const std::filesystem::path& to,
                  patient_reader::pause wait);

}  // namespace coffer::audit

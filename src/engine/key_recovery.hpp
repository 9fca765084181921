// The keys of requests, from the journal's records.
#pragma once

#include <cstdint>

#include "engine/key_store.hpp"
#include "journal/record.hpp"

namespace coffer {

/// Puts in what became of the request that the record is of, if that had a key. Throws
/// std::bad_alloc.
void restore_key(key_store& into, const journal::record& one, std::uint64_t time_ns);

}  // namespace coffer

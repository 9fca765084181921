// The name of what a copy into a prepared directory is made as.
#pragma once

namespace coffer {

/// In the directory that is copied to. While it is there and DIR/journal is not, the copy has not
/// come to its end, and the directory is neither a ledger nor a place for a new one.
inline constexpr const char* partial_copy_name = ".partial";

}  // namespace coffer

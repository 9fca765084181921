// The endpoints by which another machine copies the files of this node.
#pragma once

#include <array>
#include <string_view>

#include "api/reply.hpp"
#include "api/route.hpp"
#include "engine/teller.hpp"

namespace coffer::api {

/// The parameters of the query.
inline constexpr std::array<std::string_view, 1> journal_query{"after"};

/// The batches of the journal after a record, as FORMAT.md has them.
void copy_journal(teller&, const call&, reply&);
/// The bytes of a snapshot.
void copy_snapshot(teller&, const call&, reply&);

}  // namespace coffer::api

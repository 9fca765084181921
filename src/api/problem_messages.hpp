// What the messages of refusals blame. A process serves one ledger, whose log is on the disk alone,
// or in etcd too.
//
// Thread safety  Any thread.
#pragma once

namespace coffer::api {

/// Whether what `describe` says of the disk names etcd as well: of a replicated ledger. False at
/// first; to be set before a request is answered.
void name_etcd_in_messages(bool is_replicated) noexcept;

}  // namespace coffer::api

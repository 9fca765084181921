// The endpoint of batches of requests: one operation a line, each as its single request would be.
// The journal's batches, records that are written together, are another thing.
#pragma once

#include <cstddef>
#include <memory>

#include "api/line_sink.hpp"
#include "api/reply.hpp"
#include "api/route.hpp"
#include "engine/teller.hpp"

namespace coffer::api {

/// The most bytes of a line of a batch, without its end.
inline constexpr std::size_t max_batch_line_bytes = 4096;

/// Takes the operations of a batch, in order. A batch is not atomic: each line is done or refused
/// by itself, and what is done stays done. The reply has a line of JSON for each operation: the
/// envelope of the single request.
[[nodiscard]] std::unique_ptr<line_sink> open_batch(teller&, const call&, reply&);

}  // namespace coffer::api

// What tells a request from another that came with the same key.
#pragma once

#include <coffer/account_number.hpp>
#include <coffer/money.hpp>

#include "journal/record.hpp"

namespace coffer {

/// XXH3-128 of three 64-bit integers, the lowest byte first: the operation as the journal numbers
/// it, which stands for method and path; the account; the amount in minor units. It is in the
/// journal, so it stays as it is. Thread safety: a pure function.
[[nodiscard]] journal::request_fingerprint fingerprint_of(journal::posting_operation what,
                                                          account_number account,
                                                          money amount) noexcept;

}  // namespace coffer

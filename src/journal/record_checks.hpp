// Whether the parts of a record are consistent with each other, without any other record.
#pragma once

#include "journal/record.hpp"

namespace coffer::journal {

/// False for account 0 where an account was posted to, an opening that is not the first posting, an
/// amount of the wrong sign, more held than booked, a transaction whose amounts do not add up to
/// zero or that has an account twice, a hold whose amounts do not add up, and the like.
[[nodiscard]] bool is_possible(const record& one) noexcept;

}  // namespace coffer::journal

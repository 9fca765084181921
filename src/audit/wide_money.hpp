// Sums of money that 64 bits of cents may not hold.
//
// Thread safety  every function is pure.
#pragma once

#include <string>

namespace coffer::audit {

/// Cents. 2^64 accounts of 2^63 cents each do not fill it.
__extension__ using wide_minor = __int128;

/// In the form of coffer::to_string for money: "5000.0", "-99.99".
[[nodiscard]] std::string to_money_text(wide_minor amount_minor);

}  // namespace coffer::audit

// The amount in a request's body.
#pragma once

#include <string_view>

#include <coffer/money.hpp>

#include "api/problem.hpp"

namespace coffer::api {

struct amount_read {
    money amount;  ///< above zero, if there is no problem
    api::problem problem;
};

/// Reads `{"amount":100.0}`: a JSON object with exactly one member "amount", a number above zero.
/// Other members are passed over. Allocates nothing; any bytes may come in. A body nested more than
/// 512 deep, or with an exponent beyond 31 bits anywhere, is read no further, and has no amount.
[[nodiscard]] amount_read read_amount(std::string_view body);

}  // namespace coffer::api

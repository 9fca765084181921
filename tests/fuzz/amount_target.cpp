// Whatever bytes a body has, the amount that is read from it is exactly that of its digits, or the
// problem is the right one; nothing is thrown and nothing allocated.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "api/json_object.hpp"
#include "fuzz/allocations.hpp"
#include "fuzz/exact_amount.hpp"
#include "fuzz/require.hpp"

namespace {

using coffer::api::problem;
using coffer::fuzz::exact_amount;
using coffer::fuzz::require;
using kind = exact_amount::kind;

constexpr int most_deep = 512;  // as deep as the reader says that it goes

problem problem_of(kind what) {
    switch (what) {
        case kind::malformed:
            return problem::body_malformed;
        case kind::too_deep:
            return problem::amount_out_of_reach;
        case kind::missing:
            return problem::amount_missing;
        case kind::twice:
            return problem::amount_twice;
        case kind::not_a_number:
            return problem::amount_not_a_number;
        case kind::too_many_decimals:
            return problem::amount_too_many_decimals;
        case kind::out_of_range:
            return problem::amount_out_of_range;
        case kind::not_positive:
            return problem::amount_not_positive;
        case kind::value:
            break;
    }
    return problem::none;
}

struct amount_read {
    problem why;
    coffer::money amount;  // none if it is not above zero
};

amount_read read_without_allocating(std::string_view body) {
    using namespace coffer::api;
    constexpr std::array members{member{"amount", member_kind::amount}};
    const std::size_t before = coffer::fuzz::allocations();
    std::array<member_value, 1> values;
    json_room room;
    const member_problem wrong = read_object(body, members, values, room);
    const amount_read read{wrong.problem, values[0].amount};
    require(coffer::fuzz::allocations() == before, "reading an amount allocates");
    return read;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string body{reinterpret_cast<const char*>(data), size};
    const amount_read read = read_without_allocating(body);
    const exact_amount exact = coffer::fuzz::read_exactly(body, most_deep);
    const bool has_value = read.why == problem::none;
    require(has_value || read.amount == coffer::money{}, "an amount and a problem");
    if (has_value) {
        require(exact.what == kind::value, "an amount where there is none");
        require(std::to_string(read.amount.minor()) == exact.minor, "not the amount of the digits");
    } else if (read.why == problem::amount_out_of_reach && exact.what != kind::too_deep) {
        require(coffer::fuzz::has_huge_exponent(body), "out of reach for no reason");
    } else {
        require(read.why == problem_of(exact.what), "another problem than there is");
    }
    return 0;
}

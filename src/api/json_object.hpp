// Reads a JSON object by a list of its members: {"amount":100.0,"to":"10002"}. One of them may be
// an array of objects: {"postings":[{"amount":1.0},{"amount":-1.0}]}.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <coffer/account_number.hpp>
#include <coffer/money.hpp>

#include "api/problem.hpp"

namespace coffer::api {

enum class member_kind : std::uint8_t {
    amount,         ///< a number above zero, exact, of at most two decimals
    signed_amount,  ///< the same, but not zero
    balance,        ///< the same, but zero or above
    text,           ///< a string
    account,        ///< a string that is an account number
    integer,        ///< a number of digits alone, at most 2^64-1
    boolean,
    duration,  ///< a string such as 30s, above zero
    objects,   ///< an array of objects: see object_list
};

/// One member that an endpoint takes.
struct member {
    std::string_view name;
    member_kind kind;
    bool required = true;
};

/// What the object has for a member, in the field of its kind.
struct member_value {
    enum class token : std::uint8_t { none, null, number, string, boolean, array, other };

    [[nodiscard]] bool is_present() const noexcept { return found != token::none; }

    token found = token::none;  ///< what stands in the body
    bool is_repeated = false;
    bool boolean = false;
    std::string_view text{};  ///< a string, or a number's digits: in the body or in json_room
    money amount{};
    std::uint64_t integer = 0;
    account_number account = 0;
    std::chrono::nanoseconds duration{};
};

/// What the array of a member of kind `objects` has.
struct object_list {
    std::span<const member> members;  ///< of each object
    /// Those of the first object, then those of the second, and so on: as many as there is room
    /// for. read_object fills in what stands in the body; check_members checks it.
    std::span<member_value> values;
    std::size_t size = 0;     ///< how many objects the array has, with room or without
    bool has_others = false;  ///< some element is not an object

    [[nodiscard]] std::span<member_value> values_of(std::size_t object) const noexcept {
        return values.subspan(object * members.size(), members.size());
    }
};

/// Memory for strings that have escapes, with the escapes resolved; all of one object together.
struct json_room {
    std::array<char, 1024> bytes;
    std::size_t size = 0;
};

/// What is wrong with a member, or nothing. `name` is the member's, empty if it is none of those
/// asked for.
struct member_problem {
    api::problem problem = problem::none;
    std::string_view name{};
};

inline constexpr std::size_t max_members = 32;

/// Reads the members of `body` into `values`, which has one for each and is overwritten. Any bytes
/// may come in. Unknown members are ignored; a wrong value, a required member that is missing, and
/// any member that appears twice are refused, the first of them in the order of `members`, and then
/// a body that is not an object. An optional member that is null is absent. A body nested more than
/// 512 deep, or with an exponent beyond 31 bits anywhere, is refused too. `objects` is for the
/// member of kind `objects`, if there is one. Allocates nothing. Thread safety: any thread, with
/// values and a room of its own.
[[nodiscard]] member_problem read_object(std::string_view body, std::span<const member> members,
                                         std::span<member_value> values, json_room& room,
                                         object_list* objects = nullptr);

/// Checks the values of one object of an object_list, as read_object does with the outermost one's.
[[nodiscard]] member_problem check_members(std::span<const member> members,
                                           std::span<member_value> values) noexcept;

}  // namespace coffer::api

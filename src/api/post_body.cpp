#include "api/post_body.hpp"

#include <optional>

#include "journal/record.hpp"

namespace coffer::api {
namespace {

/// Nothing if what the request has is not a key.
std::optional<std::string_view> key_of(const request& asked, request_key_room& room) noexcept {
    if (asked.idempotency_keys == 0)
        return std::string_view{};
    if (asked.idempotency_keys > 1)
        return std::nullopt;
    if (asked.has_key_text)
        return journal::is_request_key(asked.idempotency_key) ? std::optional{asked.idempotency_key}
                                                              : std::nullopt;
    return read_request_key(asked.idempotency_key, room);
}

}  // namespace

bool read_members_of(const request& asked, std::span<const member> members,
                     std::span<member_value> values, object_list* objects, json_room& room,
                     reply& out) {
    if (asked.body.empty())
        return true;
    const member_problem wrong = read_object(asked.body, members, values, room, objects);
    if (wrong.problem != problem::none)
        out.refuse_parameter(wrong.problem, wrong.name);
    return wrong.problem == problem::none;
}

bool read_key_of(const request& asked, request_key_room& room, std::string_view& key, reply& out) {
    const std::optional<std::string_view> found = key_of(asked, room);
    if (!found)
        out.refuse(problem::idempotency_key_invalid);
    key = found.value_or(std::string_view{});
    return found.has_value();
}

}  // namespace coffer::api

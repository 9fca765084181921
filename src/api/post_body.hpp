// What an endpoint of a POST reads from its request: the members of the body, and the key.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "api/json_object.hpp"
#include "api/reply.hpp"
#include "api/request.hpp"
#include "engine/request_key.hpp"

namespace coffer::api {

/// Memory for the texts of a request that have escapes.
struct post_rooms {
    json_room body;
    request_key_room key;
};

/// Reads the members of the body as read_object does, and the idempotency key, empty if there is
/// none. A body that is empty has no member: the route's rules refuse it where one is due. False if
/// something is wrong: then `out` is the refusal.
[[nodiscard]] bool read_post(const request& asked, std::span<const member> members,
                             std::span<member_value> values, object_list* objects,
                             post_rooms& rooms, std::string_view& key, reply& out);

/// The body and the key of a POST whose body has so many members that matter.
template <std::size_t Count>
class post_body {
public:
    [[nodiscard]] bool read(const request& asked, const std::array<member, Count>& members,
                            reply& out, object_list* objects = nullptr) {
        return read_post(asked, members, values_, objects, rooms_, key_, out);
    }
    [[nodiscard]] const member_value& operator[](std::size_t index) const noexcept {
        return values_[index];
    }
    [[nodiscard]] std::string_view key() const noexcept { return key_; }

private:
    std::array<member_value, Count> values_;
    post_rooms rooms_;
    std::string_view key_;
};

}  // namespace coffer::api

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

/// Reads the members of the body as read_object does. A body that is empty has no member: the
/// route's rules refuse it where one is due. False if something is wrong: then `out` is the
/// refusal.
[[nodiscard]] bool read_members_of(const request& asked, std::span<const member> members,
                                   std::span<member_value> values, object_list* objects,
                                   json_room& room, reply& out);
/// Reads the idempotency key, empty if there is none. False if it is wrong, likewise.
[[nodiscard]] bool read_key_of(const request& asked, request_key_room& room, std::string_view& key,
                               reply& out);

/// The body and the key of a POST whose body has so many members that matter.
template <std::size_t Count>
class post_body {
public:
    /// Reads both; or either by itself. False if something is wrong: then `out` is the refusal.
    [[nodiscard]] bool read(const request& asked, const std::array<member, Count>& members,
                            reply& out) {
        return read_members(asked, members, out) && read_key(asked, out);
    }
    [[nodiscard]] bool read_members(const request& asked, const std::array<member, Count>& members,
                                    reply& out, object_list* objects = nullptr) {
        return read_members_of(asked, members, values_, objects, body_room_, out);
    }
    [[nodiscard]] bool read_key(const request& asked, reply& out) {
        return read_key_of(asked, key_room_, key_, out);
    }
    [[nodiscard]] const member_value& operator[](std::size_t index) const noexcept {
        return values_[index];
    }
    [[nodiscard]] std::string_view key() const noexcept { return key_; }

private:
    std::array<member_value, Count> values_;
    // For texts that have escapes.
    json_room body_room_;
    request_key_room key_room_;
    std::string_view key_;
};

}  // namespace coffer::api

#include "replication/etcd_errors.hpp"

#include <algorithm>
#include <array>

namespace coffer::replication {
namespace {

/// gRPC's codes, as far as etcd's gateway answers them.
enum grpc_code : int {
    unknown_code = 2,
    invalid_argument = 3,
    deadline_exceeded = 4,
    not_found = 5,
    permission_denied = 7,
    resource_exhausted = 8,
    failed_precondition = 9,
    out_of_range = 11,
    unimplemented = 12,
    unavailable = 14,
    unauthenticated = 16,
};

struct known_error {
    int code;
    std::string_view message;  // that it begins with
    store_error meaning;
};

/// The errors that etcd answers without having changed anything, by its rpctypes/error.go; and that
/// of no space.
constexpr std::array settled{
    known_error{resource_exhausted, "etcdserver: mvcc: database space exceeded",
                store_error::no_space},
    known_error{not_found, "etcdserver: requested lease not found", store_error::no_lease},
    known_error{out_of_range, "etcdserver: mvcc: required revision has been compacted",
                store_error::compacted},
    known_error{out_of_range, "etcdserver: ", store_error::refused},
    known_error{permission_denied, "etcdserver: permission denied", store_error::denied},
    known_error{unauthenticated, "etcdserver: invalid auth token", store_error::denied},
    known_error{invalid_argument, "etcdserver: authentication failed", store_error::denied},
    known_error{invalid_argument, "etcdserver: user name is empty", store_error::denied},
    known_error{invalid_argument, "etcdserver: revision of auth store is old", store_error::denied},
    known_error{invalid_argument, "", store_error::refused},
    known_error{failed_precondition, "etcdserver: authentication is not enabled",
                store_error::denied},
    known_error{failed_precondition, "etcdserver: user name not found", store_error::denied},
    // Of maintenance, whose errors of users etcd 3.4 gives no code.
    known_error{unknown_code, "auth: ", store_error::denied},
    // Of the library, which has not passed the request on.
    known_error{resource_exhausted, "grpc: received message larger than max", store_error::refused},
    known_error{resource_exhausted, "grpc: trying to send message larger than max",
                store_error::refused},
    known_error{unimplemented, "", store_error::refused},
};

bool is(const etcd_error& error, int code, std::string_view message) noexcept {
    return error.code == code && error.message.starts_with(message);
}

}  // namespace

store_error classify(const etcd_error& error) noexcept {
    const auto* const found = std::ranges::find_if(settled, [&error](const known_error& known) {
        return is(error, known.code, known.message);
    });
    return found == settled.end() ? store_error::unknown : found->meaning;
}

bool is_of_token(const etcd_error& error) noexcept {
    return is(error, unauthenticated, "etcdserver: invalid auth token") ||
           is(error, unknown_code, "auth: invalid auth token") ||
           is(error, invalid_argument, "etcdserver: user name is empty") ||
           is(error, unknown_code, "auth: user name is empty") ||
           is(error, invalid_argument, "etcdserver: revision of auth store is old") ||
           is(error, unknown_code, "auth: revision in header is old");
}

bool is_authentication_off(const etcd_error& error) noexcept {
    return is(error, failed_precondition, "etcdserver: authentication is not enabled");
}

bool is_of_member(const etcd_error& error) noexcept {
    return error.code == unavailable || error.code == deadline_exceeded;
}

}  // namespace coffer::replication

#include "replication/etcd_errors.hpp"

#include "catch.hpp"

using coffer::replication::classify;
using coffer::replication::etcd_error;
using coffer::replication::is_authentication_off;
using coffer::replication::is_of_member;
using coffer::replication::is_of_token;
using coffer::replication::store_error;

TEST_CASE("etcd errors: what may be carried out later is unknown", "[replication]") {
    for (const char* message : {
             "etcdserver: request timed out",
             "etcdserver: request timed out, possibly due to previous leader failure",
             "etcdserver: request timed out, possibly due to connection lost",
             "etcdserver: leader changed",
             "etcdserver: no leader",
             "etcdserver: server stopped",
             "etcdserver: unhealthy cluster",
             "transport is closing",
             "all SubConns are in TransientFailure",
         }) {
        INFO(message);
        CHECK(classify({14, message}) == store_error::unknown);
        CHECK(is_of_member({14, message}));
    }
    CHECK(classify({8, "etcdserver: too many requests"}) == store_error::unknown);
    CHECK(classify({2, "raft proposal dropped"}) == store_error::unknown);
    CHECK(classify({1, "context canceled"}) == store_error::unknown);
    CHECK(classify({4, "context deadline exceeded"}) == store_error::unknown);
    CHECK(classify({9, "etcdserver: not leader"}) == store_error::unknown);
    CHECK(classify({13, "internal"}) == store_error::unknown);
    CHECK(classify({15, "etcdserver: corrupt cluster"}) == store_error::unknown);
    CHECK(classify({0, ""}) == store_error::unknown);
}

TEST_CASE("etcd errors: what etcd refuses has its reason", "[replication]") {
    CHECK(classify({8, "etcdserver: mvcc: database space exceeded"}) == store_error::no_space);
    CHECK(classify({5, "etcdserver: requested lease not found"}) == store_error::no_lease);
    CHECK(classify({11, "etcdserver: mvcc: required revision has been compacted"}) ==
          store_error::compacted);
    CHECK(classify({11, "etcdserver: mvcc: required revision is a future revision"}) ==
          store_error::refused);
    CHECK(classify({7, "etcdserver: permission denied"}) == store_error::denied);
    CHECK(classify({3, "etcdserver: authentication failed, invalid user ID or password"}) ==
          store_error::denied);
    CHECK(classify({3, "etcdserver: request is too large"}) == store_error::refused);
    CHECK(classify({3, "etcdserver: duplicate key given in txn request"}) == store_error::refused);
    CHECK(classify({8, "grpc: received message larger than max (9 vs. 8)"}) ==
          store_error::refused);
}

TEST_CASE("etcd errors: those of a token may be mended by another", "[replication]") {
    const etcd_error no_user{3, "etcdserver: user name is empty"};
    const etcd_error bad_token{16, "etcdserver: invalid auth token"};
    const etcd_error old{3, "etcdserver: revision of auth store is old"};
    const etcd_error of_maintenance{2, "auth: invalid auth token"};
    for (const etcd_error& error : {no_user, bad_token, old, of_maintenance}) {
        CHECK(is_of_token(error));
        CHECK(classify(error) == store_error::denied);
    }
    CHECK_FALSE(is_of_token({7, "etcdserver: permission denied"}));
    CHECK_FALSE(is_of_token({2, "auth: permission denied"}));
    CHECK(classify({2, "auth: permission denied"}) == store_error::denied);
    CHECK(is_authentication_off({9, "etcdserver: authentication is not enabled"}));
}

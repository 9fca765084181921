// The interface of the store that keeps a replicated log: etcd's transactions and leases, as far as
// they are needed.
//
// etcd_client.hpp is the implementation; the tests have another in memory, which delays, reorders
// and loses requests and answers.
//
// Guarantees     A transaction is carried out whole or not at all, and is durable on a majority of
//                the store's members before it is answered. Nothing throws but std::bad_alloc, and
//                no call takes longer than its time-out and a little.
// Thread safety  Any thread may call any member.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace coffer::replication {

enum class store_error : std::uint8_t {
    none,
    /// No answer: the request may have been carried out, or may be later, or never.
    unknown,
    unavailable,  ///< it was not carried out and will not be: it has not reached any server
    /// The store's quota is used up. Most likely not carried out, but etcd 3.4 also answers this
    /// for the transaction that it carries out last.
    no_space,
    denied,     ///< not carried out: the user, the password or a permission is wrong
    no_lease,   ///< not carried out: the lease has expired or was revoked
    compacted,  ///< not carried out: what was asked for has been compacted
    refused,    ///< not carried out: for another reason, which is a bug or a wrong server
};

/// What a call returned. `value` counts only without an error.
template <class Value>
struct answer {
    Value value{};
    store_error error = store_error::none;
    std::string reason{};  ///< for people; empty without an error
    explicit operator bool() const noexcept { return error == store_error::none; }
};

struct key_value {
    std::string key;
    std::string value;
    std::int64_t create_revision = 0;  ///< of the key: 0 for one that does not exist
    std::int64_t mod_revision = 0;
    std::int64_t version = 0;  ///< how often the key was put since it was created
    std::int64_t lease = 0;    ///< 0: none
};

/// Compares a number of one key with a value. A key that does not exist has 0 for all of them.
struct comparison {
    enum class subject : std::uint8_t { create_revision, mod_revision, version };
    enum class relation : std::uint8_t { equal, greater, less, not_equal };
    std::string key;
    subject of = subject::create_revision;
    relation is = relation::equal;
    std::int64_t value = 0;
};

/// Keys from `key` up to `end`, exclusive; `key` alone where `end` is empty.
struct key_range {
    std::string key;
    std::string end{};
    std::int64_t limit = 0;  ///< 0: all of them
    bool keys_only = false;
    bool from_the_last = false;  ///< in descending order of keys
};

struct operation {
    enum class kind : std::uint8_t { put, read, remove };
    kind what = kind::read;
    key_range range{};       ///< of a put: its key alone
    std::string value{};     ///< of a put
    std::int64_t lease = 0;  ///< of a put
    [[nodiscard]] static operation put(std::string key, std::string value, std::int64_t lease = 0) {
        return {kind::put, {std::move(key)}, std::move(value), lease};
    }
    [[nodiscard]] static operation read(key_range range) { return {kind::read, std::move(range)}; }
    [[nodiscard]] static operation remove(key_range range) {
        return {kind::remove, std::move(range)};
    }
};

struct transaction {
    std::vector<comparison> compare;
    std::vector<operation> success;
    std::vector<operation> failure;
};

/// What one operation of the branch that was taken returned.
struct operation_result {
    std::vector<key_value> found;  ///< of a read
    std::int64_t count = 0;        ///< of a read: without its limit; of a removal: keys removed
};

struct transaction_result {
    bool succeeded = false;  ///< which branch was taken
    std::int64_t revision = 0;
    std::vector<operation_result> results;  ///< in the order of the branch
};

struct range_result {
    std::vector<key_value> found;
    std::int64_t count = 0;  ///< without the limit
    std::int64_t revision = 0;
};

struct granted_lease {
    std::int64_t id = 0;
    std::chrono::seconds time_to_live{0};  ///< as granted: it may be longer than was asked for
};

class key_value_store {
public:
    using timeout = std::chrono::milliseconds;

    virtual ~key_value_store() = default;

    [[nodiscard]] virtual answer<transaction_result> transact(const transaction& asked,
                                                              timeout within) = 0;
    /// Reads. Linearizable if the store works as documented, but nothing may rely on that: callers
    /// treat the result as the state at some earlier time. `may_be_old` asks one member alone.
    [[nodiscard]] virtual answer<range_result> read(const key_range& asked, timeout within,
                                                    bool may_be_old = false) = 0;

    [[nodiscard]] virtual answer<granted_lease> grant_lease(std::chrono::seconds time_to_live,
                                                            timeout within) = 0;
    /// Renews a lease once. no_lease if it has expired. Success proves nothing: etcd 3.4 also
    /// returns it for leases that were revoked.
    [[nodiscard]] virtual answer<granted_lease> keep_alive(std::int64_t lease, timeout within) = 0;
    [[nodiscard]] virtual answer<std::int64_t> revoke_lease(std::int64_t lease, timeout within) = 0;

    /// A hint only: returns when `key` has changed after `revision`, or after `within`, or at once
    /// if the store cannot watch it. False if no change is known.
    [[nodiscard]] virtual bool wait_for_change(const std::string& key, std::int64_t revision,
                                               timeout within) = 0;
};

}  // namespace coffer::replication

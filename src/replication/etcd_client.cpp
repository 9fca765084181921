#include "replication/etcd_client.hpp"

#include <algorithm>
#include <utility>

#include "replication/etcd_json.hpp"
#include "replication/etcd_members.hpp"

namespace coffer::replication {
namespace {

using std::chrono::steady_clock;

/// Of a reply that has values.
constexpr std::size_t most_values_bytes = std::size_t{32} << 20;

steady_clock::time_point deadline_of(etcd_client::timeout within) noexcept {
    return steady_clock::now() + within;
}

/// Keeps what a reply says in `found`, if it is one, and of this cluster.
template <class Reply>
auto reader_into(etcd_members& members, std::optional<Reply>& found,
                 std::optional<Reply> (*parse)(std::string_view)) {
    return [&members, &found, parse](const std::string& body) {
        found = parse(body);
        if (found)
            members.require_this_cluster(found->cluster);
        return found.has_value();
    };
}

template <class Value>
answer<Value> failure(etcd_members::outcome&& result) {
    return {{}, result.error, std::move(result.reason)};
}

bool reads(const operation& one) noexcept {
    return one.what == operation::kind::read;
}

/// A transaction that only reads may be sent again.
bool only_reads(const transaction& asked) noexcept {
    return std::ranges::all_of(asked.success, reads) && std::ranges::all_of(asked.failure, reads);
}

}  // namespace

etcd_client::etcd_client(const store_access& access)
    : members_{std::make_unique<etcd_members>(access)} {}

etcd_client::~etcd_client() = default;

answer<transaction_result> etcd_client::transact(const transaction& asked, timeout within) {
    const auto deadline = deadline_of(within);
    const std::string body = etcd_json::transaction_text(asked);
    std::optional<etcd_json::transaction_reply> found;
    auto result = members_->ask({"/v3/kv/txn", body, only_reads(asked), most_values_bytes},
                                deadline, [&](const std::string& reply) {
                                    found = etcd_json::read_transaction(reply, asked);
                                    if (found)
                                        members_->require_this_cluster(found->cluster);
                                    return found.has_value();
                                });
    if (result.error != store_error::none)
        return failure<transaction_result>(std::move(result));
    return {std::move(found->result)};
}

answer<range_result> etcd_client::read(const key_range& asked, timeout within, bool may_be_old) {
    const auto deadline = deadline_of(within);
    const std::string body = etcd_json::range_text(asked, may_be_old);
    std::optional<etcd_json::range_reply> found;
    auto result = members_->ask({"/v3/kv/range", body, true, most_values_bytes}, deadline,
                                reader_into(*members_, found, etcd_json::read_range));
    if (result.error != store_error::none)
        return failure<range_result>(std::move(result));
    return {std::move(found->result)};
}

answer<granted_lease> etcd_client::grant_lease(std::chrono::seconds time_to_live, timeout within) {
    const std::string body = R"({"TTL":")" + std::to_string(time_to_live.count()) + R"("})";
    std::optional<etcd_json::lease_reply> found;
    auto result = members_->ask({"/v3/lease/grant", body, false}, deadline_of(within),
                                reader_into(*members_, found, etcd_json::read_lease));
    if (result.error != store_error::none)
        return failure<granted_lease>(std::move(result));
    if (found->lease.id == 0 || found->lease.time_to_live.count() <= 0)
        return {{}, store_error::refused, "etcd has granted a lease without an id or a time"};
    return {found->lease};
}

answer<granted_lease> etcd_client::keep_alive(std::int64_t lease, timeout within) {
    const std::string body = R"({"ID":")" + std::to_string(lease) + R"("})";
    std::optional<etcd_json::lease_reply> found;
    auto result = members_->ask({"/v3/lease/keepalive", body, false}, deadline_of(within),
                                reader_into(*members_, found, etcd_json::read_lease));
    if (result.error != store_error::none)
        return failure<granted_lease>(std::move(result));
    if (found->lease.time_to_live.count() <= 0)
        return {{}, store_error::no_lease, "the lease has expired or was revoked"};
    return {found->lease};
}

answer<std::int64_t> etcd_client::revoke_lease(std::int64_t lease, timeout within) {
    const std::string body = R"({"ID":")" + std::to_string(lease) + R"("})";
    std::optional<etcd_json::plain_reply> found;
    auto result = members_->ask({"/v3/lease/revoke", body, false}, deadline_of(within),
                                reader_into(*members_, found, etcd_json::read_plain));
    if (result.error != store_error::none)
        return failure<std::int64_t>(std::move(result));
    return {found->revision};
}

bool etcd_client::wait_for_change(const std::string& key, std::int64_t revision, timeout within) {
    const auto deadline = deadline_of(within);
    std::int64_t first = revision + 1;
    while (true) {
        std::size_t looked_at = 0;
        etcd_json::watch_reply last{};
        const std::string body = etcd_json::watch_text(key, first);
        (void)members_->follow(
            {"/v3/watch", body, true, most_values_bytes}, deadline, [&](std::string_view text) {
                for (auto end = text.find('\n', looked_at); end != std::string_view::npos;
                     end = text.find('\n', looked_at)) {
                    last = etcd_json::read_watch_line(text.substr(looked_at, end - looked_at));
                    looked_at = end + 1;
                    if (last.line != etcd_json::watch_line::nothing)
                        return true;
                }
                return false;
            });
        if (last.line == etcd_json::watch_line::changed)
            return true;
        // What was before is forgotten; from there on it can be waited for.
        if (last.compact_revision <= first)
            return false;
        first = last.compact_revision;
    }
}

}  // namespace coffer::replication

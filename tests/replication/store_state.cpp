#include "replication/store_state.hpp"

#include <utility>

namespace coffer::test {

using namespace replication;

namespace {

std::int64_t number_of(const key_value* one, comparison::subject of) {
    if (one == nullptr)
        return 0;
    switch (of) {
        case comparison::subject::create_revision:
            return one->create_revision;
        case comparison::subject::mod_revision:
            return one->mod_revision;
        case comparison::subject::version:
            return one->version;
    }
    return 0;
}

}  // namespace

const key_value* store_state::find(const std::string& key) const {
    const auto found = keys_.find(key);
    return found == keys_.end() ? nullptr : &found->second;
}

bool store_state::holds(const comparison& one) const {
    const std::int64_t number = number_of(find(one.key), one.of);
    switch (one.is) {
        case comparison::relation::equal:
            return number == one.value;
        case comparison::relation::greater:
            return number > one.value;
        case comparison::relation::less:
            return number < one.value;
        case comparison::relation::not_equal:
            return number != one.value;
    }
    return false;
}

void store_state::change_key(const std::string& key, std::optional<key_value> now) {
    if (on_change)
        on_change({key, now});
    if (now)
        keys_[key] = std::move(*now);
    else
        keys_.erase(key);
}

void store_state::follow(const change& one, std::int64_t revision) {
    revision_ = revision;
    change_key(one.key, one.now);
}

range_result store_state::read(const key_range& asked) const {
    range_result result;
    result.revision = revision_;
    const auto begin = keys_.lower_bound(asked.key);
    const auto end =
        asked.end.empty() ? keys_.upper_bound(asked.key) : keys_.lower_bound(asked.end);
    std::vector<const key_value*> all;
    for (auto at = begin; at != end && at != keys_.end(); ++at)
        all.push_back(&at->second);
    result.count = static_cast<std::int64_t>(all.size());
    if (asked.from_the_last)
        all.assign(all.rbegin(), all.rend());
    if (asked.limit != 0 && result.count > asked.limit)
        all.resize(static_cast<std::size_t>(asked.limit));
    for (const key_value* const one : all) {
        result.found.push_back(*one);
        if (asked.keys_only)
            result.found.back().value.clear();
    }
    return result;
}

operation_result store_state::carry_out(const replication::operation& one, bool& has_changed) {
    operation_result result;
    switch (one.what) {
        case replication::operation::kind::read: {
            range_result found = read(one.range);
            result.found = std::move(found.found);
            result.count = found.count;
            break;
        }
        case replication::operation::kind::put: {
            const key_value* const before = find(one.range.key);
            key_value now{.key = one.range.key, .value = one.value};
            now.create_revision = before == nullptr ? revision_ + 1 : before->create_revision;
            now.mod_revision = revision_ + 1;
            now.version = before == nullptr ? 1 : before->version + 1;
            now.lease = one.lease;
            change_key(one.range.key, std::move(now));
            has_changed = true;
            break;
        }
        case replication::operation::kind::remove:
            for (const key_value& each : read(one.range).found) {
                change_key(each.key, std::nullopt);
                ++result.count;
                has_changed = true;
            }
    }
    return result;
}

std::optional<transaction_result> store_state::apply(const transaction& asked) {
    transaction_result result;
    result.succeeded = true;
    for (const comparison& one : asked.compare)
        result.succeeded = result.succeeded && holds(one);
    const std::vector<replication::operation>& branch =
        result.succeeded ? asked.success : asked.failure;
    for (const replication::operation& one : branch)
        if (one.lease != 0 && !has_lease(one.lease))
            return std::nullopt;
    bool has_changed = false;
    for (const replication::operation& one : branch)
        result.results.push_back(carry_out(one, has_changed));
    if (has_changed)
        ++revision_;
    result.revision = revision_;
    return result;
}

std::int64_t store_state::grant() {
    leases_[++last_lease_] = true;
    return last_lease_;
}

void store_state::revoke(std::int64_t lease) {
    if (leases_.erase(lease) == 0)
        return;
    std::vector<std::string> gone;
    for (const auto& [key, one] : keys_)
        if (one.lease == lease)
            gone.push_back(key);
    for (const std::string& key : gone)
        change_key(key, std::nullopt);
    if (!gone.empty())
        ++revision_;
}

}  // namespace coffer::test

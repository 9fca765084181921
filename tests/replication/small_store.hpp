// A store in memory that does what it is asked at once, with a size, a quota and an alarm: for
// tests of what keeps a store in order. Requests can be refused by a hook.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "replication/key_value_store.hpp"
#include "replication/store_care.hpp"

namespace coffer::replication {

/// Thread safety: any thread; what is public is for a thread that runs alone.
class small_store final : public key_value_store, public store_care {
public:
    using timeout = key_value_store::timeout;

    struct member_state {
        std::uint64_t database_bytes = 0;  // 0: what the keys have
        std::uint64_t free_bytes = 0;      // of them, what defragmenting gives back
        bool is_leader = false;
        bool answers = true;
    };

    explicit small_store(std::vector<std::string> members = {"a", "b", "c"})
        : members_{std::move(members)} {
        for (const std::string& one : members_)
            states[one] = {};
    }

    std::map<std::string, key_value> keys;
    std::int64_t revision = 1;
    std::int64_t compacted = 0;
    std::uint64_t quota_bytes = 0;
    bool alarm = false;
    std::map<std::string, member_state> states;
    std::vector<std::string> done;  // "compact 7", "defragment a", "disarm"
    /// Returns what a transaction fails with instead of being carried out.
    std::function<store_error(const transaction&)> fails = [](const transaction&) {
        return store_error::none;
    };

    void put(const std::string& key, const std::string& value) {
        key_value& one = keys[key];
        ++revision;
        one.create_revision = one.version == 0 ? revision : one.create_revision;
        one.mod_revision = revision;
        ++one.version;
        one.key = key;
        one.value = value;
    }

    /// So many bytes of the member can be given back from now on.
    void give_back(const std::string& member, std::uint64_t bytes) {
        const std::lock_guard lock{mutex_};
        states.at(member).free_bytes = bytes;
    }

    answer<transaction_result> transact(const transaction& asked, timeout) override {
        const std::lock_guard lock{mutex_};
        if (const store_error error = fails(asked); error != store_error::none)
            return {.value = {}, .error = error, .reason = "as planned"};
        transaction_result made;
        made.succeeded = std::ranges::all_of(asked.compare,
                                             [this](const comparison& one) { return holds(one); });
        const auto& branch = made.succeeded ? asked.success : asked.failure;
        if (alarm && std::ranges::any_of(branch, [](const operation& one) {
                return one.what == operation::kind::put;
            }))
            return {.value = {}, .error = store_error::no_space, .reason = "the quota"};
        for (const operation& one : branch)
            made.results.push_back(perform(one));
        made.revision = revision;
        return {.value = std::move(made)};
    }

    answer<range_result> read(const key_range& asked, timeout, bool) override {
        const std::lock_guard lock{mutex_};
        range_result found;
        found.found = find(asked, found.count);
        found.revision = revision;
        return {.value = std::move(found)};
    }

    answer<granted_lease> grant_lease(std::chrono::seconds, timeout) override { return {}; }
    answer<granted_lease> keep_alive(std::int64_t, timeout) override { return {}; }
    answer<std::int64_t> revoke_lease(std::int64_t, timeout) override { return {}; }
    bool wait_for_change(const std::string&, std::int64_t, timeout) override { return false; }

    const std::vector<std::string>& members() const noexcept override { return members_; }

    answer<store_size> size_of(const std::string& member, timeout) override {
        const std::lock_guard lock{mutex_};
        const member_state& one = states.at(member);
        if (!one.answers)
            return {.value = {}, .error = store_error::unavailable, .reason = "as planned"};
        return {.value = {.database_bytes = one.database_bytes,
                          .used_bytes = one.database_bytes - one.free_bytes,
                          .quota_bytes = quota_bytes,
                          .is_leader = one.is_leader}};
    }

    store_error compact(std::int64_t until, timeout) override {
        const std::lock_guard lock{mutex_};
        compacted = until;
        done.push_back("compact");
        return store_error::none;
    }

    store_error defragment(const std::string& member, timeout) override {
        const std::lock_guard lock{mutex_};
        member_state& one = states.at(member);
        if (!one.answers)
            return store_error::unavailable;
        one.database_bytes -= one.free_bytes;
        one.free_bytes = 0;
        done.push_back("defragment " + member);
        return store_error::none;
    }

    answer<bool> has_space_alarm(timeout) override {
        const std::lock_guard lock{mutex_};
        return {.value = alarm};
    }

    store_error disarm_space_alarm(timeout) override {
        const std::lock_guard lock{mutex_};
        alarm = false;
        done.emplace_back("disarm");
        return store_error::none;
    }

private:
    [[nodiscard]] bool holds(const comparison& one) const {
        const auto found = keys.find(one.key);
        const key_value value = found == keys.end() ? key_value{} : found->second;
        const std::int64_t has = one.of == comparison::subject::create_revision
                                     ? value.create_revision
                                 : one.of == comparison::subject::mod_revision ? value.mod_revision
                                                                               : value.version;
        switch (one.is) {
            case comparison::relation::equal:
                return has == one.value;
            case comparison::relation::greater:
                return has > one.value;
            case comparison::relation::less:
                return has < one.value;
            case comparison::relation::not_equal:
                return has != one.value;
        }
        return false;
    }

    [[nodiscard]] std::vector<key_value> find(const key_range& asked, std::int64_t& count) const {
        std::vector<key_value> found;
        for (const auto& [key, value] : keys)
            if (asked.end.empty() ? key == asked.key : key >= asked.key && key < asked.end)
                found.push_back(value);
        count = static_cast<std::int64_t>(found.size());
        if (asked.from_the_last)
            std::ranges::reverse(found);
        if (asked.limit != 0 && count > asked.limit)
            found.resize(static_cast<std::size_t>(asked.limit));
        if (asked.keys_only)
            for (key_value& one : found)
                one.value.clear();
        return found;
    }

    operation_result perform(const operation& one) {
        operation_result made;
        if (one.what == operation::kind::put) {
            put(one.range.key, one.value);
            return made;
        }
        auto found = find(one.range, made.count);
        if (one.what == operation::kind::read) {
            made.found = std::move(found);
            return made;
        }
        if (!found.empty())
            ++revision;
        for (const key_value& each : found)
            keys.erase(each.key);
        return made;
    }

    std::mutex mutex_;
    std::vector<std::string> members_;
};

}  // namespace coffer::replication

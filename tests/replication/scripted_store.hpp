// A store in memory that answers at once, and loses what a test asks it to lose. For tests of one
// node; simulated_store.hpp is for many.
#pragma once

#include <deque>
#include <functional>
#include <mutex>
#include <string>

#include "replication/key_value_store.hpp"
#include "replication/store_state.hpp"

namespace coffer::test {

/// What becomes of a transaction.
enum class delivery : std::uint8_t {
    answered,
    answer_lost,       ///< carried out, and `unknown`
    request_lost,      ///< `unknown`
    delayed,           ///< `unknown`, and carried out by deliver()
    not_sent,          ///< `unavailable`
    full,              ///< `no_space`, and not carried out
    full_but_carried,  ///< `no_space`, and carried out all the same
    refused,
};

class scripted_store final : public replication::key_value_store {
public:
    store_state state;
    /// What becomes of the next transactions; answered where it is empty.
    std::deque<delivery> next;
    /// Called before each transaction is carried out or lost.
    std::function<void(const replication::transaction&)> on_transaction;
    int transactions = 0;
    int kept_alive = 0;

    [[nodiscard]] replication::answer<replication::transaction_result> transact(
        const replication::transaction& asked, timeout) override {
        using replication::store_error;
        if (on_transaction)
            on_transaction(asked);
        ++transactions;
        const delivery how = next.empty() ? delivery::answered : next.front();
        if (!next.empty())
            next.pop_front();
        switch (how) {
            case delivery::answered:
                break;
            case delivery::answer_lost:
                static_cast<void>(state.apply(asked));
                return {{}, store_error::unknown, "no answer"};
            case delivery::delayed:
                delayed_.push_back(asked);
                return {{}, store_error::unknown, "no answer"};
            case delivery::request_lost:
                return {{}, store_error::unknown, "no answer"};
            case delivery::not_sent:
                return {{}, store_error::unavailable, "no connection"};
            case delivery::full_but_carried:
                static_cast<void>(state.apply(asked));
                return {{}, store_error::no_space, "full"};
            case delivery::full:
                return {{}, store_error::no_space, "full"};
            case delivery::refused:
                return {{}, store_error::refused, "too large"};
        }
        const auto done = state.apply(asked);
        if (!done)
            return {{}, store_error::no_lease, "no such lease"};
        return {*done};
    }
    void deliver() {
        for (const auto& one : std::exchange(delayed_, {}))
            static_cast<void>(state.apply(one));
    }
    [[nodiscard]] replication::answer<replication::range_result> read(
        const replication::key_range& asked, timeout, bool) override {
        return {old_ ? old_->read(asked) : state.read(asked)};
    }
    /// From now on reads return what there is now; until be_current.
    void be_old() {
        old_.emplace(state);
        old_->on_change = nullptr;
    }
    void be_current() { old_.reset(); }

    [[nodiscard]] replication::answer<replication::granted_lease> grant_lease(
        std::chrono::seconds time_to_live, timeout) override {
        return {{state.grant(), time_to_live}};
    }
    [[nodiscard]] replication::answer<replication::granted_lease> keep_alive(std::int64_t lease,
                                                                             timeout) override {
        ++kept_alive;
        return {{lease, std::chrono::seconds{3}}};
    }
    [[nodiscard]] replication::answer<std::int64_t> revoke_lease(std::int64_t lease,
                                                                 timeout) override {
        state.revoke(lease);
        return {lease};
    }
    [[nodiscard]] bool wait_for_change(const std::string&, std::int64_t, timeout) override {
        return true;
    }

private:
    std::vector<replication::transaction> delayed_;
    std::optional<store_state> old_;
};

}  // namespace coffer::test

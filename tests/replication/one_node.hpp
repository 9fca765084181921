// One node of a replicated ledger over a store in memory, with a clock that a test sets.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "catch.hpp"
#include "engine/leadership.hpp"
#include "journal/memory_log.hpp"
#include "replication/begin_log.hpp"
#include "replication/campaign.hpp"
#include "replication/log_reader.hpp"
#include "replication/replicated_log.hpp"
#include "replication/scripted_store.hpp"

namespace coffer::test {

inline const replication::log_keys bank{"bank"};
inline constexpr ledger_id bank_ledger{std::byte{7}, std::byte{42}};
inline constexpr replication::key_value_store::timeout within{100};

/// A batch of one opening, for a log that ends at `before`.
class opening_batch {
public:
    explicit opening_batch(const journal::batch_position& before) {
        std::byte bytes[journal::format::record::max_bytes];
        const coffer::posting made{before.next_record, 1, money::from_minor(100)};
        builder_.add(
            std::span{bytes}.first(journal::encode(journal::record::of_opening(made), bytes)));
        view = builder_.seal(before, {before.time_ns + 1, before.running_ns + 1});
    }
    journal::batch_view view;

private:
    journal::batch_builder builder_;
};

class one_node {
public:
    explicit one_node(scripted_store& in, std::string called = "a")
        : store{in},
          name{std::move(called)},
          batches{std::make_shared<memory_batches>(bank_ledger,
                                                   replication::first_position(bank_ledger))},
          files{batches} {
        REQUIRE(begin_log(store, bank, bank_ledger, name, within).value == bank_ledger);
    }

    scripted_store& store;
    const std::string name;
    std::chrono::milliseconds read_lease{1000};
    std::shared_ptr<memory_batches> batches;
    memory_log files;
    leadership rights;
    std::chrono::nanoseconds now{1'000'000'000'000};
    std::chrono::nanoseconds slept{0};

    [[nodiscard]] replication::log_reader reader() { return {store, bank, bank_ledger, within}; }
    [[nodiscard]] replication::campaign standing() {
        return {store,
                bank,
                {.node = name,
                 .url = "http://" + name,
                 .ledger = bank_ledger,
                 .read_lease = read_lease,
                 .within = within,
                 .boottime = [this] { return now; }}};
    }
    /// Copies what is in the log, and takes over.
    replication::won_term take_over() {
        auto from = reader();
        REQUIRE(from.find(files.tail()) == replication::store_error::none);
        auto to = standing();
        REQUIRE(to.stand().value);
        for (;;) {
            const auto entries = from.next();
            if (entries.value.empty())
                break;
            for (const auto& one : entries.value)
                if (has_batch(one.kind)) {
                    REQUIRE(files.append(journal::check_batch(one.batch).value));
                    REQUIRE(files.wait_durable());
                }
        }
        const auto won = to.append_barrier(from.now());
        REQUIRE(won.value);
        rights.become(node_role::leader);
        return *won.value;
    }
    [[nodiscard]] std::unique_ptr<replication::replicated_log> lead(
        const replication::won_term& won) {
        return std::make_unique<replication::replicated_log>(
            store, bank, files, rights,
            replication::replicated_log::settings{.node = name,
                                                  .term = won,
                                                  .read_lease = read_lease,
                                                  .within = within,
                                                  .boottime = [this] { return now; },
                                                  .sleep =
                                                      [this](std::chrono::nanoseconds time) {
                                                          now += time;
                                                          slept += time;
                                                      },
                                                  .syncs_in_background = false});
    }
};

/// The leader's key is lost, as by a lease that ends.
inline void lose_key(scripted_store& store) {
    store.state.revoke(store.state.find(bank.leader())->lease);
}

/// How many entries the log has.
[[nodiscard]] inline std::int64_t entries_in(scripted_store& store) {
    return store.state.read(bank.entries(0)).count;
}

}  // namespace coffer::test

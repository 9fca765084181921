#include "command/replicated_serve.hpp"

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "api/problem_messages.hpp"
#include "command/banner.hpp"
#include "command/replicated_life.hpp"
#include "command/replication_options.hpp"
#include "command/serving.hpp"
#include "engine/data_directory.hpp"
#include "engine/first_start.hpp"
#include "ops/log.hpp"
#include "ops/service_manager.hpp"
#include "ops/stopping.hpp"
#include "replication/begin_log.hpp"
#include "replication/etcd_client.hpp"
#include "replication/log_keys.hpp"
#include "replication/node_download.hpp"
#include "replication/node_identity.hpp"

namespace coffer::command {
namespace {

using replication::node_identity;

constexpr std::chrono::milliseconds after_a_failure{200};
constexpr std::chrono::seconds between_warnings{10};
constexpr std::chrono::seconds for_other_nodes{3};      // to take over from one that does not lead
constexpr std::chrono::milliseconds for_a_front{2000};  // at a change of role

/// Other nodes answer what is asked of them from another machine, or where they have tokens, to who
/// has a token of scope admin alone.
void warn_without_node_token(const serve_options& options) {
    const replication::replication_options& replicated = options.replication;
    if (!replicated.token_file.empty() ||
        (options.access.tokens.empty() && is_url_of_this_machine(replicated.advertise)))
        return;
    log::warn(
        "without --node-token no other node gives this one what etcd has no longer: once it has "
        "been away for too long it cannot catch up");
}

/// A node, over all its roles.
class replicated_node {
public:
    replicated_node(const serve_options& options, signal_watch& signals)
        : options_{options},
          signals_{signals},
          limits_{fitted_limits(options)},
          directory_{options.data},
          store_{options.replication.store},
          rights_{node_role::standby},
          addresses_{options.listen} {
        rights_.set_name(options.replication.node);
    }

    void run() {
        signals_.reload_with([this] {
            const std::lock_guard lock{guard_};
            return life_ == nullptr || life_->reload();
        });
        const ends_of_signals at_the_end{signals_};
        while (live_once())
            ;
    }

private:
    struct ends_of_signals {
        signal_watch& signals;
        ~ends_of_signals() {
            signals.withdraw_orders();
            signals.reload_with({});
        }
    };

    /// The life that signals are for.
    class current_life {
    public:
        current_life(replicated_node& node, replicated_life& one) : node_{node} { set(&one); }
        ~current_life() { set(nullptr); }
        current_life(const current_life&) = delete;
        current_life& operator=(const current_life&) = delete;

    private:
        void set(replicated_life* one) {
            const std::lock_guard lock{node_.guard_};
            node_.life_ = one;
        }
        replicated_node& node_;
    };

    /// Begins as a standby, and perhaps leads. Returns whether it is to begin again.
    bool live_once() {
        replicated_life now{{.options = options_,
                             .limits = limits_,
                             .directory = directory_,
                             .store = store_,
                             .care = store_,
                             .rights = rights_,
                             .addresses = addresses_,
                             .is_stopping = is_stopping_,
                             .stand_not_before = stand_not_before_}};
        const current_life current{*this, now};
        now.listen(has_served_ ? for_a_front : std::chrono::milliseconds{0});
        addresses_ = now.addresses();
        if (!identity_) {
            store_.require_one_cluster(options_.replication.request_timeout);
            identity_ = identify(now.files());
        }
        const std::string from = recover(now);
        if (!std::exchange(has_served_, true))
            begin_to_serve(now, from);
        const replicated_life::end how = now.serve(*identity_);
        using end = replicated_life::end;
        if (how == end::stepped_down || how == end::gave_up)
            stand_not_before_ = std::chrono::steady_clock::now() + for_other_nodes;
        return how != replicated_life::end::stopped && !is_stopping_;
    }

    std::string recover(replicated_life& now) {
        is_recovering_ = true;
        if (is_stopping_)
            stopping::request();
        std::string from = now.open();
        is_recovering_ = false;
        return from;
    }

    void begin_to_serve(replicated_life& now, const std::string& from) {
        signals_.give({limits_.drain_grace,
                       [this] {
                           const std::lock_guard lock{guard_};
                           if (life_ != nullptr)
                               life_->engine().retire();
                       },
                       [this] {
                           tell_service_manager("STOPPING=1");
                           is_stopping_ = true;
                           if (is_recovering_)
                               stopping::request();
                       }});
        print_banner({options_, limits_, addresses_, now.engine().ledger().size(), from});
        tell_service_manager("READY=1");
    }

    /// Finds out whose copy the directory is, and begins one where it is empty.
    node_identity identify(replication::local_files& files) {
        const std::string& ledger = options_.replication.ledger;
        const bool has_log = files.store->has_log();
        auto found = replication::require_copy_of(directory_.path(), ledger, has_log);
        if (has_log) {
            try {
                replication::mark_journal(directory_.path(), *found);
            } catch (const std::exception& error) {
                log::warn("{}: the journal is not marked as a copy", error.what());
            }
            return *found;
        }
        require_no_snapshots(directory_.snapshots());
        // Without a journal nothing is left of what this node has reported as synced.
        const node_identity one{ledger, found ? found->id : begin_log(),
                                replication::random_incarnation()};
        replication::write_identity(directory_.path(), one);
        files.store->create_copy(one.id)->publish();
        replication::mark_journal(directory_.path(), one);
        return one;
    }

    ledger_id begin_log() {
        const replication::replication_options& asked = options_.replication;
        std::chrono::steady_clock::time_point warn_again{};
        for (;;) {
            stopping::check();
            const auto begun = replication::begin_log(store_, replication::log_keys{asked.ledger},
                                                      replication::random_ledger(), asked.node,
                                                      asked.request_timeout);
            if (begun)
                return begun.value;
            if (const auto now = std::chrono::steady_clock::now(); now >= warn_again) {
                warn_again = now + between_warnings;
                log::warn("etcd does not answer, and this directory is empty: {}", begun.reason);
            }
            std::this_thread::sleep_for(after_a_failure);
        }
    }

    const serve_options& options_;
    signal_watch& signals_;
    const http::limits limits_;
    const data_directory directory_;
    replication::etcd_client store_;
    leadership rights_;
    http::listen_plan addresses_;  // with the ports that the system chose
    std::optional<node_identity> identity_;
    bool has_served_ = false;
    std::chrono::steady_clock::time_point stand_not_before_{};
    std::atomic<bool> is_stopping_{false};
    std::atomic<bool> is_recovering_{false};
    std::mutex guard_;
    replicated_life* life_ = nullptr;  // under the mutex
};

}  // namespace

void serve_replicated(const serve_options& options, signal_watch& signals) {
    api::name_etcd_in_messages(true);
    warn_without_node_token(options);
    // It is read again where it is used: a file that cannot be read would be found then alone.
    static_cast<void>(replication::read_node_token(options.replication.token_file));
    replicated_node{options, signals}.run();
}

}  // namespace coffer::command

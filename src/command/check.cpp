#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "command/commands.hpp"
#include "command/output.hpp"
#include "command/serve_options.hpp"
#include "engine/directory_check.hpp"
#include "engine/initial_accounts.hpp"
#include "http/address_check.hpp"
#include "ops/log.hpp"
#include "replication/etcd_client.hpp"
#include "replication/node_download.hpp"
#include "replication/node_identity.hpp"

namespace coffer::command {
namespace {

/// What is checked, one line each: "fault  address        127.0.0.1:5000: in use".
class checklist {
public:
    void note_right(std::string_view item, std::string_view what) { line("ok", item, what); }
    /// Held by a server that runs: right once that has ended.
    void note_in_use(std::string_view item, std::string_view what) {
        ++in_use_;
        line("in use", item, what);
    }
    void note_fault(std::string_view item, std::string_view what) {
        ++faults_;
        line("fault", item, what);
    }
    /// Runs a check that throws std::exception for a fault.
    void run(std::string_view item, const std::function<void()>& check) {
        try {
            check();
        } catch (const std::exception& fault) {
            note_fault(item, fault.what());
        }
    }

    /// Prints the result. Returns the exit status.
    [[nodiscard]] int finish() {
        if (faults_ != 0)
            out_.write("check: would not start, " + std::to_string(faults_) +
                       (faults_ == 1 ? " fault\n" : " faults\n"));
        else if (in_use_ != 0)
            out_.write("check: would start, once the server that runs has ended\n");
        else
            out_.write("check: would start\n");
        out_.finish();
        return faults_ == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
    }

private:
    void line(std::string_view state, std::string_view item, std::string_view what) {
        constexpr std::size_t item_at = 8;
        constexpr std::size_t what_at = 23;
        std::string text{state};
        text.resize(item_at, ' ');
        text += item;
        text.resize(what_at, ' ');
        text += what;
        text += '\n';
        out_.write(text);
    }

    output out_;
    unsigned faults_ = 0;
    unsigned in_use_ = 0;
};

using state = directory_findings::state;

/// Returns what state it is in; nothing if a server would not start on it.
std::optional<state> check_data(checklist& list, const serve_options& options) {
    std::optional<state> found;
    list.run("data", [&] {
        const directory_findings read =
            check_directory(options.data, options.durability.key_time_to_live);
        const std::string name = options.data.string() + ": ";
        if (read.now == state::absent)
            list.note_right("data", name + "will be made");
        else if (read.now == state::empty)
            list.note_right("data", name + "will begin a ledger");
        else if (read.now == state::ledger)
            list.note_right("data", name + read.what);
        else
            list.note_in_use(
                "data", name + "a server runs on it" + (read.what.empty() ? "" : ": " + read.what));
        found = read.now;
    });
    return found;
}

void check_replication(checklist& list, const serve_options& options, std::optional<state> data) {
    const replication::replication_options& asked = options.replication;
    list.run("replication", [&] {
        if (!asked.is_replicated()) {
            if (!options.in_memory)
                replication::require_no_copy_of_ledger(options.data);
            return;
        }
        const bool has_journal = data == state::ledger || data == state::in_use;
        static_cast<void>(replication::require_copy_of(options.data, asked.ledger, has_journal));
        static_cast<void>(replication::etcd_client{asked.store});  // reads its files
        static_cast<void>(replication::read_node_token(asked.token_file));
        list.note_right("replication", "node '" + asked.node + "' of '" + asked.ledger + "', by " +
                                           asked.store.urls.front());
    });
}

void check_accounts(checklist& list, const serve_options& options, std::optional<state> data) {
    if (data == state::ledger || data == state::in_use) {
        if (!options.accounts.empty())
            list.note_right("accounts", "not read: the data directory has its own");
        return;
    }
    list.run("accounts", [&] {
        const initial_accounts accounts = initial_accounts::named(options.accounts);
        const std::size_t count = accounts.open_in_memory()->size();
        list.note_right("accounts", std::to_string(count) + ", " + accounts.origin());
    });
}

void check_addresses(checklist& list, const http::listen_plan& plan, std::optional<state> data) {
    std::vector<http::listen_address> all = plan.everyone;
    all.insert(all.end(), plan.operators.begin(), plan.operators.end());
    for (auto at = all.begin(); at != all.end(); ++at) {
        const http::listen_address& where = *at;
        const std::error_code why = http::why_not_listen(where);
        const std::string name = to_string(where);
        // A server listens at each of them at once.
        const auto other = std::find_if(all.begin(), at, [&where](const http::listen_address& one) {
            return http::is_same_place(one, where);
        });
        if (other != at)
            list.note_fault("address", name + ": is taken by " + to_string(*other));
        else if (!why)
            list.note_right("address", name);
        else if (why == std::errc::address_in_use && data == state::in_use)
            list.note_in_use("address", name + ": in use");
        else
            list.note_fault("address", name + ": " + why.message());
    }
}

void check_certificate(checklist& list, const http::tls_files& files) {
    if (files.certificate.empty())
        return;
    list.run("certificate", [&] {
        static_cast<void>(http::tls_context{files});
        list.note_right("certificate", files.certificate.string());
    });
}

void check_tokens(checklist& list, const std::filesystem::path& file) {
    if (file.empty())
        return;
    list.run("tokens", [&] {
        const std::size_t count = read_tokens(file).size();
        list.note_right("tokens", std::to_string(count) + ", from " + file.string());
    });
}

int check(const serve_options& options, const std::string& refusal) {
    log::start();
    checklist list;
    const std::string from = options.config.empty() ? "no file" : options.config;
    if (!refusal.empty()) {
        list.note_fault("configuration", refusal);
        return list.finish();
    }
    list.note_right("configuration", from);
    std::optional<state> data;
    if (options.in_memory)
        list.note_right("data", "none is kept");
    else
        data = check_data(list, options);
    check_replication(list, options, data);
    check_accounts(list, options, data);
    check_addresses(list, options.listen, data);
    check_certificate(list, options.tls);
    check_tokens(list, options.access.tokens);
    return list.finish();
}

}  // namespace

subcommand add_check(CLI::App& app) {
    struct parsed {
        serve_options options;
        std::string refusal;  ///< why the flags do not fit, or their file cannot be read
    };
    const auto chosen = std::make_shared<parsed>();
    CLI::App* const parser = app.add_subcommand(
        "check",
        "Find out whether a server would start, by the flags of serve, and change nothing: exit "
        "status 0 if it would, 1 with the faults if not");
    add_serve_options(*parser, chosen->options);
    for (CLI::Option* const one : parser->get_options())
        one->group("");  // shown by serve
    parser->parse_complete_callback([parser, chosen] {
        try {
            finish_serve_options(*parser, chosen->options);
        } catch (const CLI::ParseError& wrong) {
            chosen->refusal = wrong.what();
        }
    });
    return {parser, [chosen] { return check(chosen->options, chosen->refusal); }};
}

}  // namespace coffer::command

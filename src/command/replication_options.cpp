#include "command/replication_options.hpp"

#include <CLI/CLI.hpp>
#include <chrono>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "command/parsed_option.hpp"
#include "ops/byte_size.hpp"
#include "ops/duration.hpp"
#include "replication/log_keys.hpp"
#include "replication/store_url.hpp"

namespace coffer::command {
namespace {

using replication::replication_options;
using replication::store_access;

constexpr const char* group = "Replication";

/// What is behind the scheme; empty if there is none, or nothing behind it.
std::string_view authority_of(std::string_view url) noexcept {
    for (const std::string_view scheme : {"http://", "https://"})
        if (url.starts_with(scheme))
            return url.substr(scheme.size());
    return {};
}

CLI::Option* add_name(CLI::App& serve, const std::string& flag, std::string& into) {
    const auto parse = [](const std::string& text) {
        return replication::is_node_name(text) ? std::optional{text} : std::nullopt;
    };
    return add_parsed(serve, flag, into, parse,
                      "a name: 1 to 64 letters, digits, dots, dashes and underscores");
}

CLI::Option* add_file(CLI::App& command, const std::string& flag, std::filesystem::path& into) {
    return command
        .add_option_function<std::string>(
            flag,
            [&into](const std::string& file) {
                if (file.empty())
                    throw CLI::ValidationError{"the name of the file is empty"};
                into = file;
            })
        ->type_name("FILE")
        ->group(group);
}

std::optional<std::chrono::milliseconds> parse_read_lease(std::string_view text) {
    const auto given = parse_duration(text);
    return given && *given >= std::chrono::milliseconds{100} && *given <= std::chrono::seconds{60}
               ? std::optional{std::chrono::ceil<std::chrono::milliseconds>(*given)}
               : std::nullopt;
}

CLI::Option* add_urls(CLI::App& serve, store_access& into) {
    const auto set = [&into](const std::vector<std::string>& urls) {
        into.urls.clear();
        for (const std::string& url : urls) {
            if (!is_url(url))
                throw CLI::ValidationError{"'" + url +
                                           "' is not a URL, as in http://127.0.0.1:2379"};
            into.urls.push_back(url);
        }
    };
    return serve.add_option_function<std::vector<std::string>>("--replicate", set)
        ->type_name("URL")
        ->description(
            "Keep the journal in this etcd cluster: the URLs of its members; may be given several "
            "times, or several with commas [not replicated]")
        ->allow_extra_args(false)
        ->delimiter(',')
        ->envname("COFFER_REPLICATE")
        ->group(group);
}

CLI::Option* add_ledger(CLI::App& command, replication_options& into) {
    return add_name(command, "--ledger", into.ledger)
        ->type_name("NAME")
        ->description("The ledger's name in etcd")
        ->envname("COFFER_LEDGER")
        ->group(group);
}

void add_token(CLI::App& command, replication_options& into) {
    add_file(command, "--node-token", into.token_file)
        ->description("File with a token of scope admin, for the other nodes [none]")
        ->envname("COFFER_NODE_TOKEN");
}

void add_authorities(CLI::App& command, store_access& into) {
    add_file(command, "--etcd-ca", into.ca_file)
        ->description(
            "File of the authorities that sign etcd's and the other nodes' certificates [the "
            "system's]")
        ->envname("COFFER_ETCD_CA");
}

void add_names(CLI::App& serve, replication_options& into) {
    add_ledger(serve, into);
    add_name(serve, "--node", into.node)
        ->type_name("NAME")
        ->description("This node's name, which no other node of the ledger has")
        ->envname("COFFER_NODE")
        ->group(group);
    const auto parse_url = [](const std::string& text) {
        return is_url(text) ? std::optional{text} : std::nullopt;
    };
    add_parsed(serve, "--advertise", into.advertise, parse_url, "a URL, as in http://10.0.0.5:5000")
        ->type_name("URL")
        ->description("Where clients and other nodes reach this node")
        ->envname("COFFER_ADVERTISE")
        ->group(group);
}

void add_rights(CLI::App& serve, replication_options& into) {
    add_parsed(serve, "--read-lease", into.read_lease, parse_read_lease,
               "a duration from 100ms to 60s, as in 500ms or 1s")
        ->type_name("DURATION")
        ->description("For how long a leader answers after etcd has last confirmed it [1s]")
        ->envname("COFFER_READ_LEASE")
        ->group(group);
    serve
        .add_flag("--read-barrier", into.read_barrier,
                  "Confirm by a write to etcd before each answer, and trust no clock")
        ->envname("COFFER_READ_BARRIER")
        ->group(group);
}

void add_sizes(CLI::App& serve, replication_options& into) {
    const auto parse = [](std::string_view text) { return parse_size(text); };
    add_parsed(serve, "--replicated-tail", into.tail_bytes, parse,
               "a size, as in 65536, 64KiB or 256MiB")
        ->type_name("SIZE")
        ->description("How much of the journal stays in etcd at least [256MiB]")
        ->envname("COFFER_REPLICATED_TAIL")
        ->group(group);
    add_parsed(serve, "--etcd-quota", into.quota_bytes, parse, "a size, as in 65536, 64KiB or 2GiB")
        ->type_name("SIZE")
        ->description("etcd's quota [what etcd reports]")
        ->envname("COFFER_ETCD_QUOTA")
        ->group(group);
}

}  // namespace

bool is_url(std::string_view text) {
    const std::string_view authority = authority_of(text);
    const bool has_port =
        authority.find(':') != std::string_view::npos && !authority.ends_with(']');
    if (authority.ends_with('/'))
        return false;
    try {
        static_cast<void>(
            replication::parse_store_url(std::string{text} + (has_port ? "" : ":80")));
        return true;
    } catch (const std::invalid_argument&) {
        return false;
    }
}

bool is_url_of_this_machine(std::string_view url) noexcept {
    const std::string_view authority = authority_of(url);
    return authority.starts_with("127.") || authority.starts_with("[::1]") ||
           authority.substr(0, authority.find(':')) == "localhost";
}

void add_store_options(CLI::App& command, store_access& into) {
    command.add_option("--etcd-user", into.user, "The user at etcd [none]")
        ->type_name("NAME")
        ->envname("COFFER_ETCD_USER")
        ->group(group);
    add_file(command, "--etcd-password-file", into.password_file)
        ->description("File whose first line is that user's password")
        ->envname("COFFER_ETCD_PASSWORD_FILE");
    add_authorities(command, into);
    add_file(command, "--etcd-cert", into.cert_file)
        ->description("File of the certificate to show to etcd [none]")
        ->envname("COFFER_ETCD_CERT");
    add_file(command, "--etcd-key", into.key_file)
        ->description("File of that certificate's key")
        ->envname("COFFER_ETCD_KEY");
}

void add_ledger_options(CLI::App& command, replication_options& into) {
    add_urls(command, into.store)->required();
    add_ledger(command, into)->required();
    add_store_options(command, into.store);
}

void add_node_access(CLI::App& command, replication_options& into) {
    add_ledger(command, into)->required();
    add_token(command, into);
    add_authorities(command, into.store);
}

void add_replication_options(CLI::App& serve, replication_options& into) {
    add_urls(serve, into.store);
    add_names(serve, into);
    add_rights(serve, into);
    add_sizes(serve, into);
    add_token(serve, into);
    add_store_options(serve, into.store);
}

void check_replication_options(const replication_options& parsed, bool in_memory) {
    if (!parsed.is_replicated()) {
        if (!parsed.ledger.empty() || !parsed.node.empty() || !parsed.advertise.empty())
            throw CLI::ValidationError{"--replicate",
                                       "is missing, and --ledger, --node or --advertise is given"};
        return;
    }
    if (in_memory)
        throw CLI::ValidationError{"--in-memory", "keeps nothing, and --replicate is given"};
    for (const auto& [name, value] : {std::pair{"--ledger", &parsed.ledger},
                                      {"--node", &parsed.node},
                                      {"--advertise", &parsed.advertise}})
        if (value->empty())
            throw CLI::ValidationError{name, "is needed with --replicate"};
    if (parsed.store.user.empty() != parsed.store.password_file.empty())
        throw CLI::ValidationError{"--etcd-user", "and --etcd-password-file need each other"};
    if (parsed.store.cert_file.empty() != parsed.store.key_file.empty())
        throw CLI::ValidationError{"--etcd-cert", "and --etcd-key need each other"};
}

}  // namespace coffer::command

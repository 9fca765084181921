#include "load/options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>

#include "command/parsed_option.hpp"
#include "ops/duration.hpp"

namespace coffer::load {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_connections = 20'000;
constexpr std::size_t most_pipelined = 1024;
constexpr std::size_t most_threads = 256;
constexpr double most_rate = 1e8;
constexpr std::chrono::hours most_duration{30 * 24};

using command::add_parsed;

/// Reads a duration of whole milliseconds, as parse_duration does.
std::optional<std::int64_t> parse_duration_ms(std::string_view text) {
    const auto duration = parse_duration(text);
    const auto whole = std::chrono::floor<std::chrono::milliseconds>(duration.value_or(0us));
    if (!duration || whole != *duration || whole > most_duration)
        return std::nullopt;
    return whole.count();
}

void add_duration(CLI::App& app, const std::string& name, std::int64_t& into_ms,
                  std::int64_t least_ms, const std::string& description) {
    add_parsed(
        app, name, into_ms,
        [least_ms](const std::string& text) {
            const auto parsed = parse_duration_ms(text);
            return parsed && *parsed >= least_ms ? parsed : std::nullopt;
        },
        "a duration, as in 500ms, 10s, 5m, 1h")
        ->description(description)
        ->type_name("DURATION");
}

void add_load(CLI::App& app, options& into) {
    add_parsed(app, "--url", into.targets, parse_urls, "a URL, as in http://127.0.0.1:5000")
        ->description(
            "The server, or nodes of one replicated ledger with commas between them: the "
            "connections go where it is led [http://127.0.0.1:5000]")
        ->type_name("URL,...");
    app.add_option("--rate", into.rate,
                   "Open loop: requests a second, whatever the server does. Latency counts from "
                   "when a request was due. Without it a closed loop: each connection sends as "
                   "soon as it may")
        ->check(CLI::Range(0.001, most_rate))
        ->type_name("N");
    app.add_option("--connections", into.connections, "Connections [16]")
        ->check(CLI::Range(std::size_t{1}, most_connections))
        ->type_name("N");
    app.add_option("--pipeline", into.pipeline, "Requests under way on a connection, at most [1]")
        ->check(CLI::Range(std::size_t{1}, most_pipelined))
        ->type_name("N");
    app.add_option("--threads", into.threads, "Threads of the generator [1]")
        ->check(CLI::Range(std::size_t{1}, most_threads))
        ->type_name("N");
    add_duration(app, "--duration", into.duration_ms, 1, "How long to measure [10s]");
    add_duration(app, "--warmup", into.warmup_ms, 0,
                 "How long to run before that: audited, not measured [1s]");
    add_duration(app, "--reply-limit", into.reply_limit_ms, 1,
                 "How long to wait for a reply, or a connection [5s]");
    app.add_option("--kill-connections", into.kills,
                   "Close so many connections a second, chosen at random, with requests under way, "
                   "and each at most four times a second; implies --own-accounts")
        ->check(CLI::Range(0.0, 1e6))
        ->type_name("N");
}

void add_requests(CLI::App& app, options& into) {
    app.add_option_function<std::string>(
           "--mix",
           [&into](const std::string& text) {
               const auto parsed = mix::parse(text);
               if (!parsed)
                   throw CLI::ValidationError{"'" + text +
                                              "' is not a mix, as in balance=60,deposit=20"};
               into.mix = *parsed;
               into.mix_text = text;
           },
           "What to ask for, by weight: balance, deposit, withdraw, transfer, transaction, "
           "hold, capture, release [balance=60,deposit=20,withdraw=20]. A transaction moves money "
           "to two accounts. A capture or a release ends a hold that its connection placed "
           "before, and a capture pays a part of it; without such a hold it places one")
        ->type_name("MIX");
    add_parsed(app, "--accounts", into.accounts, parse_accounts,
               "accounts, as in 10001-10009,100000, or a count up to 10000000")
        ->description(
            "Accounts: numbers and ranges, or a count N for 1-N [10001-10009,100000, the sample]")
        ->type_name("LIST|N");
    app.add_option_function<std::string>(
           "--skew",
           [&into](const std::string& text) {
               const auto parsed = skew::parse(text);
               if (!parsed)
                   throw CLI::ValidationError{"'" + text + "' is not uniform, zipf:0.99 or hot"};
               into.skew = *parsed;
               into.skew_text = text;
           },
           "How requests spread over the accounts: uniform, zipf:S, or hot for the first alone "
           "[uniform]")
        ->type_name("SKEW");
    add_parsed(app, "--amounts", into.amounts, parse_amounts, "amounts, as in 0.01-9.99")
        ->description("Amounts, at random between two [0.01-9.99]")
        ->type_name("MONEY-MONEY");
    app.add_flag("--own-accounts", into.own_accounts,
                 "Deal the accounts out to the connections: no two post to the same one, and the "
                 "balance in every reply is checked");
    app.add_option("--seed", into.seed, "Of what is random [1]")->type_name("N");
}

void add_output(CLI::App& app, options& into) {
    app.add_option("--json", into.json_file, "Write the results as JSON")->type_name("FILE");
    app.add_option("--hdr", into.hdr_file,
                   "Write the latencies as HdrHistogram's percentile text, in ms")
        ->type_name("FILE");
    app.add_option("--html", into.html_file, "Write a page with the results drawn")
        ->type_name("FILE");
    app.add_flag("--quiet", into.quiet, "No progress");
    app.add_option("--write-accounts", into.accounts_file,
                   "Only write --accounts as a file for 'coffer serve --accounts', and end")
        ->type_name("FILE");
    add_parsed(
        app, "--opening", into.opening,
        [](const std::string& text) -> std::optional<money> {
            const auto parsed = money::parse(text);
            if (!parsed || parsed.value < money{})
                return std::nullopt;
            return parsed.value;
        },
        "an amount of money")
        ->description("The balance of each account in that file [1000.0]")
        ->type_name("MONEY");
}

}  // namespace

std::optional<target> parse_url(std::string_view text) {
    constexpr std::string_view scheme = "http://";
    if (!text.starts_with(scheme))
        return std::nullopt;
    text.remove_prefix(scheme.size());
    if (text.ends_with('/'))
        text.remove_suffix(1);
    const std::size_t colon = text.rfind(':');
    if (colon == text.npos || colon == 0)
        return std::nullopt;
    std::string_view host = text.substr(0, colon);
    const std::string_view port = text.substr(colon + 1);
    const bool bracketed = host.starts_with('[') && host.ends_with(']');
    if (bracketed)
        host = host.substr(1, host.size() - 2);
    const auto number = parse_account_number(port);
    if (!number || *number > 65'535 || bracketed != (host.find(':') != host.npos) ||
        host.find_first_of("/?#@ ") != host.npos)
        return std::nullopt;
    return target{std::string{host}, std::string{port}};
}

std::optional<std::vector<target>> parse_urls(std::string_view text) {
    std::vector<target> found;
    for (std::size_t end = 0; end != text.npos; text.remove_prefix(end + 1)) {
        end = text.find(',');
        auto one = parse_url(text.substr(0, end));
        if (!one)
            return std::nullopt;
        found.push_back(*std::move(one));
        if (end == text.npos)
            break;
    }
    return found;
}

std::string to_string(const target& where) {
    const bool is_v6 = where.host.find(':') != std::string::npos;
    return (is_v6 ? '[' + where.host + ']' : where.host) + ':' + where.port;
}

std::optional<amount_range> parse_amounts(std::string_view text) {
    const std::size_t dash = text.find('-');
    const auto least = money::parse(text.substr(0, dash));
    const auto most = dash == text.npos ? least : money::parse(text.substr(dash + 1));
    // A bound that keeps sums over hours within 64 bits.
    constexpr money bound = money::from_minor(100'000'000);
    if (!least || !most || least.value <= money{} || most.value < least.value || most.value > bound)
        return std::nullopt;
    return amount_range{least.value, most.value};
}

void add_options(CLI::App& app, options& into) {
    add_load(app, into);
    add_requests(app, into);
    add_output(app, into);
    app.callback([&into] {
        into.own_accounts = into.own_accounts || into.kills > 0;
        into.threads = std::min(into.threads, into.connections);
        const std::size_t shares = into.own_accounts ? into.connections : 1;
        if ((into.mix.has(operation::transfer) || into.mix.has(operation::transaction)) &&
            into.accounts.size() / shares < 2)
            throw CLI::ValidationError{
                "a transfer and a transaction need two accounts at least, "
                "two for each connection with accounts of its own"};
        if (into.own_accounts && into.accounts.size() < into.connections)
            throw CLI::ValidationError{
                "--own-accounts and --kill-connections need an account "
                "for each connection: " +
                std::to_string(into.accounts.size()) + " accounts, " +
                std::to_string(into.connections) + " connections"};
    });
}

}  // namespace coffer::load

// The options of `coffer-load`, and their flags.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <coffer/account_number.hpp>
#include <coffer/money.hpp>

#include "load/accounts.hpp"
#include "load/mix.hpp"
#include "load/skew.hpp"

namespace CLI {
class App;
}

namespace coffer::load {

struct target {
    std::string host;
    std::string port;
};

/// Reads http://HOST:PORT, with nothing behind it but one slash, if any.
[[nodiscard]] std::optional<target> parse_url(std::string_view text);
/// Reads one or more of these, with commas between them.
[[nodiscard]] std::optional<std::vector<target>> parse_urls(std::string_view text);
/// As a Host field says it.
[[nodiscard]] std::string to_string(const target&);

/// From the least to the most.
struct amount_range {
    money least;
    money most;
};

/// Reads LEAST-MOST or one amount, in money above zero.
[[nodiscard]] std::optional<amount_range> parse_amounts(std::string_view text);

struct options {
    std::vector<load::target> targets{{"127.0.0.1", "5000"}};  ///< the nodes of one ledger
    std::optional<double> rate;  ///< requests a second; none for a closed loop
    std::size_t connections = 16;
    std::size_t pipeline = 1;
    std::size_t threads = 1;
    load::mix mix = *load::mix::parse("balance=60,deposit=20,withdraw=20");
    std::string mix_text = "balance=60,deposit=20,withdraw=20";
    std::vector<account_number> accounts = *parse_accounts(sample_accounts);
    load::skew skew;
    std::string skew_text = "uniform";
    amount_range amounts{money::from_minor(1), money::from_minor(999)};
    std::int64_t duration_ms = 10'000;
    std::int64_t warmup_ms = 1'000;
    std::int64_t reply_limit_ms = 5'000;
    double kills = 0;  ///< connections closed a second
    bool own_accounts = false;
    std::uint64_t seed = 1;
    bool quiet = false;
    std::string json_file;
    std::string hdr_file;
    std::string html_file;
    std::string accounts_file;  ///< to write, instead of a run
    money opening = money::from_minor(100'000);
};

/// Adds the flags; parsing fills `into`, which must outlive `app`. What does not go together is an
/// error of parsing too.
void add_options(CLI::App& app, options& into);

}  // namespace coffer::load

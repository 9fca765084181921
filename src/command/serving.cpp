#include "command/serving.hpp"

#include <sys/resource.h>

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <utility>

#include "journal/history.hpp"
#include "ops/log.hpp"

namespace coffer::command {
namespace {

/// Returns how many file descriptors there may be, after raising that: the usual soft limit of 1024
/// is there for select(2) alone.
std::size_t raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 1024;
    const rlim_t before = std::exchange(limit.rlim_cur, limit.rlim_max);
    return ::setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_max : before;
}

}  // namespace

void end_at_once(std::string_view why) {
    log::error("{}", why);
    log::flush();
    std::_Exit(EXIT_FAILURE);
}

void end_without_audit(bool all_is_kept) {
    log::warn("the audit has not ended in time: ending without it");
    log::flush();
    std::_Exit(all_is_kept ? EXIT_SUCCESS : EXIT_FAILURE);
}

http::limits fitted_limits(const serve_options& options) {
    // Its listening sockets, event loop and timer.
    const std::size_t descriptors_a_worker = 7 + options.listen.size();
    // Files, the log, signals; the connections to the members of a store.
    constexpr std::size_t descriptors_of_a_store = 64;
    const std::size_t descriptors_beside =
        32 + journal::history::most_open_files +
        (options.replication.is_replicated() ? descriptors_of_a_store : 0);
    return http::fit_to_descriptors(options.limits, raise_descriptor_limit(),
                                    descriptors_a_worker * options.threads + descriptors_beside);
}

http_front::http_front(engine& of, const serve_options& options, const http::listen_plan& where,
                       const http::limits& limits)
    : server_{of, where, options.threads, limits} {
    read_certificate(options);
    give_access(options.access);
}

void http_front::start() {
    server_.start();
    files_.start();
}

/// Loads the certificate now and whenever its files change. Throws std::runtime_error.
void http_front::read_certificate(const serve_options& options) {
    if (!options.listen.has_tls())
        return;
    const auto read = [&options, this] {
        server_.use(std::make_shared<const http::tls_context>(options.tls));
    };
    files_.add("certificate", options.tls.all(), read);  // first: no change is missed
    read();
}

/// Sets who may send requests, and has the tokens read again when their file changes.
void http_front::give_access(const access_options& options) {
    api::access_rules& rules = server_.access();
    rules.names = options.names;
    rules.rate = options.rate;
    if (options.tokens.empty())
        return;
    const auto read = [file = options.tokens, &rules] { rules.tokens.publish(read_tokens(file)); };
    files_.add("tokens", {options.tokens}, read);  // first: no change is missed
    read();
}

void warn_of_keys_of_names(const serve_options& options, engine& of) {
    const std::size_t names = of.keys().owners().names();
    if (options.access.tokens.empty() && names != 0)
        log::warn(
            "without --tokens, what was sent with the tokens of {} names and is sent again is done "
            "again, though its idempotency keys have not expired",
            names);
}

}  // namespace coffer::command

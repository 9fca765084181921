// What `coffer serve` needs whether its ledger is replicated or not: the HTTP server with the files
// that it reads again, the limits of the process, and the ends that are not in order.
#pragma once

#include <string_view>

#include "command/serve_options.hpp"
#include "engine/engine.hpp"
#include "http/server.hpp"
#include "ops/reloader.hpp"

namespace coffer::command {

inline constexpr const char* last_snapshot_failed =
    "the last snapshot failed: nothing is lost, the next start will read more of the journal";

/// Ends the process without anything in order: nothing that was not acknowledged by now may be.
[[noreturn]] void end_at_once(std::string_view why);

/// Ends the process when all is done but for the audit, which only reads, and only when no other
/// thread of the machine needs the processor.
[[noreturn]] void end_without_audit(bool all_is_kept);

/// The limits asked for, with as many connections as there are file descriptors for, whose number
/// is raised to what is allowed.
[[nodiscard]] http::limits fitted_limits(const serve_options& options);

/// A server, with the certificate and the tokens of its files, which are read again when they
/// change. Thread safety: reload and server().drain are for any thread, the rest for one.
class http_front {
public:
    /// Listens at `where`. The options must outlive it. Throws std::runtime_error.
    http_front(engine& of, const serve_options& options, const http::listen_plan& where,
               const http::limits& limits);

    /// Begins to serve. Throws std::system_error.
    void start();
    /// Reads the files again; false if there are none.
    bool reload() noexcept { return files_.reload(); }
    [[nodiscard]] http::server& server() noexcept { return server_; }

private:
    void read_certificate(const serve_options& options);
    void give_access(const access_options& options);

    http::server server_;
    reloader files_;
};

/// Retries without a token do not find the keys of names.
void warn_of_keys_of_names(const serve_options& options, engine& of);

}  // namespace coffer::command

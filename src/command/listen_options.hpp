// The options of where `coffer serve` listens, and with which certificate.
#pragma once

#include "http/listen_address.hpp"
#include "http/tls_context.hpp"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace coffer::command {

/// Adds the flags. Parsing fills `into` and `tls`, which must outlive the
/// command.
void add_listen_options(CLI::App& serve, http::listen_plan& into, http::tls_files& tls);

/// PORT stands for --listen where that is not given. Throws CLI::ValidationError.
void listen_at_port_of_environment(CLI::Option& listen);

/// Throws CLI::ValidationError where one option lacks another.
void check_listen_options(const http::listen_plan& plan, const http::tls_files& files);

}  // namespace coffer::command

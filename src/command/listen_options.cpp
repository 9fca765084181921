#include "command/listen_options.hpp"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <string>
#include <vector>

namespace coffer::command {
namespace {

CLI::Option* add_addresses(CLI::App& serve, const std::string& flag,
                           std::vector<http::listen_address>& into) {
    const auto parse_all = [&into](const std::vector<std::string>& texts) {
        into.clear();
        for (const std::string& text : texts) {
            const auto parsed = http::parse_listen_address(text);
            if (!parsed)
                throw CLI::ValidationError{"'" + text +
                                           "' is not an address and a port, as in 127.0.0.1:5000, "
                                           "tls:0.0.0.0:5443 or unix:/run/coffer.socket"};
            into.push_back(*parsed);
        }
    };
    return serve.add_option_function<std::vector<std::string>>(flag, parse_all)
        ->type_name("ADDRESS")
        ->allow_extra_args(false)
        ->delimiter(',');
}

void add_tls_options(CLI::App& serve, http::tls_files& into) {
    const auto add = [&serve](const char* flag, std::filesystem::path& file, const char* variable,
                              const char* description) {
        serve.add_option(flag, file, description)->type_name("FILE")->envname(variable);
    };
    add("--tls-cert", into.certificate, "COFFER_TLS_CERT",
        "The certificate of listeners with TLS, with its chain (PEM)");
    add("--tls-key", into.key, "COFFER_TLS_KEY", "The certificate's key (PEM)");
    add("--tls-client-ca", into.client_ca, "COFFER_TLS_CLIENT_CA",
        "Who signs the certificates that clients must have (PEM) [clients need none]");
}

}  // namespace

void add_listen_options(CLI::App& serve, http::listen_plan& into, http::tls_files& tls) {
    add_addresses(serve, "--listen", into.everyone)
        ->description(
            "Where to listen: ADDR:PORT, tls:ADDR:PORT or unix:PATH; several with commas or "
            "several flags [127.0.0.1:5000, or 0.0.0.0:$PORT where PORT is set]")
        ->envname("COFFER_LISTEN");
    add_addresses(serve, "--admin-listen", into.operators)
        ->description(
            "Where alone to answer what is for operators: /readyz, /metrics and the like "
            "[wherever it listens]")
        ->envname("COFFER_ADMIN_LISTEN");
    add_tls_options(serve, tls);
}

void listen_at_port_of_environment(CLI::Option& listen) {
    const char* const text = std::getenv("PORT");
    if (text == nullptr || *text == '\0')
        return;
    const auto port = http::parse_port(text);
    if (!port)
        throw CLI::ValidationError{"PORT", "'" + std::string{text} + "' is not a port"};
    listen.add_result("0.0.0.0:" + std::string{text});
    listen.run_callback();
}

void check_listen_options(const http::listen_plan& plan, const http::tls_files& files) {
    if (files.certificate.empty() != files.key.empty())
        throw CLI::ValidationError{"--tls-cert", "and --tls-key need each other"};
    if (!files.client_ca.empty() && files.certificate.empty())
        throw CLI::ValidationError{"--tls-client-ca", "needs --tls-cert and --tls-key"};
    if (plan.has_tls() && files.certificate.empty())
        throw CLI::ValidationError{"tls:ADDR:PORT", "needs --tls-cert and --tls-key"};
    if (!plan.has_tls() && !files.certificate.empty())
        throw CLI::ValidationError{"--tls-cert", "needs a listener tls:ADDR:PORT"};
}

}  // namespace coffer::command

// Parses the command line and runs the command.
#include <openssl/crypto.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <sstream>
#include <string>
#include <string_view>

#include "command/command_line.hpp"
#include "command/commands.hpp"
#include "command/output.hpp"
#include "ops/log.hpp"
#include "ops/signal_watch.hpp"

namespace {

constexpr int usage_status = 2;

/// Reports the failure in one line, even if `why` has several. Returns `status`.
int fail(int status, std::string why) {
    std::replace(why.begin(), why.end(), '\n', ' ');
    coffer::log::end_with("coffer: " + why + '\n');
    return status;
}

/// Prints a text that was asked for. Throws std::runtime_error if it cannot be written.
int print(std::string_view text) {
    coffer::command::output out;
    out.write(text);
    out.finish();
    return EXIT_SUCCESS;
}

int run(int argc, char** argv) {
    coffer::command::command_line line;
    CLI::App& app = line.app;
    try {
        app.parse(argc, argv);
    } catch (const CLI::CallForVersion& asked) {
        coffer::release_signals();
        return print(std::string{asked.what()} + '\n');
    } catch (const CLI::Success& asked) {  // --help
        coffer::release_signals();
        std::ostringstream text;
        app.exit(asked, text, text);
        return print(text.str());
    } catch (const CLI::ParseError& wrong) {
        coffer::release_signals();
        if (line.serve->get_help_ptr()->count() != 0)  // the error may be in the environment
            return print(app.help());
        return fail(usage_status, std::string{wrong.what()} + " (see 'coffer help')");
    }
    if (!*line.serve)
        coffer::release_signals();
    for (const coffer::command::subcommand& one : line.others)
        if (*one.parser)
            return one.run();
    if (*line.help) {
        app.clear();  // else it would print the help of `help`
        return print(app.help("", CLI::AppFormatMode::All));
    }
    coffer::command::serve(line.options);
    return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
    coffer::hold_signals();
    // A file that reaches its size limit (ulimit -f) is handled as a full disk.
    std::signal(SIGXFSZ, SIG_IGN);
    coffer::command::occupy_standard_descriptors();
    // The system's configuration of OpenSSL may name libraries to load: this is not its OpenSSL.
    OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
    try {
        const int status = run(argc, argv);
        coffer::log::flush();
        return status;
    } catch (const std::exception& failure) {
        return fail(EXIT_FAILURE, failure.what());
    }
}

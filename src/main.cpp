// Parses the command line and runs the command.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "command/commands.hpp"
#include "command/output.hpp"
#include "command/serve_options.hpp"
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
    CLI::App app{"Coffer: a lock-free, in-memory ledger server", "coffer"};
    app.set_version_flag("--version", "coffer " COFFER_VERSION);
    app.require_subcommand(1);
    coffer::command::serve_options options;
    CLI::App* const serve = app.add_subcommand("serve", "Start the server");
    coffer::command::add_serve_options(*serve, options);
    using namespace coffer::command;
    const std::vector<subcommand> others{add_audit(app), add_export(app), add_backup(app),
                                         add_restore(app)};
    CLI::App* const version = app.add_subcommand("version", "Print the version");
    CLI::App* const help = app.add_subcommand("help", "Print the flags of all commands");

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
        if (serve->get_help_ptr()->count() != 0)  // the error may be in the environment
            return print(app.help());
        return fail(usage_status, std::string{wrong.what()} + " (see 'coffer help')");
    }
    if (!*serve)
        coffer::release_signals();
    for (const subcommand& one : others)
        if (*one.parser)
            return one.run();
    if (*version)
        return print("coffer " COFFER_VERSION "\n");
    if (*help) {
        app.clear();  // else it would print the help of `help`
        return print(app.help("", CLI::AppFormatMode::All));
    }
    coffer::command::serve(options);
    return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
    coffer::hold_signals();
    // A file that reaches its size limit (ulimit -f) is handled as a full disk.
    std::signal(SIGXFSZ, SIG_IGN);
    coffer::command::occupy_standard_descriptors();
    try {
        const int status = run(argc, argv);
        coffer::log::flush();
        return status;
    } catch (const std::exception& failure) {
        return fail(EXIT_FAILURE, failure.what());
    }
}

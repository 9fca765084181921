#include "command/commands.hpp"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <memory>
#include <string>

#include "audit/auditor.hpp"
#include "command/output.hpp"

namespace coffer::command {

subcommand add_audit(CLI::App& app) {
    struct options {
        std::string directory;
        bool json = false;
    };
    const auto chosen = std::make_shared<options>();
    CLI::App* const parser = app.add_subcommand(
        "audit",
        "Check a data directory: exit status 0 if it is right, 1 with a list of faults if not");
    parser->add_option("DIR", chosen->directory, "The data directory, or a copy of it")
        ->type_name("")
        ->required();
    parser->add_flag("--json", chosen->json, "Print the result as one JSON object");
    return {parser, [chosen] {
                const audit::report found =
                    audit::examine(audit::data_files::in(chosen->directory));
                output out;
                out.write(chosen->json ? to_json(found) : to_text(found));
                out.finish();
                return found.holds() ? EXIT_SUCCESS : EXIT_FAILURE;
            }};
}

}  // namespace coffer::command

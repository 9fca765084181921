#include "command/commands.hpp"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>

#include <coffer/account_number.hpp>

#include "audit/posting_export.hpp"
#include "command/output.hpp"
#include "command/parsed_option.hpp"
#include "ops/utc_time.hpp"

namespace coffer::command {
namespace {

struct export_options {
    std::string directory;
    journal::line_format format = journal::line_format::ndjson;
    audit::export_selection wanted;
    std::string file;  ///< empty: standard output
};

void write_history(const export_options& chosen) {
    const auto files = audit::data_files::in(chosen.directory);
    std::optional<output> out;
    if (chosen.file.empty())
        out.emplace();
    else
        out.emplace(chosen.file);
    audit::export_postings(files, chosen.format, chosen.wanted,
                           [&out](std::string_view lines) { out->write(lines); });
    out->finish();
}

}  // namespace

subcommand add_export(CLI::App& app) {
    const auto chosen = std::make_shared<export_options>();
    CLI::App* const parser =
        app.add_subcommand("export", "Write the history, one posting a line; changes nothing");
    parser->add_option("DIR", chosen->directory, "The data directory, or a copy of it")
        ->type_name("")
        ->required();
    const std::string moment =
        "a date or a time of RFC 3339, as in 2026-11-23 or 2026-11-23T15:00:00Z";
    add_parsed(*parser, "--format", chosen->format, journal::parse_line_format, "ndjson or csv")
        ->type_name("ndjson|csv")
        ->description("The format of a line")
        ->required();
    add_parsed(*parser, "--account", chosen->wanted.account, parse_account_number,
               "an account number")
        ->type_name("N")
        ->description("Only postings of this account");
    add_parsed(*parser, "--since", chosen->wanted.since_ns, parse_utc_text, moment)
        ->type_name("TIME")
        ->description("Only postings at this time or later");
    add_parsed(*parser, "--until", chosen->wanted.until_ns, parse_utc_text, moment)
        ->type_name("TIME")
        ->description("Only postings before this time");
    parser->add_option("--output", chosen->file, "Write to this file [standard output]")
        ->type_name("FILE");
    parser->callback([chosen] {
        // Times before the first or after the last possible nanosecond are clamped to it.
        const auto [account, since_ns, until_ns] = chosen->wanted;
        const bool is_beyond = since_ns == until_ns && (since_ns == 0 || until_ns == UINT64_MAX);
        if (until_ns <= since_ns && !is_beyond)
            throw CLI::ValidationError{"--until", "must be after --since"};
    });
    return {parser, [chosen] {
                write_history(*chosen);
                return EXIT_SUCCESS;
            }};
}

}  // namespace coffer::command

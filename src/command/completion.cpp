#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "command/commands.hpp"
#include "command/output.hpp"

namespace coffer::command {
namespace {

constexpr std::array<std::string_view, 4> directory_names{"DIR", "DEST", "BACKUP", "INCREMENT"};

/// What bash can offer for a value, as the options of its compgen: "-f" for files, "-d" for
/// directories, "-W 'csv ndjson'" for words, nothing if anything may stand there.
std::string offers_for(std::string_view kinds) {
    std::string words;
    while (!kinds.empty()) {
        const std::string_view kind = kinds.substr(0, kinds.find('|'));
        kinds.remove_prefix(std::min(kinds.size(), kind.size() + 1));
        if (kind == "FILE")
            return "-f";
        if (std::ranges::find(directory_names, kind) != directory_names.end())
            return "-d";
        const auto is_small = [](char c) { return c >= 'a' && c <= 'z'; };
        if (!kind.empty() && std::ranges::all_of(kind, is_small))
            words += (words.empty() ? "" : " ") + std::string{kind};
    }
    return words.empty() ? words : "-W '" + words + '\'';
}

/// What a command takes, for a branch of the script's `case`.
struct command_offers {
    std::string flags;
    std::string operands;                ///< compgen's options for what is not a flag
    std::vector<std::string> of_values;  ///< branches for the flags that take a value
};

command_offers offers_of(const CLI::App& command) {
    command_offers found;
    for (const CLI::Option* const option : command.get_options({})) {
        const std::string type = option->get_type_name();
        if (!option->nonpositional()) {
            const std::string offers = offers_for(type + '|' + option->get_name(true));
            if (!offers.empty())
                found.operands = offers;
            continue;
        }
        const std::string flag = "--" + option->get_lnames().front();
        found.flags += (found.flags.empty() ? "" : " ") + flag;
        if (option->get_items_expected_max() > 0)
            found.of_values.push_back(command.get_name() + ':' + flag + ") offers=(" +
                                      offers_for(type) + ") ;;\n");
    }
    return found;
}

/// The names of commands, as words to offer.
std::string offers_of_names(const std::vector<const CLI::App*>& commands) {
    std::string names;
    for (const CLI::App* const one : commands)
        names += (names.empty() ? "" : " ") + one->get_name();
    return "-W '" + names + '\'';
}

constexpr std::string_view beginning =
    R"(# Completes the commands and flags of coffer in bash. Made by 'coffer completion bash'.
_coffer() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command=coffer
    local flags='' offers=() index
    if [[ $word == = ]]; then  # bash splits --flag=value into three words
        word=''
    elif [[ $before == = ]]; then
        before=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    for ((index = 1; index < COMP_CWORD; index++)); do
        if [[ ${COMP_WORDS[index]} != -* ]]; then
            command=${COMP_WORDS[index]}
            break
        fi
    done
)";

constexpr std::string_view end = R"(    if [[ $word == -* ]]; then
        offers=(-W "$flags")
    fi
    COMPREPLY=()
    if [[ ${#offers[@]} != 0 ]]; then
        mapfile -t COMPREPLY < <(compgen "${offers[@]}" -- "$word")
        if [[ ${offers[0]} != -W ]]; then
            compopt -o filenames 2>/dev/null
        fi
    fi
}
complete -F _coffer coffer
)";

std::string bash_script(const CLI::App& app) {
    std::vector<const CLI::App*> commands{&app};
    std::string names;
    for (const CLI::App* const command : app.get_subcommands({})) {
        commands.push_back(command);
        names += (names.empty() ? "" : " ") + command->get_name();
    }
    std::string of_commands;
    std::string of_values;
    for (const CLI::App* const command : commands) {
        command_offers offers = offers_of(*command);
        if (command == &app)
            offers.operands = "-W '" + names + '\'';
        else if (const auto parts = command->get_subcommands({}); !parts.empty())
            offers.operands = offers_of_names(parts);
        of_commands += "    " + command->get_name() + ") flags='" + offers.flags + "' offers=(" +
                       offers.operands + ") ;;\n";
        for (const std::string& branch : offers.of_values)
            of_values += "    " + branch;
    }
    std::string script{beginning};
    script += "    case $command in\n" + of_commands + "    esac\n";
    script += "    case $command:$before in\n" + of_values + "    esac\n";
    return script.append(end);
}

}  // namespace

subcommand add_completion(CLI::App& app) {
    CLI::App* const parser = app.add_subcommand(
        "completion", "Print a script that has a shell complete the commands and flags");
    const auto shell = std::make_shared<std::string>();
    parser->add_option("SHELL", *shell, "The shell: bash")
        ->type_name("bash")
        ->required()
        ->check([](const std::string& name) {
            return name == "bash" ? std::string{} : "'" + name + "' is not bash";
        });
    return {parser, [&app, shell] {
                output out;
                out.write(bash_script(app));
                out.finish();
                return EXIT_SUCCESS;
            }};
}

}  // namespace coffer::command

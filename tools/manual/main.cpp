// Writes the manual pages of the program into a folder: coffer-manual FOLDER COFFER.CONF
//
// They are made from the parser's own commands and flags. COFFER.CONF is shown as an example.
#include <CLI/CLI.hpp>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "command/command_line.hpp"
#include "roff.hpp"

namespace coffer::manual {
namespace {

constexpr std::string_view required_type = "REQUIRED";  // how a command marks a last operand

bool is_operand(const CLI::Option& option) {
    return !option.nonpositional();
}

/// The type that a command has named, without what CLI11 adds of the permitted values.
std::string type_of(const CLI::Option& option) {
    const std::string type = option.get_type_name();
    if (type == required_type)
        return {};
    return type.starts_with("N:") ? "N" : type;
}

/// A description as a sentence: without CLI11's missing full stop.
std::string sentence(const std::string& description) {
    return description.ends_with('.') ? description : description + '.';
}

std::string lower_first(std::string text) {
    if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z')
        text[0] = static_cast<char>(text[0] - 'A' + 'a');
    return text;
}

/// "-h, --help", or "--listen ADDR:PORT".
std::string flag_and_value(const CLI::Option& option) {
    std::string text;
    for (const std::string& name : option.get_snames())
        text += bold('-' + name) + ", ";
    text += bold("--" + option.get_lnames().front());
    return option.get_items_expected_max() > 0 ? text + ' ' + italic(type_of(option)) : text;
}

std::string synopsis_of(const CLI::App& command) {
    std::string text = bold("coffer " + command.get_name()) + " [" + italic("FLAGS") + ']';
    for (const CLI::Option* const option : command.get_options({})) {
        if (!is_operand(*option))
            continue;
        const std::string name = italic(option->get_name(true));
        const bool is_required = option->get_required() || option->get_type_name() == required_type;
        const bool may_repeat = option->get_items_expected_max() > 1;
        text += ' ' + (is_required ? name : '[' + name + ']') + (may_repeat ? "..." : "");
    }
    return text;
}

void add_flags(page& into, const CLI::App& command) {
    for (const std::string& group : command.get_groups()) {
        if (group.empty())  // flags that another command explains
            continue;
        bool is_begun = false;
        for (const CLI::Option* const option : command.get_options({})) {
            if (is_operand(*option) || option->get_group() != group)
                continue;
            if (!is_begun)
                into.begin_section(group == "Options" ? "FLAGS" : plain(group));
            is_begun = true;
            std::string text = plain(sentence(option->get_description()));
            if (!option->get_envname().empty())
                text += "\nVariable: " + bold(option->get_envname()) + '.';
            into.add_item(flag_and_value(*option), text);
        }
    }
}

void add_operands(page& into, const CLI::App& command) {
    bool is_begun = false;
    for (const CLI::Option* const option : command.get_options({})) {
        if (!is_operand(*option))
            continue;
        if (!is_begun)
            into.begin_section("OPERANDS");
        is_begun = true;
        into.add_item(italic(option->get_name(true)), plain(sentence(option->get_description())));
    }
}

void add_exit_status(page& into) {
    into.begin_section("EXIT STATUS");
    into.add_item("0", "Success.");
    into.add_item("1", "A failure, with one line on standard error.");
    into.add_item("2", "A wrong flag or operand, with one line on standard error.");
    into.add_item("128 + " + italic("N"), "A repeated signal " + italic("N") + " ended it.");
}

void add_of_serve(page& into) {
    into.begin_section("SIGNALS");
    into.add_item("SIGTERM, SIGINT, SIGQUIT, SIGALRM",
                  "The server answers what has arrived, takes a last snapshot and ends. A further "
                  "one, a second later or more, ends it at once.");
    into.add_item("SIGHUP", "Reads files again that may change while the server runs.");
    into.begin_section("ENVIRONMENT");
    into.add_text("A flag overrides its variable. " + bold("PORT") +
                  " stands for the address 0.0.0.0 and this port. Where " + bold("NOTIFY_SOCKET") +
                  " is set, the server reports to systemd when it serves and when it stops.");
}

/// A command without flags and operands of its own needs no page.
bool has_page(const CLI::App& command) {
    return command.get_options({}).size() > 1;  // --help
}

page page_of_program(const CLI::App& app) {
    page made{"coffer", 1, "a lock\\-free, in\\-memory ledger server"};
    made.begin_section("SYNOPSIS");
    made.add_text(bold("coffer ") + italic("COMMAND") + " [" + italic("FLAGS") + ']');
    made.begin_section("DESCRIPTION");
    made.add_text(
        "Coffer keeps the balances of accounts, moves money between them over HTTP and JSON, and "
        "acknowledges a posting only when no crash can take it back.");
    made.begin_section("COMMANDS");
    for (const CLI::App* const command : app.get_subcommands({})) {
        std::string text = plain(sentence(command->get_description()));
        if (has_page(*command))
            text += "\nSee " + bold("coffer-" + command->get_name()) + "(1).";
        made.add_item(bold(command->get_name()), text);
    }
    add_flags(made, app);
    add_exit_status(made);
    made.begin_section("SEE ALSO");
    made.add_text(bold("coffer-serve") + "(1), " + bold("coffer.conf") + "(5)");
    return made;
}

page page_of_command(const CLI::App& command) {
    page made{"coffer-" + command.get_name(), 1, plain(lower_first(command.get_description()))};
    made.begin_section("SYNOPSIS");
    made.add_text(synopsis_of(command));
    made.begin_section("DESCRIPTION");
    made.add_text(plain(sentence(command.get_description())));
    add_operands(made, command);
    add_flags(made, command);
    if (command.get_name() == "serve")
        add_of_serve(made);
    add_exit_status(made);
    made.begin_section("SEE ALSO");
    made.add_text(bold("coffer") + "(1), " + bold("coffer.conf") + "(5)");
    return made;
}

page page_of_configuration(const CLI::App& serve, std::string_view example) {
    page made{"coffer.conf", 5, "the configuration of coffer serve"};
    made.begin_section("DESCRIPTION");
    made.add_text(
        "Each line is a flag of " + bold("coffer-serve") +
        "(1) without the dashes in front, an equals sign and its value, which is " + bold("true") +
        " or " + bold("false") +
        " for a flag without one. # begins a comment, and values with spaces need quotes. A flag "
        "on the command line overrides its variable, and that the file.");
    made.begin_section("NAMES");
    for (const CLI::Option* const option : serve.get_options({})) {
        const std::string name = option->get_lnames().front();
        if (option->get_envname().empty() || name == "config")  // a file names no other
            continue;
        const std::string type = option->get_items_expected_max() > 0 ? type_of(*option) : "true";
        made.add_item(bold(name) + " = " + italic(type),
                      plain(sentence(option->get_description())));
    }
    made.begin_section("FILES");
    made.add_item(bold("/etc/coffer/coffer.conf"), "What the service of the Debian package reads.");
    made.begin_section("EXAMPLE");
    made.add_example(example);
    made.begin_section("SEE ALSO");
    made.add_text(bold("coffer-serve") + "(1)");
    return made;
}

void write(const std::filesystem::path& file, const page& made) {
    std::filesystem::create_directories(file.parent_path());
    std::ofstream out{file};
    out << made.text() << std::flush;
    if (!out)
        throw std::runtime_error{"cannot write " + file.string()};
}

void write_pages(const std::filesystem::path& folder, const std::filesystem::path& example) {
    std::ifstream in{example};
    const std::string lines{std::istreambuf_iterator<char>{in}, {}};
    if (lines.empty())
        throw std::runtime_error{"cannot read " + example.string()};
    const command::command_line line;
    write(folder / "man1" / "coffer.1", page_of_program(line.app));
    for (const CLI::App* const command : line.app.get_subcommands({}))
        if (has_page(*command))
            write(folder / "man1" / ("coffer-" + command->get_name() + ".1"),
                  page_of_command(*command));
    write(folder / "man5" / "coffer.conf.5", page_of_configuration(*line.serve, lines));
}

}  // namespace
}  // namespace coffer::manual

int main(int argc, char** argv) {
    try {
        if (argc != 3)
            throw std::runtime_error{"usage: coffer-manual FOLDER COFFER.CONF"};
        coffer::manual::write_pages(argv[1], argv[2]);
        return EXIT_SUCCESS;
    } catch (const std::exception& failure) {
        std::cerr << "coffer-manual: " << failure.what() << '\n';
        return EXIT_FAILURE;
    }
}

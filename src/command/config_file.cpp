#include "command/config_file.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>
#include <string_view>
#include <vector>

namespace coffer::command {
namespace {

[[noreturn]] void refuse(const std::string& what) {
    throw CLI::ValidationError{what};
}

constexpr std::size_t most_file_bytes = std::size_t{1} << 20;

std::string content_of(const std::string& file) {
    std::error_code unknown;
    std::ifstream input{file};
    if (!input || std::filesystem::is_directory(file, unknown))
        refuse(file + ": cannot be read");
    std::string text(most_file_bytes + 1, '\0');  // of a device the end may never come
    input.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (input.bad())
        refuse(file + ": cannot be read");
    text.resize(static_cast<std::size_t>(input.gcount()));
    if (text.size() > most_file_bytes)
        refuse(file + ": has more than a mebibyte");
    return text;
}

/// Refuses a value such as [::1]:5000: CLI11 would take it for an array, and read on to the next
/// line that ends with a bracket.
void refuse_bare_brackets(const std::string& file, const std::string& text) {
    static const std::regex bare{R"(\s*[^\s=#]+\s*=\s*\[[^\s\]"']+\][^\s#].*)"};
    std::istringstream lines{text};
    std::string line;
    for (int number = 1; std::getline(lines, line); ++number)
        if (std::regex_match(line, bare))
            refuse(file + ", line " + std::to_string(number) +
                   ": a value that begins with [ needs quotes");
}

/// Returns "FILE, line 7: " for the first line that begins with the name.
std::string place_of(const std::string& file, const std::string& text, const std::string& name) {
    std::istringstream lines{text};
    std::string line;
    for (int number = 1; std::getline(lines, line); ++number) {
        std::string key = line.substr(0, line.find_first_of("=#"));
        CLI::detail::trim(key);
        CLI::detail::remove_quotes(key);
        if (key == name)
            return file + ", line " + std::to_string(number) + ": ";
    }
    return file + ": ";
}

CLI::Option* option_named(CLI::App& command, const CLI::ConfigItem& item) {
    // A file that names another would have to be read in turn.
    if (!item.parents.empty() || item.name == "config" || item.name == "help")
        return nullptr;
    return command.get_option_no_throw("--" + item.name);
}

void add(CLI::Option& to, const CLI::ConfigItem& item) {
    const bool is_flag = to.get_expected_min() == 0;
    if (!is_flag)
        to.add_result(item.inputs);
    else if (item.inputs.size() == 1)
        to.add_result(item.inputs.front());
    else
        throw CLI::ConversionError::TooManyInputsFlag(item.name);
}

}  // namespace

void read_config_file(CLI::App& command, const std::string& file) {
    const std::string text = content_of(file);
    refuse_bare_brackets(file, text);
    std::istringstream input{text};
    const std::vector<CLI::ConfigItem> items = CLI::ConfigBase{}.from_config(input);
    struct setting {
        CLI::Option* option;
        std::string name;
    };
    std::vector<setting> settings;  // those that the file sets, each once
    const std::vector<const CLI::Option*> all = std::as_const(command).get_options();
    std::vector<const CLI::Option*> set_before;
    std::ranges::copy_if(all, std::back_inserter(set_before),
                         [](const CLI::Option* one) { return one->count() != 0; });
    for (const CLI::ConfigItem& item : items) {
        if (item.name == "++")
            refuse(file + ": there are no sections, but it has [" +
                   CLI::detail::join(item.parents, ".") + ']');
        CLI::Option* const option = option_named(command, item);
        if (option == nullptr)
            refuse(place_of(file, text, item.name) + "'" + item.fullname() +
                   "' is no name of a flag that may stand here");
        if (std::ranges::find(set_before, option) != set_before.end())
            continue;
        try {
            add(*option, item);
        } catch (const CLI::ParseError& wrong) {
            refuse(place_of(file, text, item.name) + wrong.what());
        }
        if (std::ranges::find(settings, option, &setting::option) == settings.end())
            settings.push_back({option, item.name});
    }
    for (const setting& one : settings)
        try {
            one.option->run_callback();
        } catch (const CLI::ParseError& wrong) {
            refuse(place_of(file, text, one.name) + wrong.what());
        }
}

}  // namespace coffer::command

// Writes a manual page in the language of man(7).
#pragma once

#include <string>
#include <string_view>

namespace coffer::manual {

/// Returns `text` as roff prints it unchanged, with each '-' as the character of flags.
[[nodiscard]] std::string plain(std::string_view text);

/// The same in bold, for what is typed as it stands.
[[nodiscard]] std::string bold(std::string_view text);

/// The same in italics, for what the user replaces.
[[nodiscard]] std::string italic(std::string_view text);

/// A page that grows section by section. Texts are given as `plain`, `bold` and `italic` return
/// them. Thread safety: none.
class page {
public:
    page(std::string_view name, int section, std::string_view in_one_line);

    void begin_section(std::string_view title);
    /// Adds what a section begins with: a paragraph.
    void add_text(std::string_view text);
    /// Adds a paragraph `text` that hangs below `what`.
    void add_item(std::string_view what, std::string_view text);
    /// Adds what a section begins with: lines that are shown as they stand.
    void add_example(std::string_view lines);

    [[nodiscard]] const std::string& text() const noexcept { return text_; }

private:
    void add_line(std::string_view text);

    std::string text_;
};

}  // namespace coffer::manual

// The pages for browsers, as the build has bundled them. See README.md.
#pragma once

#include <string_view>

namespace coffer::console {

/// A document that needs nothing else, and the Content-Security-Policy that its one script and one
/// style sheet fit.
struct page {
    std::string_view document;
    std::string_view policy;
};

/// The console. Both texts are empty in a build without npm. Valid forever.
[[nodiscard]] page console_page() noexcept;

/// What a page with charts is made of: see report.ts.
struct chart_bundle {
    std::string_view style;
    std::string_view script;
};

/// The charts of coffer-load's page. Both texts are empty in a build without npm. Valid forever.
[[nodiscard]] chart_bundle charts() noexcept;

}  // namespace coffer::console

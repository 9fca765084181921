// A certificate that signs itself, made for a test.
#pragma once

#include <filesystem>

#include "http/tls_context.hpp"

namespace coffer::http {

/// Files in a temporary folder, removed at the end. Thread safety: none.
class test_certificate {
public:
    /// Throws std::runtime_error.
    test_certificate();
    test_certificate(const test_certificate&) = delete;
    test_certificate& operator=(const test_certificate&) = delete;
    ~test_certificate();

    [[nodiscard]] tls_files files() const {
        return {folder_ / "cert.pem", folder_ / "key.pem", {}};
    }

private:
    std::filesystem::path folder_;
};

}  // namespace coffer::http

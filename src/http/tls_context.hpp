// The server's certificate, and what it agrees to by TLS.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <filesystem>
#include <memory>
#include <vector>

namespace coffer::http {

/// Files of PEM.
struct tls_files {
    std::filesystem::path certificate;  ///< with the chain behind it
    std::filesystem::path key;          ///< without a password
    std::filesystem::path client_ca;    ///< empty: clients need no certificate

    [[nodiscard]] std::vector<std::filesystem::path> all() const;
};

/// TLS 1.2 and 1.3 with ciphers that have forward secrecy and authenticate, ALPN http/1.1, no
/// renegotiation, no compression, no early data. Sessions of TLS 1.3 are resumed by tickets, with
/// new keys, while the context is in use; those of clients with a certificate are not.
/// Thread safety: any thread may use it: it does not change.
class tls_context {
public:
    /// Throws std::runtime_error with a readable reason, which names the file, if one cannot be
    /// read, or if the key is another certificate's.
    explicit tls_context(const tls_files& files);
    tls_context(const tls_context&) = delete;
    tls_context& operator=(const tls_context&) = delete;

    [[nodiscard]] SSL_CTX* native() const noexcept { return native_; }

private:
    void set_protocol();
    void set_memory();
    void load(const tls_files& files);
    void ask_for_certificates(const std::filesystem::path& ca);

    boost::asio::ssl::context context_{boost::asio::ssl::context::tls_server};
    SSL_CTX* const native_ = context_.native_handle();
};

/// What a worker uses; connections that have begun keep what they began with.
using shared_tls_context = std::shared_ptr<const tls_context>;

}  // namespace coffer::http

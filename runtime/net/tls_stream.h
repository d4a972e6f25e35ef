#pragma once

#include "runtime/base/result.h"
#include "runtime/net/byte_stream.h"

#include <memory>
#include <string>

#include <boost/asio/ip/tcp.hpp>

namespace troupe::net {

/// What a TLS listener shows: a certificate chain and its key. TLS 1.2 and later.
class TlsIdentity {
 public:
  /// Reads both PEM files. Errors: invalid, naming the file and OpenSSL's reason.
  static Result<std::unique_ptr<TlsIdentity>> load(const std::string& certificate, const std::string& key);
  virtual ~TlsIdentity() = default;
  /// The server half over an accepted socket; its handshake() comes next. The identity must outlive it.
  virtual std::unique_ptr<ByteStream> wrap(boost::asio::ip::tcp::socket socket) = 0;
};

/// The client half over a connected socket: verifies the chain (`ca_file`, or the system's when "") and that
/// the certificate is for `host`. Errors: invalid (ca_file cannot be read).
Result<std::unique_ptr<ByteStream>> make_tls_client_stream(boost::asio::ip::tcp::socket socket,
                                                           const std::string& host,
                                                           const std::string& ca_file);

}  // namespace troupe::net

// The one place where TLS streams are instantiated, and Asio's SSL code compiled: it costs 20 s.
#include "runtime/net/tls_stream.h"

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>
#include <openssl/ssl.h>

namespace troupe::net {

namespace ssl = boost::asio::ssl;
using boost::asio::ip::tcp;
using boost::system::error_code;

namespace {

class TlsStream final : public ByteStream {
 public:
  // A client brings the context it was made with; a server's lives in its TlsIdentity.
  TlsStream(tcp::socket socket, ssl::context& context, ssl::stream_base::handshake_type role,
            std::shared_ptr<ssl::context> own = nullptr)
      : state_(std::make_shared<State>(std::move(socket), context, std::move(own))), role_(role) {}
  ~TlsStream() override { close(); }

  ssl::stream<tcp::socket>& stream() { return state_->stream; }

  void handshake(Done done) override {
    state_->stream.async_handshake(
        role_, [state = state_, done = std::move(done)](error_code error) mutable { done(error, 0); });
  }

  void read_some(boost::asio::mutable_buffer into, Done done) override {
    state_->stream.async_read_some(into, [state = state_, done = std::move(done)](
                                             error_code error, std::size_t n) mutable { done(error, n); });
  }

  void write(boost::asio::const_buffer data, Done done) override {
    boost::asio::async_write(state_->stream, data,
                             [state = state_, done = std::move(done)](
                                 error_code error, std::size_t n) mutable { done(error, n); });
  }

  void finish(Done done) override {
    state_->stream.async_shutdown(
        [state = state_, done = std::move(done)](error_code) mutable { done({}, 0); });
  }

  void close() override {
    error_code ignored;
    state_->stream.next_layer().close(ignored);
  }

 private:
  struct State {
    State(tcp::socket socket, ssl::context& c, std::shared_ptr<ssl::context> own)
        : context(std::move(own)), stream(std::move(socket), c) {}
    std::shared_ptr<ssl::context> context;
    ssl::stream<tcp::socket> stream;
  };
  // Shared with what is outstanding: an ssl::stream must not go while OpenSSL's buffers are in use.
  std::shared_ptr<State> state_;
  ssl::stream_base::handshake_type role_;
};

class PemIdentity final : public TlsIdentity {
 public:
  ssl::context context{ssl::context::tls_server};

  std::unique_ptr<ByteStream> wrap(tcp::socket socket) override {
    prepare_socket(socket);
    return std::make_unique<TlsStream>(std::move(socket), context, ssl::stream_base::server);
  }
};

void harden(ssl::context& context) {
  error_code ignored;
  context.set_options(ssl::context::default_workarounds | ssl::context::no_sslv2 | ssl::context::no_sslv3 |
                          ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1 | ssl::context::no_compression |
                          SSL_OP_NO_RENEGOTIATION,
                      ignored);
  // Idle connections give their record buffers back (some 34 KB each).
  SSL_CTX_set_mode(context.native_handle(), SSL_MODE_RELEASE_BUFFERS);
}

}  // namespace

Result<std::unique_ptr<TlsIdentity>> TlsIdentity::load(const std::string& certificate,
                                                       const std::string& key) {
  auto identity = std::make_unique<PemIdentity>();
  harden(identity->context);
  error_code error;
  identity->context.use_certificate_chain_file(certificate, error);
  if (error)
    return fail(ErrorCode::invalid,
                fmt::format("server.tls.certificate `{}` cannot be used: {}", certificate, error.message()));
  identity->context.use_private_key_file(key, ssl::context::pem, error);
  if (error)
    return fail(ErrorCode::invalid,
                fmt::format("server.tls.key `{}` cannot be used: {}", key, error.message()));
  if (SSL_CTX_check_private_key(identity->context.native_handle()) != 1)
    return fail(ErrorCode::invalid,
                fmt::format("server.tls.key `{}` is not the key of certificate `{}`", key, certificate));
  return identity;
}

Result<std::unique_ptr<ByteStream>> make_tls_client_stream(tcp::socket socket, const std::string& host,
                                                           const std::string& ca_file) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
  harden(*context);
  error_code error;
  if (ca_file.empty())
    context->set_default_verify_paths(error);
  else
    context->load_verify_file(ca_file, error);
  if (error)
    return fail(ErrorCode::invalid,
                fmt::format("certificates `{}` cannot be read: {}",
                            ca_file.empty() ? "of the system" : ca_file, error.message()));
  prepare_socket(socket);
  ssl::context& reference = *context;
  auto stream =
      std::make_unique<TlsStream>(std::move(socket), reference, ssl::stream_base::client, std::move(context));
  stream->stream().set_verify_mode(ssl::verify_peer, error);
  stream->stream().set_verify_callback(ssl::host_name_verification(host), error);
  SSL_set_tlsext_host_name(stream->stream().native_handle(), host.c_str());
  return stream;
}

}  // namespace troupe::net

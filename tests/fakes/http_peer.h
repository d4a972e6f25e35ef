#pragma once

#include "tests/fakes/peer_reply.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::fakes {

struct PeerOptions {
  bool tls = false;        ///< with a certificate for 127.0.0.1 and localhost, made now; see ca_file()
  bool keep_alive = true;  ///< false: every connection is closed after one answer
  std::size_t body_max = 64u << 20;
};

/// A real HTTP/1.1 server for tests, plain or TLS, on a free port of 127.0.0.1 and on a thread of its own:
/// whatever a server out there may do, PeerReply can say.
///
///   fakes::HttpPeer peer([](const fakes::PeerRequest& request) {
///     if (request.path == "/slow") return fakes::PeerReply::silence();
///     return fakes::PeerReply::json(R"({"hello":")" + std::string(request.param("name")) + "\"}");
///   });
///   client.fetch({.url = peer.url("/greet?name=x")}, stop) …
///   CHECK(peer.requests().at(0).header("user-agent") == "troupe");
///
/// The handler runs on the peer's thread, one call at a time; an exception from it is answered with 500 and
/// its text. All member functions may be called from any other thread. The wait_ functions block the caller,
/// so call them where nothing else has to happen on the calling thread; false after kMaxTestWait.
class HttpPeer {
 public:
  using Handler = std::function<PeerReply(const PeerRequest&)>;

  explicit HttpPeer(Handler handler, PeerOptions options = {});
  /// Closes every connection and joins the thread.
  ~HttpPeer();
  HttpPeer(const HttpPeer&) = delete;
  HttpPeer& operator=(const HttpPeer&) = delete;

  std::uint16_t port() const;
  /// "http://127.0.0.1:PORT" + path, or https.
  std::string url(std::string_view path = "/") const;
  /// The same under another name, such as "localhost".
  std::string url_as(std::string_view host, std::string_view path = "/") const;
  /// The authority that signed our certificate; "" without TLS.
  std::string ca_file() const;

  /// Replaces the handler for requests that arrive from now on.
  void answer(Handler handler);

  struct Counts {
    std::size_t connections = 0;  ///< accepted since the start
    std::size_t open = 0;         ///< of those, open now
    std::size_t requests = 0;     ///< read to their end since the start
    std::size_t held = 0;         ///< replies that wait for release()
    std::size_t answered = 0;     ///< replies sent to their end
  };
  Counts counts() const;
  std::size_t connections() const { return counts().connections; }
  std::size_t open() const { return counts().open; }
  /// Copies of all requests so far, in the order in which their last byte came.
  std::vector<PeerRequest> requests() const;

  bool wait(const std::function<bool(const Counts&)>& until) const;
  bool wait_for_requests(std::size_t at_least) const;
  bool wait_for_open(std::size_t exactly) const;
  bool wait_for_held(std::size_t at_least) const;

  /// Lets every reply go on that is held now.
  void release();
  /// Closes all connections, mid-answer or idle, without a goodbye.
  void drop_connections();
  /// Closes the listener and all connections: who connects now is refused.
  void down();
  /// Listens again on the same port.
  void up();

 private:
  struct Server;
  std::unique_ptr<Server> server_;
};

}  // namespace troupe::fakes

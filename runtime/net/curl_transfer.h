#pragma once

#include "runtime/async/one_shot.h"
#include "runtime/base/clock.h"
#include "runtime/net/curl_answer.h"
#include "runtime/net/curl_error.h"
#include "runtime/net/curl_library.h"
#include "runtime/net/curl_poller.h"
#include "runtime/net/http_client.h"
#include "runtime/net/outbound_guard.h"
#include "runtime/net/outbound_route.h"
#include "runtime/net/tls_roots.h"
#include "runtime/net/url.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::net {

/// What all transfers of a client have in common; outlives them. Constant.
struct CurlCommon {
  const Clock& clock;
  CurlPoller& poller;
  const OutboundGuard* guard = nullptr;  ///< null: any address
  std::string proxy;                     ///< for transfers that go through it
  const TlsRoots& roots;                 ///< loaded before an https transfer starts
};

/// One exchange to be made.
struct CurlOrder {
  const HttpRequest* request = nullptr;  ///< outlives the transfer, body included
  std::shared_ptr<const Url> url;
  BodySink* sink = nullptr;
  bool decompress = false;  ///< ask for gzip; otherwise for nothing, and undo it where it comes unasked
  bool follow = false;
  Route route;
};

/// Why we ended a transfer, as opposed to libcurl.
enum class Ended { no, stopped, idle, deadline, denied, unknown_peer, sent_before };

/// A libcurl easy handle that is used again and again: all that never changes is set once, an order sets the
/// rest, clear() takes out what the order brought (its body, its credentials). Loop thread only.
class CurlTransfer {
 public:
  explicit CurlTransfer(const CurlCommon& common);
  ~CurlTransfer();
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;

  void prepare(CurlOrder order);
  void clear();

  /// Ends it: callbacks that are still to come answer libcurl with an abort. The first reason stays.
  void end(Ended why) { ended_ = ended_ == Ended::no ? why : ended_; }
  Ended ended() const { return ended_; }
  /// Result of a transfer that libcurl has finished; CURLE_OK when libcurl has not.
  CURLcode code() const { return code_; }
  void finish(CURLcode code);

  CurlAnswer& answer() { return answer_; }
  const CurlAnswer& answer() const { return answer_; }
  const std::optional<Error>& denial() const { return denial_; }  ///< with Ended::denied
  CurlFailure failure() const;
  Instant last_byte() const { return last_byte_; }
  /// The TLS connection ended a body that only its end can end, and did not say goodbye: it may have been
  /// cut.
  bool truncated() const { return goodbye_ == Goodbye::awaited && code_ == CURLE_OK; }
  CURL* handle() const { return easy_; }

  /// Passes on what libcurl brought of the body. Not from inside libcurl. False: it has ended, see answer().
  bool hand_over();

  // Of the shard it is added to, while it is
  bool added = false;
  OneShot<bool>* done = nullptr;
  std::vector<CurlTransfer*>* news = nullptr;  ///< where it says that it has something to hand over

 private:
  enum class Goodbye { irrelevant, awaited, heard };
  struct FreeList {
    void operator()(curl_slist* list) const { curl().slist_free_all(list); }
  };
  using List = std::unique_ptr<curl_slist, FreeList>;

  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);
  static curl_socket_t on_open(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int on_close(void* poller, curl_socket_t socket);
  static CURLcode on_handshake(CURL* easy, void* context, void* self);
  static int on_sending(void* self, char* peer_ip, char* local_ip, int peer_port, int local_port);

  void set_constants();
  void set_method(const HttpRequest& request);
  void set_headers(const HttpRequest& request);
  void set_coding(bool decompress);
  void set_route(bool proxied);
  void set_addresses();
  bool admits(const Address& address);
  void listen_for_goodbye();

  const CurlCommon& common_;
  CURL* easy_;
  char error_text_[CURL_ERROR_SIZE] = {};
  // What the handle is set to, beyond one order
  bool decompress_ = false;
  bool proxied_ = false;
  List resolve_list_;
  std::string resolve_key_;
  std::uint64_t resolve_generation_ = 0;
  // Of the order
  CurlOrder order_;
  List headers_;
  CurlAnswer answer_;
  Ended ended_ = Ended::no;
  CURLcode code_ = CURLE_OK;
  std::optional<Error> denial_;
  std::string peer_;
  int open_error_ = 0;
  int sent_ = 0;
  bool handshake_ = false;  // TCP stands, TLS has begun
  Goodbye goodbye_ = Goodbye::irrelevant;
  Instant last_byte_;
};

}  // namespace troupe::net

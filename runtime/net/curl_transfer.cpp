#include "runtime/net/curl_transfer.h"

#include "runtime/base/ascii.h"
#include "runtime/net/http_rules.h"

#include <algorithm>
#include <cerrno>
#include <new>

#include <fmt/format.h>
#include <openssl/ssl.h>

namespace troupe::net {
namespace {

template <class T>
void set(CURL* easy, CURLoption option, T value) {
  curl().easy_setopt(easy, option, value);
}

/// Where OpenSSL keeps our flag with a connection.
int goodbye_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

}  // namespace

CurlTransfer::CurlTransfer(const CurlCommon& common) : common_(common), easy_(curl().easy_init()) {
  if (!easy_) throw std::bad_alloc();
  set_constants();
}

CurlTransfer::~CurlTransfer() {
  curl().easy_cleanup(easy_);
}

void CurlTransfer::set_constants() {
  set(easy_, CURLOPT_PRIVATE, this);
  set(easy_, CURLOPT_NOSIGNAL, 1L);
  set(easy_, CURLOPT_QUICK_EXIT, 1L);
  set(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  set(easy_, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
  set(easy_, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(easy_, CURLOPT_ERRORBUFFER, error_text_);
  set(easy_, CURLOPT_USERAGENT, "troupe");
  set(easy_, CURLOPT_TCP_KEEPALIVE, 1L);
  // "" and not null: null would let http_proxy and no_proxy of the environment decide where keys travel.
  set(easy_, CURLOPT_PROXY, "");
  set(easy_, CURLOPT_NOPROXY, "");
  set(easy_, CURLOPT_ACCEPT_ENCODING, "identity");
  // Resolver decides how long an address is good; an entry must only outlive the generation it was made for.
  set(easy_, CURLOPT_DNS_CACHE_TIMEOUT, 3600L);
  set(easy_, CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
  // Authorities come with on_handshake; libcurl would read them again for every connection.
  set(easy_, CURLOPT_CAINFO, static_cast<char*>(nullptr));
  set(easy_, CURLOPT_CAPATH, static_cast<char*>(nullptr));
  set(easy_, CURLOPT_HEADERFUNCTION, &on_header);
  set(easy_, CURLOPT_HEADERDATA, this);
  set(easy_, CURLOPT_WRITEFUNCTION, &on_body);
  set(easy_, CURLOPT_WRITEDATA, this);
  set(easy_, CURLOPT_OPENSOCKETFUNCTION, &on_open);
  set(easy_, CURLOPT_OPENSOCKETDATA, this);
  set(easy_, CURLOPT_CLOSESOCKETFUNCTION, &on_close);
  set(easy_, CURLOPT_CLOSESOCKETDATA, &common_.poller);  // a connection outlives the transfer that opened it
  set(easy_, CURLOPT_SSL_CTX_FUNCTION, &on_handshake);
  set(easy_, CURLOPT_SSL_CTX_DATA, this);
  set(easy_, CURLOPT_PREREQFUNCTION, &on_sending);
  set(easy_, CURLOPT_PREREQDATA, this);
}

void CurlTransfer::prepare(CurlOrder order) {
  order_ = std::move(order);
  const HttpRequest& request = *order_.request;
  set(easy_, CURLOPT_CURLU, order_.url->handle());
  set(easy_, CURLOPT_CONNECTTIMEOUT_MS,
      static_cast<long>(std::max<std::int64_t>(1, request.connect_timeout.count())));
  set_method(request);
  set_headers(request);
  set_coding(order_.decompress);
  set_route(order_.route.proxied);
  set_addresses();

  answer_.start({.sink = order_.sink,
                 .body_max = request.body_max,
                 .bodyless = request.method == "HEAD",
                 .follow = order_.follow});
  error_text_[0] = '\0';
  ended_ = Ended::no;
  code_ = CURLE_OK;
  denial_.reset();
  peer_.clear();
  open_error_ = 0;
  sent_ = 0;
  handshake_ = false;
  goodbye_ = Goodbye::irrelevant;
  last_byte_ = common_.clock.now();
}

void CurlTransfer::clear() {
  set(easy_, CURLOPT_CURLU, static_cast<CURLU*>(nullptr));
  set(easy_, CURLOPT_POSTFIELDS, static_cast<char*>(nullptr));
  set(easy_, CURLOPT_HTTPHEADER, static_cast<curl_slist*>(nullptr));
  headers_.reset();
  answer_.start({});
  order_ = CurlOrder();
  // A transfer that ended early may not have handed its addresses to libcurl.
  if (code_ != CURLE_OK || ended_ != Ended::no) resolve_key_.clear();
}

void CurlTransfer::set_method(const HttpRequest& request) {
  const std::string& method = request.method;
  set(easy_, CURLOPT_HTTPGET, 1L);
  const bool sends_body = !request.body.empty() || method == "POST" || method == "PUT" || method == "PATCH";
  if (sends_body) {
    set(easy_, CURLOPT_POST, 1L);
    set(easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    set(easy_, CURLOPT_POSTFIELDS, request.body.c_str());
  } else if (method == "HEAD") {
    set(easy_, CURLOPT_NOBODY, 1L);
  }
  const bool spelled_out = method != "HEAD" && method != (sends_body ? "POST" : "GET");
  set(easy_, CURLOPT_CUSTOMREQUEST, spelled_out ? method.c_str() : nullptr);
}

void CurlTransfer::set_headers(const HttpRequest& request) {
  curl_slist* list =
      curl().slist_append(nullptr, "Expect:");  // a wait of a second for large contexts, for nothing
  bool typed = false;
  std::string line;
  for (const auto& [name, value] : request.headers) {
    typed = typed || same_but_case(name, "content-type");
    line = name;
    line += value.empty() ? ";" : ": ";  // libcurl reads "Name:" as a wish to leave the header out
    line += value;
    list = curl().slist_append(list, line.c_str());
  }
  if (!typed) list = curl().slist_append(list, "Content-Type:");
  headers_.reset(list);
  set(easy_, CURLOPT_HTTPHEADER, list);
}

void CurlTransfer::set_coding(bool decompress) {
  if (decompress == decompress_) return;
  set(easy_, CURLOPT_ACCEPT_ENCODING, decompress ? "gzip, deflate" : "identity");
  decompress_ = decompress;
}

void CurlTransfer::set_route(bool proxied) {
  if (proxied == proxied_) return;
  set(easy_, CURLOPT_PROXY, proxied ? common_.proxy.c_str() : "");
  proxied_ = proxied;
}

void CurlTransfer::set_addresses() {
  Route& route = order_.route;
  if (route.generation == resolve_generation_ && route.resolve == resolve_key_) {
    set(easy_, CURLOPT_RESOLVE, static_cast<curl_slist*>(nullptr));
    return;
  }
  resolve_list_.reset(route.resolve.empty() ? nullptr : curl().slist_append(nullptr, route.resolve.c_str()));
  set(easy_, CURLOPT_RESOLVE, resolve_list_.get());
  resolve_key_ = std::move(route.resolve);
  resolve_generation_ = route.generation;
}

void CurlTransfer::finish(CURLcode code) {
  code_ = code;
}

CurlFailure CurlTransfer::failure() const {
  long os_error = open_error_;
  if (os_error == 0) curl().easy_getinfo(easy_, CURLINFO_OS_ERRNO, &os_error);
  return CurlFailure{.code = code_,
                     .os_error = static_cast<int>(os_error),
                     .detail = error_text_,
                     .host = order_.url->host(),
                     .peer = peer_,
                     .proxied = order_.route.proxied,
                     .connected = handshake_,
                     .head_complete = answer_.head_complete(),
                     .body_bytes = answer_.body_bytes(),
                     .connect_timeout = order_.request->connect_timeout};
}

std::size_t CurlTransfer::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  auto* transfer = static_cast<CurlTransfer*>(self);
  if (transfer->ended_ != Ended::no) return CURL_WRITEFUNC_ERROR;
  transfer->last_byte_ = transfer->common_.clock.now();
  const bool complete_before = transfer->answer_.head_complete();
  if (!transfer->answer_.on_header_line({data, size * count})) return CURL_WRITEFUNC_ERROR;
  if (!complete_before && transfer->answer_.ends_with_connection()) transfer->listen_for_goodbye();
  return transfer->ended_ == Ended::no ? size * count : CURL_WRITEFUNC_ERROR;
}

std::size_t CurlTransfer::on_body(char* data, std::size_t size, std::size_t count, void* self) {
  auto* transfer = static_cast<CurlTransfer*>(self);
  if (transfer->ended_ != Ended::no) return CURL_WRITEFUNC_ERROR;
  if (!transfer->answer_.has_news()) {
    transfer->last_byte_ = transfer->common_.clock.now();
    if (transfer->news) transfer->news->push_back(transfer);
  }
  const bool goes_on = transfer->answer_.on_body({data, size * count});
  // The sink may have requested a stop: then the connection is to close now, not with the next byte.
  return goes_on && transfer->ended_ == Ended::no ? size * count : CURL_WRITEFUNC_ERROR;
}

bool CurlTransfer::hand_over() {
  return ended_ == Ended::no && answer_.verdict() == CurlAnswer::Verdict::fine && answer_.hand_over();
}

/// The guard's word on an address; remembers a refusal, which ends the transfer.
bool CurlTransfer::admits(const Address& address) {
  if (!common_.guard || order_.route.proxied) return true;  // through a proxy the peer is the operator's own
  auto verdict = common_.guard->check_address(order_.url->host(), address);
  if (verdict) return true;
  if (!denial_) denial_ = std::move(verdict.error());
  end(Ended::denied);
  return false;
}

/// Every new connection comes by here with the address that will be connected to.
curl_socket_t CurlTransfer::on_open(void* self, curlsocktype, curl_sockaddr* address) {
  auto* transfer = static_cast<CurlTransfer*>(self);
  const auto where = Address::from(&address->addr);
  if (!where || transfer->ended_ != Ended::no || !transfer->admits(*where)) return CURL_SOCKET_BAD;
  // sin_port and sin6_port lie at the same place, in network order.
  const auto* bytes = reinterpret_cast<const unsigned char*>(address->addr.sa_data);
  transfer->peer_ = with_port(*where, static_cast<std::uint16_t>(bytes[0] << 8 | bytes[1]));
  const curl_socket_t socket =
      transfer->common_.poller.open(address->family, address->socktype, address->protocol);
  transfer->open_error_ = socket == CURL_SOCKET_BAD ? errno : 0;
  return socket;
}

int CurlTransfer::on_close(void* poller, curl_socket_t socket) {
  return static_cast<CurlPoller*>(poller)->close(socket);
}

CURLcode CurlTransfer::on_handshake(CURL*, void* context, void* self) {
  auto* transfer = static_cast<CurlTransfer*>(self);
  transfer->handshake_ = true;
  SSL_CTX_set1_cert_store(static_cast<SSL_CTX*>(context), transfer->common_.roots.store());
  return CURLE_OK;
}

/// Before each sending of the request, on a new connection or a kept one: on_open is not asked about those.
int CurlTransfer::on_sending(void* self, char* peer_ip, char*, int peer_port, int) {
  auto* transfer = static_cast<CurlTransfer*>(self);
  if (transfer->ended_ != Ended::no) return CURL_PREREQFUNC_ABORT;
  const auto address = Address::parse(peer_ip);
  if (address) transfer->peer_ = with_port(*address, static_cast<std::uint16_t>(peer_port));
  if (!address || !transfer->admits(*address)) {
    if (!address) transfer->end(Ended::unknown_peer);
    return CURL_PREREQFUNC_ABORT;
  }
  // libcurl sends again when a kept connection closes without an answer. The peer may have acted on the
  // first.
  if (transfer->sent_++ > 0 && !is_idempotent(transfer->order_.request->method)) {
    transfer->end(Ended::sent_before);
    return CURL_PREREQFUNC_ABORT;
  }
  return CURL_PREREQFUNC_OK;
}

/// libcurl takes the end of a TLS connection without close_notify for the end of the body, so that a cut
/// looks like success (RFC 9112 9.8 asks to tell them apart). OpenSSL tells us when the goodbye comes.
void CurlTransfer::listen_for_goodbye() {
  if (!order_.url->is_https()) return;
  curl_tlssessioninfo* session = nullptr;
  if (curl().easy_getinfo(easy_, CURLINFO_TLS_SSL_PTR, &session) != CURLE_OK || !session ||
      session->backend != CURLSSLBACKEND_OPENSSL || !session->internals)
    return;
  auto* tls = static_cast<SSL*>(session->internals);
  goodbye_ = Goodbye::awaited;
  SSL_set_ex_data(tls, goodbye_index(), &goodbye_);
  SSL_set_info_callback(tls, [](const SSL* connection, int where, int what) {
    const bool alert_read = (where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT;
    auto* goodbye = static_cast<Goodbye*>(SSL_get_ex_data(connection, goodbye_index()));
    if (alert_read && (what & 0xff) == SSL_AD_CLOSE_NOTIFY) *goodbye = Goodbye::heard;
  });
}

}  // namespace troupe::net

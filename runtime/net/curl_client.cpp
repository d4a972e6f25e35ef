#include "runtime/net/curl_client.h"

#include "runtime/async/one_shot.h"
#include "runtime/base/context.h"
#include "runtime/net/curl_error.h"
#include "runtime/telemetry/log.h"

#include <algorithm>
#include <cassert>
#include <cctype>

#include <fmt/format.h>

namespace troupe::net {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kShardLoad = 64;  // exchanges before another shard is opened: libcurl scans linearly
constexpr std::size_t kShards = 16;
constexpr std::size_t kUrls = 256;
constexpr auto kIdleShard = 120s;  // libcurl does not use a connection again that is older
constexpr auto kSweep = 30s;

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) {
    return std::isalnum(c) ||
           std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

/// A line end in a header would be a header of the attacker's choice. Values are not shown: they may be
/// secret.
Result<> check_request(const HttpRequest& request) {
  if (!is_token(request.method) || request.method.size() > 32)
    return fail(ErrorCode::invalid, "the HTTP method is not a word");
  for (const auto& [name, value] : request.headers) {
    if (!is_token(name))
      return fail(ErrorCode::invalid, "a header's name holds characters that no name may hold");
    if (value.find_first_of(std::string_view("\r\n\0", 3)) != value.npos)
      return fail(ErrorCode::invalid,
                  fmt::format("the value of the header {} holds a line end or a zero byte", name));
    const std::string known = lower(name);
    if (known == "content-length" || known == "transfer-encoding")
      return fail(ErrorCode::invalid, fmt::format("the header {} is the client's own to write", name));
  }
  return {};
}

/// What another host may see after a redirect. Everything else may be a key under a provider's own name.
bool travels(std::string_view header) {
  static constexpr std::string_view kHarmless[] = {"accept",       "accept-language", "cache-control",
                                                   "content-type", "if-none-match",   "if-modified-since",
                                                   "range",        "user-agent"};
  return std::ranges::find(kHarmless, lower(header)) != std::end(kHarmless);
}

/// Collects an answer for fetch().
class WholeBody final : public BodySink {
 public:
  bool on_data(std::string_view bytes) override {
    body.append(bytes);
    return true;
  }
  std::string body;
};

}  // namespace

/// One call of fetch() or stream(), over all its hops.
struct CurlClient::Exchange {
  HttpRequest request;
  BodySink& sink;
  Stop& stop;
  bool decompress;
  std::shared_ptr<const Url> url{};
  Instant begun{};

  std::string what() const {
    return fmt::format("{} {}", request.method, url ? url->display() : redacted_url(request.url));
  }
};

/// A transfer for the length of a hop; gives it back also when the coroutine is destroyed half-way.
struct CurlClient::Lease {
  explicit Lease(CurlShard& s) : shard(s), transfer(s.acquire()) {}
  ~Lease() { shard.release(transfer); }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  CurlShard& shard;
  CurlTransfer& transfer;
};

CurlClient::CurlClient(Loop& loop, NetworkSettings settings, Guarding guarding, Resolver::Lookup lookup)
    : loop_(loop),
      settings_(std::move(settings)),
      guarding_(guarding),
      resolver_(loop, std::move(lookup)),
      roots_(loop, settings_.ca_file),
      poller_(loop, [this] { settle(); }),
      common_{.clock = loop.clock(),
              .poller = poller_,
              .guard = guarding == Guarding::guarded ? &guard_ : nullptr,
              .proxy = settings_.proxy,
              .roots = roots_} {
  // The configuration has checked both with a place to point at; a caller that did not gets the strict
  // reading.
  if (auto guard = OutboundGuard::make(settings_.allow_private))
    guard_ = std::move(*guard);
  else
    log::error("network.allow_private is ignored", {{"error", guard.error().message}});
  if (!settings_.proxy.empty()) {
    auto proxy = parse_proxy(settings_.proxy);
    if (proxy)
      proxy_.emplace(std::move(*proxy));
    else
      proxy_error_ = proxy.error().message;
  }
}

CurlClient::~CurlClient() {
  *alive_ = false;
  kicked_ = true;  // closing connections makes libcurl wish for things
}

std::unique_ptr<HttpClient> make_curl_client(Loop& loop, NetworkSettings settings, Guarding guarding) {
  return std::make_unique<CurlClient>(loop, std::move(settings), guarding);
}

Task<Result<HttpResponse>> CurlClient::fetch(HttpRequest request, Stop& stop) {
  WholeBody body;
  Exchange exchange{std::move(request), body, stop, true};
  Result<HttpHead> head = co_await run(exchange);
  if (!head) co_return fail(std::move(head.error()));
  HttpResponse response;
  static_cast<HttpHead&>(response) = std::move(*head);
  response.body = std::move(body.body);
  co_return response;
}

Task<Result<HttpHead>> CurlClient::stream(HttpRequest request, BodySink& sink, Stop& stop) {
  Exchange exchange{std::move(request), sink, stop, false};
  co_return co_await run(exchange);
}

Task<Result<HttpHead>> CurlClient::run(Exchange& exchange) {
  auto url = parse(exchange.request.url);
  if (!url) co_return within(exchange.request.method, std::move(url.error()));
  exchange.url = std::move(*url);
  if (auto valid = check_request(exchange.request); !valid)
    co_return within(exchange.what(), std::move(valid.error()));
  if (in_flight_ >= limits::kTransfers)
    co_return fail(Error{ErrorCode::busy,
                         fmt::format("{}: {} exchanges are in flight already", exchange.what(), in_flight_),
                         true});

  struct Count {
    explicit Count(std::size_t& n) : count(n) { ++count; }
    ~Count() { --count; }
    std::size_t& count;
  } counted(in_flight_);
  exchange.begun = loop_.clock().now();
  // A day is as good as for ever, and does not overflow when it is added to an instant.
  exchange.request.idle_timeout = std::clamp<Milliseconds>(exchange.request.idle_timeout, 1ms, 24h);
  exchange.request.connect_timeout = std::clamp<Milliseconds>(exchange.request.connect_timeout, 1ms, 24h);
  for (int redirects = 0;; ++redirects) {
    Result<Hop> done = co_await hop(exchange);
    if (!done) co_return within(exchange.what(), std::move(done.error()));
    if (done->location.empty()) co_return std::move(done->head);
    if (redirects == exchange.request.redirects_max)
      co_return fail(ErrorCode::protocol,
                     fmt::format("{}: gave up after {} redirects", exchange.what(), redirects));
    auto ready = redirect(exchange, *done);
    if (!ready) co_return within(exchange.what(), std::move(ready.error()));
  }
}

/// Turns the exchange into the one that the answer pointed to (RFC 9110 15.4).
Result<> CurlClient::redirect(Exchange& exchange, const Hop& hop) {
  auto next = exchange.url->resolve(hop.location);
  if (!next) return within("redirected", std::move(next.error()));
  HttpRequest& request = exchange.request;
  const int status = hop.head.status;
  if ((status == 303 && request.method != "HEAD") ||
      ((status == 301 || status == 302) && request.method == "POST")) {
    request.method = "GET";
    request.body.clear();
    std::erase_if(request.headers, [](const auto& h) { return lower(h.first).starts_with("content-"); });
  }
  if (!next->same_origin(*exchange.url))
    std::erase_if(request.headers, [](const auto& h) { return !travels(h.first); });
  exchange.url = std::make_shared<const Url>(std::move(*next));
  request.url = exchange.url->text();
  return {};
}

Task<Result<CurlClient::Hop>> CurlClient::hop(Exchange& exchange) {
  if (exchange.stop.requested()) co_return fail(stopped("before it was sent", exchange.stop.reason()));
  if (exchange.request.deadline.expired(loop_.clock().now()))
    co_return fail(Error{ErrorCode::timeout, "not sent: its deadline had passed"});
  const bool speaks_tls = exchange.url->is_https() || settings_.proxy.starts_with("https:");
  if (speaks_tls && !roots_.store()) {
    if (auto loaded = co_await roots_.load(exchange.stop); !loaded) co_return fail(std::move(loaded.error()));
  }
  const bool proxied = goes_through_proxy(*exchange.url);
  std::uint64_t generation = 0;
  Result<std::string> entry = co_await addresses(exchange, proxied, generation);
  if (!entry) co_return fail(std::move(entry.error()));

  Lease lease(shard_for_next());
  lease.transfer.prepare({.request = &exchange.request,
                          .url = exchange.url,
                          .sink = &exchange.sink,
                          .decompress = exchange.decompress,
                          .follow = exchange.request.redirects_max > 0,
                          .proxied = proxied,
                          .resolve = std::move(*entry),
                          .resolve_generation = generation});
  OneShot<bool> done(loop_);
  if (!lease.shard.start(lease.transfer, done))
    co_return fail(ErrorCode::internal, "libcurl refused the transfer");
  auto hook = exchange.stop.on_request([&] { lease.shard.stop(lease.transfer, Ended::stopped); });
  Loop::Alarm alarm;
  watch(exchange, lease.transfer, lease.shard, alarm);
  co_await done.wait();
  alarm.reset();
  hook.reset();
  sweep_later();
  co_return outcome(exchange, lease.transfer);
}

/// Keeps one alarm for both the silence and the deadline. A byte only moves a number: the alarm looks at it
/// when it rings, and is set again for what is left.
void CurlClient::watch(Exchange& exchange, CurlTransfer& transfer, CurlShard& shard, Loop::Alarm& alarm) {
  const Instant silent = transfer.last_byte() + exchange.request.idle_timeout;
  const Instant next = std::min(silent, exchange.request.deadline.at());
  alarm = loop_.at(next, [this, &exchange, &transfer, &shard, &alarm] {
    const Instant now = loop_.clock().now();
    if (exchange.request.deadline.expired(now)) return shard.stop(transfer, Ended::deadline);
    if (now - transfer.last_byte() >= exchange.request.idle_timeout) return shard.stop(transfer, Ended::idle);
    watch(exchange, transfer, shard, alarm);
  });
}

Result<CurlClient::Hop> CurlClient::outcome(Exchange& exchange, CurlTransfer& transfer) {
  using Verdict = CurlAnswer::Verdict;
  CurlAnswer& answer = transfer.answer();
  if (answer.verdict() == Verdict::sink_threw) std::rethrow_exception(answer.thrown());
  if (transfer.ended() != Ended::no) return fail(ended(exchange, transfer));
  switch (answer.verdict()) {
    case Verdict::head_too_large:
      return fail(ErrorCode::too_large,
                  fmt::format("the answer's headers are larger than {} bytes", limits::kAnswerHeadBytes));
    case Verdict::body_too_large:
      return fail(ErrorCode::too_large,
                  fmt::format("the answer is larger than the {} bytes allowed", exchange.request.body_max));
    case Verdict::fine:
      if (transfer.truncated())
        return fail(
            Error{ErrorCode::network,
                  fmt::format("{} cut the TLS connection after {} bytes of an answer without a length",
                              exchange.url->host(), answer.body_bytes()),
                  true});
      if (transfer.code() != CURLE_OK) return fail(describe(transfer.failure()));
      break;
    default:
      break;  // the sink had enough, or a redirect's body was not worth reading
  }
  Hop hop{.location = std::string(answer.location())};
  hop.head = answer.take_head();
  hop.head.url = exchange.url->text();
  return hop;
}

Error CurlClient::ended(const Exchange& exchange, const CurlTransfer& transfer) const {
  const std::size_t bytes = transfer.answer().body_bytes();
  switch (transfer.ended()) {
    case Ended::denied:
      return *transfer.denial();
    case Ended::unknown_peer:
      return Error{ErrorCode::denied, "the address of the peer cannot be told, so it cannot be judged"};
    case Ended::idle:
      return Error{ErrorCode::timeout,
                   fmt::format("no byte for {}, after {} bytes of the answer",
                               spoken(exchange.request.idle_timeout), bytes),
                   true};
    case Ended::deadline: {
      const auto spent = std::chrono::duration_cast<Milliseconds>(loop_.clock().now() - exchange.begun);
      return Error{
          ErrorCode::timeout,
          fmt::format("its deadline passed after {}, with {} bytes of the answer", spoken(spent), bytes)};
    }
    case Ended::sent_before:
      return Error{ErrorCode::network,
                   fmt::format("the kept connection closed before an answer came, and a {} is not sent twice",
                               exchange.request.method),
                   true};
    default:
      return stopped("waiting for the answer", exchange.stop.reason());
  }
}

bool CurlClient::goes_through_proxy(const Url& url) const {
  if (settings_.proxy.empty()) return false;
  const bool local = url.host() == "localhost" || url.host().ends_with(".localhost") ||
                     (url.address() && refusing_rule(*url.address()).starts_with("loopback"));
  return !local && !guard_.excepts(url.host()) && !(url.address() && guard_.excepts(*url.address()));
}

/// Resolves and judges. Gives the line for libcurl's own cache, "" when there is nothing to resolve.
Task<Result<std::string>> CurlClient::addresses(Exchange& exchange, bool proxied, std::uint64_t& generation) {
  const Url& url = *exchange.url;
  if (guarding_ == Guarding::guarded) {
    if (auto ok = guard_.check_host(url.host()); !ok) co_return fail(std::move(ok.error()));
  }
  Result<Resolved> resolved = Resolved();
  if (!url.address() && (!proxied || guarding_ == Guarding::guarded)) {
    resolved = co_await resolve(exchange, url.host());
    // Behind a proxy this machine may know no outside names at all; then the proxy's own policy decides.
    if (!resolved && (!proxied || exchange.stop.requested())) co_return fail(std::move(resolved.error()));
    if (resolved) {
      if (auto ok = judge(url, *resolved); !ok) co_return fail(std::move(ok.error()));
    }
  }
  if (proxied ? proxy_->address : url.address()) co_return std::string();
  if (proxied) resolved = co_await resolve(exchange, proxy_->host);
  if (!resolved) co_return within("the proxy of network.proxy", std::move(resolved.error()));
  generation = resolved->generation;
  std::string entry =
      fmt::format("+{}:{}:", proxied ? proxy_->host : url.host(), proxied ? proxy_->port : url.port());
  for (const Address& address : *resolved->addresses) {
    entry += entry.ends_with(':') ? "" : ",";
    entry += address.is_v4() ? address.text() : "[" + address.text() + "]";
  }
  co_return entry;
}

/// One refused address refuses the name: a mixture is what an attempt to slip through looks like.
Result<> CurlClient::judge(const Url& url, const Resolved& resolved) const {
  if (guarding_ != Guarding::guarded) return {};
  for (const Address& address : *resolved.addresses) {
    if (auto ok = guard_.check_address(url.host(), address); !ok) return ok;
  }
  return {};
}

/// A look-up that takes no longer than a connect may.
Task<Result<Resolved>> CurlClient::resolve(Exchange& exchange, std::string host) {
  if (auto known = resolver_.known(host)) co_return *known;
  Stop waiting(exchange.stop);
  const Instant limit = loop_.clock().now() + exchange.request.connect_timeout;
  auto alarm = loop_.at(std::min(limit, exchange.request.deadline.at()),
                        [&] { waiting.request(StopReason::deadline); });
  Result<Resolved> resolved = co_await resolver_.resolve(host, waiting);
  if (!resolved && waiting.requested() && !exchange.stop.requested()) {
    const bool late = exchange.request.deadline.expired(loop_.clock().now());
    const auto spent = std::chrono::duration_cast<Milliseconds>(loop_.clock().now() - exchange.begun);
    co_return fail(Error{
        ErrorCode::timeout,
        late ? fmt::format("resolve {}: no answer when the deadline passed after {}", host, spoken(spent))
             : fmt::format("resolve {}: no answer within {}", host, spoken(exchange.request.connect_timeout)),
        !late});
  }
  co_return resolved;
}

Result<std::shared_ptr<const Url>> CurlClient::parse(const std::string& text) {
  if (!proxy_error_.empty()) return fail(ErrorCode::invalid, proxy_error_);
  if (const auto known = urls_.find(text); known != urls_.end()) return known->second;
  auto url = Url::parse(text);
  if (!url) return fail(std::move(url.error()));
  if (urls_.size() >= kUrls) urls_.clear();  // model endpoints are back with their next request
  return urls_[text] = std::make_shared<const Url>(std::move(*url));
}

/// The first shard with room, so that at low load all requests share few connections.
CurlShard& CurlClient::shard_for_next() {
  for (auto& shard : shards_) {
    if (shard->in_flight() < kShardLoad) return *shard;
  }
  if (shards_.size() < kShards) {
    shards_.push_back(std::make_unique<CurlShard>(loop_, common_, [this] { kick(); }));
    return *shards_.back();
  }
  return **std::ranges::min_element(shards_, {}, [](const auto& shard) { return shard->in_flight(); });
}

/// One turn later, once for everything that was started in this one.
void CurlClient::kick() {
  if (std::exchange(kicked_, true)) return;
  loop_.post([this, alive = alive_] {
    if (!*alive) return;
    kicked_ = false;
    settle();
  });
}

void CurlClient::settle() {
  for (auto& shard : shards_) shard->settle();
}

void CurlClient::sweep_later() {
  if (std::exchange(sweeping_, true)) return;
  sweep_ = loop_.at(loop_.clock().now() + kSweep, [this] {
    sweeping_ = false;
    sweep();
  });
}

/// Closes shards that have been idle so long that their connections are of no more use.
void CurlClient::sweep() {
  const Instant now = loop_.clock().now();
  std::erase_if(shards_, [&](const auto& shard) {
    return shard->in_flight() == 0 && now - shard->idle_since() >= kIdleShard;
  });
  if (!shards_.empty()) sweep_later();
}

}  // namespace troupe::net

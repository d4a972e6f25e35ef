#include "runtime/net/curl_client.h"

#include "runtime/async/one_shot.h"
#include "runtime/base/context.h"
#include "runtime/net/curl_error.h"
#include "runtime/net/http_rules.h"

#include <algorithm>
#include <cassert>

#include <fmt/format.h>

namespace troupe::net {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kShardLoad = 64;  // exchanges before another shard is opened: libcurl scans linearly
constexpr std::size_t kShards = 16;
constexpr std::size_t kUrls = 256;
constexpr auto kIdleShard = 120s;  // libcurl does not use a connection again that is older
constexpr auto kSweep = 30s;

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
      routing_(loop, settings_, guarding, std::move(lookup)),
      roots_(loop, settings_.ca_file),
      poller_(loop, [this] { settle(); }),
      common_{.clock = loop.clock(),
              .poller = poller_,
              .guard = routing_.guard(),
              .proxy = settings_.proxy,
              .roots = roots_} {}

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
    auto next = follow_redirect(exchange.request, *exchange.url, done->head.status, done->location);
    if (!next) co_return within(exchange.what(), std::move(next.error()));
    exchange.url = std::make_shared<const Url>(std::move(*next));
  }
}

Task<Result<CurlClient::Hop>> CurlClient::hop(Exchange& exchange) {
  if (exchange.stop.requested()) co_return fail(stopped("before it was sent", exchange.stop.reason()));
  if (exchange.request.deadline.expired(loop_.clock().now()))
    co_return fail(Error{ErrorCode::timeout, "not sent: its deadline had passed"});
  const bool speaks_tls = exchange.url->is_https() || settings_.proxy.starts_with("https:");
  if (speaks_tls && !roots_.store()) {
    if (auto loaded = co_await roots_.load(exchange.stop); !loaded) co_return fail(std::move(loaded.error()));
  }
  Result<Route> route = co_await routing_.find(
      *exchange.url, {exchange.request.connect_timeout, exchange.request.deadline, exchange.stop});
  if (!route) co_return fail(std::move(route.error()));

  Lease lease(shard_for_next());
  lease.transfer.prepare({.request = &exchange.request,
                          .url = exchange.url,
                          .sink = &exchange.sink,
                          .decompress = exchange.decompress,
                          .follow = exchange.request.redirects_max > 0,
                          .route = std::move(*route)});
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

Result<std::shared_ptr<const Url>> CurlClient::parse(const std::string& text) {
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

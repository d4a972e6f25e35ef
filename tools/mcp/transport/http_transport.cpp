#include "tools/mcp/transport/http_transport.h"

#include "runtime/telemetry/log.h"
#include "tools/mcp/bounds.h"
#include "tools/mcp/transport/http_answer.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include <fmt/format.h>

namespace troupe::tools::mcp {

namespace {

constexpr const char* kOpened = "notifications/initialized";

Milliseconds pause_before_resuming(const HttpAnswer& answer) {
  return std::min<Milliseconds>(answer.retry().value_or(bounds::kRetryFirst), bounds::kRetryMax);
}

/// A session that is not known is to be told with 404; the first SDK of the protocol, and so most servers,
/// say it with 400 and in words.
bool forgets_session(const HttpAnswer& answer) {
  if (answer.status() == 404) return true;
  constexpr std::string_view kWord = "session";
  const auto alike = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; };
  return answer.status() == 400 && !std::ranges::search(answer.body(), kWord, alike).empty();
}

std::string without_answer(const HttpAnswer& answer) {
  if (!answer.problem().empty()) return answer.problem();
  if (answer.kind() != HttpAnswer::Kind::accepted) return "the server's answer ended without an answer";
  return fmt::format(
      "the server answered HTTP {} with {}, where application/json or text/event-stream is to come; check "
      "whether `url` is the address of its MCP endpoint",
      answer.status(), answer.type().empty() ? "nothing" : answer.type());
}

/// Whether the client failed before it had a connection: it names what it was about behind method and URL.
bool never_sent(const Error& error) {
  if (error.code != ErrorCode::network && error.code != ErrorCode::timeout) return false;
  std::string_view what = error.message;
  what.remove_prefix(std::min(what.size(), what.find(": ") + 2));
  for (const std::string_view step : {"connect to ", "resolve ", "the certificate of ",
                                      "the TLS handshake with ", "the handshake with ", "not sent"})
    if (what.starts_with(step)) return true;
  return false;
}

}  // namespace

struct HttpTransport::Exchange {
  Exchange(CallId id, Stop& parent) : call(id), stop(parent) {}

  CallId call;           ///< 0: nobody waits for an answer
  bool opening = false;  ///< its answer gives the session its name
  Stop stop;
  HttpAnswer answer;
  std::string last_event_id;
  bool told = false;  ///< that messages wait for delivery
};

/// Puts what comes into the answer, and has it delivered on a later turn: a sink must not call the client,
/// which those who are told may do.
class HttpTransport::Sink final : public net::BodySink {
 public:
  Sink(HttpTransport& transport, std::shared_ptr<Exchange> one)
      : transport_(transport), one_(std::move(one)) {}

  bool on_head(const net::HttpHead& head) override {
    one_->answer.head(head);
    return true;
  }
  bool on_data(std::string_view bytes) override {
    const bool more = one_->answer.data(bytes);
    if (!std::exchange(one_->told, true))
      transport_.loop_.post([transport = &transport_, weak = std::weak_ptr(one_)] {
        // While the exchange lives its coroutine does, and with it the transport.
        if (const auto one = weak.lock()) transport->deliver(one);
      });
    return more;
  }

 private:
  HttpTransport& transport_;
  std::shared_ptr<Exchange> one_;
};

HttpTransport::HttpTransport(Loop& loop, net::HttpClient& http, const ServerSettings& settings,
                             TransportEvents& events)
    : loop_(loop), http_(http), settings_(settings), events_(events), nursery_(loop) {}
HttpTransport::~HttpTransport() = default;

net::HttpRequest HttpTransport::request(std::string method, std::string version) const {
  net::HttpRequest request{.method = std::move(method), .url = settings_.url};
  request.idle_timeout = bounds::kStreamIdle;
  request.body_max = bounds::kStream;
  for (const auto& [name, value] : settings_.headers) request.headers.emplace_back(name, value);
  if (!version.empty()) request.headers.emplace_back("MCP-Protocol-Version", std::move(version));
  if (!session_.empty()) request.headers.emplace_back("Mcp-Session-Id", session_);
  return request;
}

void HttpTransport::send(Send message) {
  if (closing_.requested() || gone_) return;
  if (holding_) return held_.push_back(std::move(message));
  holding_ = message.method == kOpened;
  begin(std::move(message));
}

void HttpTransport::begin(Send message) {
  // What nobody waits for, such as the end of a call, is said to its end also when the connection ends.
  auto one = std::make_shared<Exchange>(message.call, message.call ? closing_ : hurrying_);
  one->opening = message.method == "initialize";
  if (message.call) exchanges_[message.call] = one;
  nursery_.spawn("a message to an MCP server",
                 [this, one, message = std::move(message)] { return exchange(one, message); });
}

void HttpTransport::release_held() {
  holding_ = false;
  for (Send& message : std::exchange(held_, {})) send(std::move(message));
}

Task<> HttpTransport::exchange(std::shared_ptr<Exchange> one, Send message) {
  net::HttpRequest post = request("POST", message.version);
  post.headers.emplace_back("Content-Type", "application/json");
  post.headers.emplace_back("Accept", "application/json, text/event-stream");
  if (message.modern) {
    if (!message.method.empty()) post.headers.emplace_back("Mcp-Method", message.method);
    if (!message.name.empty()) post.headers.emplace_back("Mcp-Name", message.name);
    for (const auto& header : message.params) post.headers.push_back(header);
  }
  post.body = std::move(message.text);
  if (!message.version.empty()) version_ = message.version;

  const auto fetched = co_await fetch(one, std::move(post));
  deliver(one);
  if (message.method == kOpened) release_held();
  const bool wanted = one->call && events_.waits_for(one->call) && !closing_.requested();
  if (one->answer.kind() == HttpAnswer::Kind::refused && !closing_.requested()) {
    if (forgets_session(one->answer) && !session_.empty() && !one->opening)
      gone(one->call);
    else if (wanted)
      events_.on_refused(one->call, one->answer.status(), one->answer.body());
    else if (!one->call)
      log::debug("an MCP server refused a notification",
                 {{"server", settings_.name}, {"status", one->answer.status()}});
  } else if (wanted && !one->last_event_id.empty()) {
    co_await resume(one);
  } else if (wanted && !fetched && never_sent(fetched.error())) {
    events_.on_unsent(one->call, fetched.error());
  } else if (wanted && !fetched) {
    events_.on_unanswered(one->call, fetched.error());
  } else if (wanted) {
    events_.on_unanswered(one->call, {.code = ErrorCode::protocol, .message = without_answer(one->answer)});
  }
  if (const auto found = exchanges_.find(one->call); found != exchanges_.end() && found->second == one)
    exchanges_.erase(found);
}

Task<Result<>> HttpTransport::fetch(std::shared_ptr<Exchange> one, net::HttpRequest request) {
  one->answer = HttpAnswer();
  Sink sink(*this, one);
  const auto head = co_await http_.stream(std::move(request), sink, one->stop);
  if (head) one->answer.finish();  // what was cut off is no message
  if (!one->answer.last_event_id().empty()) one->last_event_id = one->answer.last_event_id();
  if (!head) co_return fail(head.error());
  co_return Result<>{};
}

void HttpTransport::deliver(const std::shared_ptr<Exchange>& one) {
  one->told = false;
  if (one->opening && one->answer.kind() != HttpAnswer::Kind::refused) session_ = one->answer.session();
  for (const std::string& message : one->answer.take()) {
    if (closing_.requested() || gone_) return;
    events_.on_message(message);
  }
  // Some servers keep the stream of an answer open that they have given.
  if (one->call && !events_.waits_for(one->call)) one->stop.request(StopReason::cancelled);
}

Task<> HttpTransport::resume(std::shared_ptr<Exchange> one) {
  Milliseconds pause = pause_before_resuming(one->answer);
  for (int silent = 0; silent < bounds::kResumes;) {
    if (!co_await loop_.sleep_for(pause, one->stop)) co_return;
    net::HttpRequest get = request("GET", version_);
    get.headers.emplace_back("Accept", "text/event-stream");
    get.headers.emplace_back("Last-Event-ID", one->last_event_id);
    const auto fetched = co_await fetch(one, std::move(get));
    const bool refused = one->answer.kind() == HttpAnswer::Kind::refused;
    deliver(one);
    if (closing_.requested() || !events_.waits_for(one->call)) co_return;
    // It was looked at, by a server that is no more: it must not be sent again.
    if (refused && forgets_session(one->answer) && !session_.empty()) co_return gone(0);
    if (refused && one->answer.status() < 500) break;
    silent = one->answer.heard() ? 0 : silent + 1;
    pause = pause_before_resuming(one->answer);
  }
  events_.on_unanswered(one->call, {.code = ErrorCode::network,
                                    .message = "the connection broke, and the server did not take up the "
                                               "answer again"});
}

void HttpTransport::listen() {
  nursery_.spawn("what an MCP server says by itself", [this] { return hear(); });
}

Task<> HttpTransport::hear() {
  const auto one = std::make_shared<Exchange>(0, closing_);
  for (int silent = 0; silent < bounds::kResumes;) {
    net::HttpRequest get = request("GET", version_);
    get.headers.emplace_back("Accept", "text/event-stream");
    if (!one->last_event_id.empty()) get.headers.emplace_back("Last-Event-ID", one->last_event_id);
    co_await fetch(one, std::move(get));
    deliver(one);
    if (closing_.requested() || gone_) co_return;
    if (one->answer.kind() == HttpAnswer::Kind::refused) {
      if (forgets_session(one->answer) && !session_.empty()) co_return gone(0);
      if (one->answer.status() < 500) co_return;  // it offers none, which is well (405)
    }
    silent = one->answer.heard() ? 0 : silent + 1;
    if (!co_await loop_.sleep_for(pause_before_resuming(one->answer), closing_)) co_return;
  }
}

void HttpTransport::gone(CallId call) {
  if (std::exchange(gone_, true)) {
    if (call) events_.on_unanswered(call, {ErrorCode::network, "the server has forgotten our session"});
    return;
  }
  session_.clear();
  events_.on_session_gone(call);
}

void HttpTransport::abandon(CallId call) {
  const auto found = exchanges_.find(call);
  if (found == exchanges_.end()) return;
  const auto one = found->second;
  exchanges_.erase(found);
  // Not now: we may be inside of the client.
  loop_.post([weak = std::weak_ptr(one)] {
    if (const auto left = weak.lock()) left->stop.request(StopReason::cancelled);
  });
}

Task<> HttpTransport::close() {
  closing_.request(StopReason::shutdown);
  const auto until = Deadline::after(loop_.clock(), bounds::kFarewell);
  const auto alarm = loop_.at(until.at(), [this] { hurrying_.request(StopReason::shutdown); });
  co_await nursery_.join();
  if (session_.empty()) co_return;
  Stop stop;
  net::HttpRequest farewell = request("DELETE", version_);
  farewell.deadline = until;
  const auto answered = co_await http_.fetch(std::move(farewell), stop);  // a server may refuse (405)
  if (!answered)
    log::debug("a session could not be ended",
               {{"server", settings_.name}, {"why", answered.error().message}});
}

}  // namespace troupe::tools::mcp

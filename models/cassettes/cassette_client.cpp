#include "models/cassettes/cassette_client.h"

#include "models/cassettes/request_form.h"
#include "models/limits.h"
#include "models/retry_after.h"
#include "runtime/base/context.h"

#include <fmt/format.h>

namespace troupe::models {

namespace {

// Passes an answer on and keeps it, piece by piece.
class KeepingSink final : public net::BodySink {
 public:
  explicit KeepingSink(net::BodySink& sink) : sink_(sink) {}
  bool on_head(const net::HttpHead& head) override {
    kept.head = head;
    return go_on(sink_.on_head(head));
  }
  bool on_data(std::string_view bytes) override {
    kept.pieces.emplace_back(bytes);
    return go_on(sink_.on_data(bytes));
  }
  Exchange kept;

 private:
  bool go_on(bool more) {
    kept.closed = kept.closed || !more;
    return more;
  }
  net::BodySink& sink_;
};

// The whole answer.
class GatheringSink final : public net::BodySink {
 public:
  bool on_data(std::string_view bytes) override {
    body += bytes;
    return true;
  }
  std::string body;
};

// What the body of a refusal says about a wait: in words, as Google's retryDelay, or as the time that a model
// takes to load.
std::optional<std::chrono::milliseconds> wait_in(const net::HttpHead& head, const std::string& body) {
  if (auto said = retry_after(head, body, 0)) return said;
  const std::size_t at = body.find("\"retryDelay\"");
  if (at != std::string::npos) {
    const std::size_t digits = body.find_first_of("0123456789", at);
    if (digits != std::string::npos)
      return std::chrono::milliseconds(static_cast<long long>(std::atof(body.c_str() + digits) * 1000));
  }
  auto parsed = parse_json(body);
  const Json* time = parsed ? find(*parsed, "estimated_time") : nullptr;
  if (!time || !time->is_number() || time->get<double>() > 1e6) return std::nullopt;
  return std::chrono::milliseconds(static_cast<long long>(time->get<double>() * 1000));
}

// A wait that was waited for when it was recorded is over. One that nobody waits for is told again.
void forget_wait(net::HttpHead& head, const std::vector<std::string>& pieces) {
  if (head.status < 400) return;
  std::string body;
  for (const std::string& piece : pieces) body += piece;
  const auto wait = wait_in(head, body);
  if (!wait || *wait > limits::kRetryAfterMax) return;
  for (auto& [name, value] : head.headers)
    if (name == "retry-after" || name == "retry-after-ms") value = "0";
  if (head.header("retry-after-ms").empty()) head.headers.emplace_back("retry-after-ms", "0");
}

// What says something about the server, rather than about us.
bool worth_recording(const Error& error) {
  switch (error.code) {
    case ErrorCode::network:
    case ErrorCode::protocol:
    case ErrorCode::too_large:
      return true;
    case ErrorCode::timeout:
      return error.retryable;  // not the caller's deadline
    default:
      return false;
  }
}

}  // namespace

Task<Result<net::HttpHead>> CassetteClient::stream(net::HttpRequest request, net::BodySink& sink,
                                                   Stop& stop) {
  if (stop.requested()) co_return fail(stopped(title_, stop.reason()));
  Json form = request_form(request, tape_.secrets());
  const auto past = mode_ == Mode::replay ? Tape::Past::repeat : Tape::Past::good;
  if (const Exchange* known = tape_.find(form, past))
    co_return co_await play(*known, std::move(request.url), sink, stop);
  if (mode_ == Mode::replay)
    co_return fail(ErrorCode::unavailable, fmt::format("{}: {}", title_, tape_.explain_miss(form)));
  co_return co_await record(std::move(form), std::move(request), sink, stop);
}

Task<Result<net::HttpResponse>> CassetteClient::fetch(net::HttpRequest request, Stop& stop) {
  GatheringSink body;
  auto head = co_await stream(std::move(request), body, stop);
  if (!head) co_return fail(std::move(head.error()));
  net::HttpResponse response;
  static_cast<net::HttpHead&>(response) = std::move(*head);
  response.body = std::move(body.body);
  co_return response;
}

Task<Result<net::HttpHead>> CassetteClient::play(Exchange exchange, std::string url, net::BodySink& sink,
                                                 Stop& stop) {
  net::HttpHead& head = exchange.head;
  head.url = std::move(url);
  forget_wait(head, exchange.pieces);
  if (head.status != 0 && !sink.on_head(head)) co_return head;
  for (const std::string& piece : exchange.pieces) {
    if (stop.requested()) co_return fail(stopped(title_, stop.reason()));
    if (!sink.on_data(piece)) co_return head;
  }
  if (!exchange.end) co_return fail(std::move(exchange.end.error()));
  if (exchange.closed)
    co_return fail(ErrorCode::unavailable,
                   fmt::format("{}: the recording ends where its reader had enough, and this one wants more; "
                               "record the request again",
                               title_));
  co_return head;
}

Task<Result<net::HttpHead>> CassetteClient::record(Json form, net::HttpRequest request, net::BodySink& sink,
                                                   Stop& stop) {
  KeepingSink keeping(sink);
  Result<net::HttpHead> head = co_await http_.stream(std::move(request), keeping, stop);
  Exchange& kept = keeping.kept;
  // Who has enough of an answer, or of what it may cost, has read it; who is stopped otherwise has not.
  const bool enough = stop.requested() && stop.reason() == StopReason::budget && kept.head.status != 0;
  if (stop.requested() && !enough) co_return head;
  if (!head && !enough && !worth_recording(head.error())) co_return head;
  kept.request = std::move(form);
  kept.head.headers = kept_headers(kept.head, tape_.secrets());
  kept.closed = kept.closed || enough;
  if (!head && !enough) kept.end = fail(head.error());
  if (auto added = tape_.append(std::move(kept)); !added) co_return within(title_, std::move(added.error()));
  co_return head;
}

}  // namespace troupe::models

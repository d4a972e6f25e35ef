#include "models/providers/http_model.h"

#include "models/endpoint.h"
#include "models/limits.h"
#include "models/providers/schema_forms.h"
#include "models/retry_after.h"
#include "models/token_estimate.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace troupe::models {

namespace {

// How long a reply that is decided may take to end by itself.
constexpr Milliseconds kEndOfStream(250);

// Between the HTTP client and the caller's sink: feeds the decoder while the answer is a reply, keeps the
// beginning of it when it is an error.
//
// A sink that has enough is not the end at once. A model that stops there sends nothing but the end of the
// stream, which counts the tokens and leaves a connection for the next step; a model that goes on betrays
// itself by its next piece of text, and is cut off at that. One that says nothing is waited for no longer
// than kEndOfStream.
class ReplySink final : public net::BodySink {
 public:
  ReplySink(std::unique_ptr<ReplyReader> reply, bool held, TokenSink& sink, Loop& loop, Stop& stop)
      : reply_(std::move(reply)), held_(held), sink_(sink), loop_(loop), stop_(stop) {}

  bool on_head(const net::HttpHead& head) override {
    status_ = head.status;
    return true;
  }

  bool on_data(std::string_view bytes) override {
    if (status_ < 200 || status_ >= 300) {
      error_body_.append(
          bytes.substr(0, limits::kErrorBodyBytes - std::min(limits::kErrorBodyBytes, error_body_.size())));
      return error_body_.size() < limits::kErrorBodyBytes;
    }
    const bool had_enough = enough_;
    auto fed = reply_->feed(bytes, deltas_);
    forward();
    if (!fed && !enough_) error_ = std::move(fed.error());
    if (ran_blank()) return false;
    if (enough_ && !had_enough)
      patience_ = loop_.at(loop_.clock().now() + kEndOfStream, [this] { stop_.request(StopReason::budget); });
    return fed.has_value() && !(had_enough && goes_on_);
  }

  /// The rest of a complete answer.
  Result<ModelReply> finish() {
    if (enough_ && !reply_->complete()) return reply_->closed_early();
    if (ran_blank() && !reply_->complete()) return fail(blanks());
    if (error_) return fail(std::move(*error_));
    auto reply = reply_->finish(deltas_);
    forward();
    if (reply && ran_blank()) return fail(blanks());
    return reply;
  }

  bool is_error_status() const { return status_ < 200 || status_ >= 300; }
  /// Whatever became of the connection since, the reply is whole: it was told to be, or is for its reader.
  bool is_whole() const { return enough_ || reply_->complete(); }
  bool has_usage() const { return reply_->has_usage(); }
  /// A grammar that allows blanks between two tokens allows them without end, and some models never leave
  /// them.
  bool ran_blank() const { return held_ && !enough_ && blanks_ >= limits::kBlankRun; }
  const std::string& error_body() const { return error_body_; }

 private:
  void forward() {
    for (ReplyDelta& delta : deltas_) {
      if (enough_) {
        goes_on_ = goes_on_ || delta.text.find_first_not_of(" \t\r\n`") != std::string::npos;
        continue;
      }
      if (delta.kind == ReplyDelta::Kind::reasoning) {
        sink_.on_reasoning(delta.text);
        continue;
      }
      const std::size_t word = delta.text.find_last_not_of(" \t\r\n");
      blanks_ = word == std::string::npos ? blanks_ + delta.text.size() : delta.text.size() - word - 1;
      enough_ = !sink_.on_text(delta.text);
    }
    deltas_.clear();
  }

  static Error blanks() {
    Error error{
        ErrorCode::protocol,
        fmt::format("the reply, held to a JSON Schema, turned into {} blanks in a row", limits::kBlankRun)};
    error.retryable = true;
    return error;
  }

  std::unique_ptr<ReplyReader> reply_;
  const bool held_;  // to a schema
  TokenSink& sink_;
  Loop& loop_;
  Stop& stop_;  // of the transfer
  Loop::Alarm patience_;
  int status_ = 0;
  std::vector<ReplyDelta> deltas_;
  std::string error_body_;
  std::optional<Error> error_;
  std::size_t blanks_ = 0;  // at the end of the text so far
  bool enough_ = false;
  bool goes_on_ = false;  // the model wrote more after that
};

// A key that a server repeats half-masked ("sk-ab***yz") is cut out as well.
std::string without_masked_keys(std::string text) {
  for (std::size_t at = text.find("***"); at != std::string::npos; at = text.find("***", at + 1)) {
    auto part = [&](char c) { return c != ' ' && c != '"' && c != '\'' && c != '\n' && c != ','; };
    std::size_t from = at, end = at;
    while (from > 0 && part(text[from - 1])) --from;
    while (end < text.size() && part(text[end])) ++end;
    if (text[end - 1] == '.') --end;
    text.replace(from, end - from, "***");
    at = from + 2;
  }
  return text;
}

Error transport_error(Error error) {
  if (error.code == ErrorCode::too_large) {
    // Of the answer. too_large means the question to whoever calls a model.
    error.code = ErrorCode::protocol;
    error.message = fmt::format("the answer is larger than {} bytes", limits::kModelStreamBytes);
  }
  return error;
}

// Models that take no pictures are told from others by what their servers say to one.
Error about_pictures(const ModelRequest& request, Error error) {
  const auto& messages = request.transcript->messages();
  const bool any =
      std::ranges::any_of(messages, [](const Message& message) { return !message.images.empty(); });
  const bool refused =
      error.status == 400 || error.status == 404 || error.status == 415 || error.status == 422;
  if (!any || !refused) return error;
  for (std::string_view word : {"image", "Image", "vision", "multimodal", "multi-modal", "media", "content",
                                "fileUri", "file_uri", "URL", "url"})
    if (error.message.find(word) != std::string::npos) {
      error.message +=
          ". The conversation holds a picture: this model takes none, or not this one; ask another model, or "
          "send "
          "the picture as `data` where it was a `url`";
      break;
    }
  return error;
}

}  // namespace

HttpModel::HttpModel(ModelSettings settings, Endpoint endpoint, std::unique_ptr<Codec> codec,
                     net::HttpClient& http)
    : settings_(std::move(settings)),
      http_(http),
      codec_(std::move(codec)),
      url_(std::move(endpoint.url)),
      headers_({{"content-type", "application/json"},
                {"accept", settings_.stream ? "text/event-stream" : "application/json"}}),
      title_(fmt::format("model {} ({} at {})", settings_.name, settings_.model, shown_url(url_))),
      schemas_off_(settings_.constrain == "off") {
  secrets_.add(settings_.api_key);
  for (auto& [name, value] : endpoint.headers) headers_.emplace_back(name, std::move(value));
  for (const auto& [name, value] : settings_.extra_headers) {
    headers_.emplace_back(name, value);
    secrets_.add(value);
  }
}

net::HttpRequest HttpModel::http_request(const ModelRequest& request, const CallContext& context) {
  net::HttpRequest http;
  http.method = "POST";
  http.url = url_;
  http.headers = headers_;
  http.body = codec_->request_body(request);
  http.idle_timeout = settings_.timeout;
  http.deadline = context.deadline;
  http.body_max = limits::kModelStreamBytes;
  return http;
}

std::unexpected<Error> HttpModel::named(Error error) const {
  error.message = without_masked_keys(redact(error.message, secrets_));
  return within(title_, std::move(error));
}

Error HttpModel::status_error(const net::HttpHead& head, std::string_view body, const Clock& clock) const {
  Error error = codec_->refusal(head, body);
  const auto asked = retry_after(head, error.message, clock.wall_ms());
  if (asked) error.retry_after = asked;
  std::string_view advice = head.header("x-should-retry");
  if (advice == "true") error.retryable = true;
  if (advice == "false") error.retryable = false;
  if (head.status == 401 && settings_.api_key.empty()) error.message += " (it is not set)";
  return error;
}

// What was counted before a stream was closed stays.
void HttpModel::estimate_usage(const ModelRequest& request, ModelReply& reply) const {
  Usage& usage = reply.usage;
  if (usage.input_tokens == 0) usage.input_tokens = codec_->estimate_input(request);
  usage.output_tokens = estimate_tokens(reply.text) + estimate_tokens(reply.reasoning);
  for (const ToolCall& call : reply.tool_calls) usage.output_tokens += estimate_tokens(call.arguments);
  usage.estimated = true;
}

struct HttpModel::Answer {
  Result<ModelReply> reply;
  bool schema_refused = false;  ///< by the server, before it wrote anything
  bool ran_blank = false;       ///< see ReplySink
};

void HttpModel::leave_schemas_out(const std::string& why, CallContext& context) {
  schemas_off_ = true;
  Event event{.type = "warning",
              .session = context.session,
              .run = context.run,
              .agent = context.agent,
              .step = context.step};
  event.fields["code"] = "constrain_off";
  event.fields["text"] = fmt::format(
      "{}; its replies are held to no schema from now on, and with `constrain: off` in this entry of "
      "`models:` from the start",
      why);
  context.events.publish(std::move(event));
}

Task<Result<ModelReply>> HttpModel::complete(ModelRequest request, TokenSink& sink, CallContext& context) {
  if (context.stop.requested()) co_return fail(stopped(title_, context.stop.reason()));
  if (auto taken = codec_->accepts(request); !taken) co_return named(std::move(taken.error()));
  if (schemas_off_ || !codec_->holds_schema(request)) request.schema.clear();
  Answer answer = co_await ask(request, sink, context);
  if (answer.schema_refused) {
    leave_schemas_out(answer.reply.error().message, context);
    request.schema.clear();
    answer = co_await ask(std::move(request), sink, context);
  } else if (answer.ran_blank && !schemas_off_) {
    leave_schemas_out(answer.reply.error().message, context);
  }
  co_return std::move(answer.reply);
}

Task<HttpModel::Answer> HttpModel::ask(ModelRequest request, TokenSink& sink, CallContext& context) {
  const bool held = !request.schema.empty();
  Stop transfer(context.stop);
  ReplySink body(codec_->reply(), held, sink, context.loop, transfer);
  net::HttpRequest http = http_request(request, context);
  Result<net::HttpHead> head = co_await http_.stream(std::move(http), body, transfer);
  if (!head && (!body.is_whole() || context.stop.requested()))
    co_return Answer{named(transport_error(std::move(head.error())))};
  if (head && body.is_error_status())
    co_return Answer{
        named(about_pictures(request, status_error(*head, body.error_body(), context.loop.clock()))),
        held && refuses_schema(head->status, body.error_body())};
  Result<ModelReply> reply = body.finish();
  if (!reply) co_return Answer{.reply = named(std::move(reply.error())), .ran_blank = body.ran_blank()};
  if (!body.has_usage()) estimate_usage(request, *reply);
  if (reply->model.empty()) reply->model = settings_.model;
  co_return Answer{std::move(reply)};
}

}  // namespace troupe::models

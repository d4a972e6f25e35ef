#include "models/providers/http_model.h"

#include "models/limits.h"
#include "models/providers/schema_forms.h"
#include "models/token_estimate.h"
#include "models/warning.h"

#include <algorithm>
#include <optional>

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

// Models that take no pictures are told from others by what their servers say to one.
Error about_pictures(const ModelRequest& request, Error error, int status) {
  const auto& messages = request.transcript->messages();
  const bool any =
      std::ranges::any_of(messages, [](const Message& message) { return !message.images.empty(); });
  const bool refused = status == 400 || status == 404 || status == 415 || status == 422;
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
      entry_({.noun = "model",
              .name = settings_.name,
              .model = settings_.model,
              .api_key = settings_.api_key,
              .extra_headers = settings_.extra_headers,
              .timeout = settings_.timeout},
             std::move(endpoint), settings_.stream ? "text/event-stream" : "application/json"),
      schemas_off_(settings_.constrain == "off") {}

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
  if (std::exchange(schemas_off_, true)) return;  // another call of the entry has told
  warn(context, "constrain_off",
       fmt::format("{}; its replies are held to no schema from now on, and with `constrain: off` in this "
                   "entry of `models:` from the start",
                   why));
}

Task<Result<ModelReply>> HttpModel::complete(ModelRequest request, TokenSink& sink, CallContext& context) {
  if (context.stop.requested()) co_return fail(stopped(entry_.title(), context.stop.reason()));
  if (auto taken = codec_->accepts(request); !taken) co_return entry_.named(std::move(taken.error()));
  if (schemas_off_ || !codec_->holds_schema(request)) request.schema.clear();
  Answer answer = co_await ask(request, sink, context);
  if (answer.schema_refused) {
    const std::string why = std::move(answer.reply.error().message);
    request.schema.clear();
    answer = co_await ask(std::move(request), sink, context);
    // The same words without a schema: that was not what the server minded.
    if (answer.reply || answer.reply.error().message != why) leave_schemas_out(why, context);
  } else if (answer.ran_blank && !schemas_off_) {
    leave_schemas_out(answer.reply.error().message, context);
  }
  co_return std::move(answer.reply);
}

Task<HttpModel::Answer> HttpModel::ask(ModelRequest request, TokenSink& sink, CallContext& context) {
  const bool held = !request.schema.empty();
  Stop transfer(context.stop);
  ReplySink body(codec_->reply(), held, sink, context.loop, transfer);
  net::HttpRequest http = entry_.post(codec_->request_body(request), limits::kModelStreamBytes, context);
  Result<net::HttpHead> head = co_await http_.stream(std::move(http), body, transfer);
  if (!head && (!body.is_whole() || context.stop.requested()))
    co_return Answer{entry_.unanswered(std::move(head.error()), limits::kModelStreamBytes)};
  if (head && body.is_error_status()) {
    Error refusal = about_pictures(request, codec_->refusal(*head, body.error_body()), head->status);
    co_return Answer{entry_.refused(std::move(refusal), *head, context.loop.clock()),
                     held && refuses_schema(head->status, body.error_body())};
  }
  Result<ModelReply> reply = body.finish();
  if (!reply)
    co_return Answer{.reply = entry_.named(std::move(reply.error())), .ran_blank = body.ran_blank()};
  if (!body.has_usage()) estimate_usage(request, *reply);
  if (reply->model.empty()) reply->model = settings_.model;
  co_return Answer{std::move(reply)};
}

}  // namespace troupe::models

#include "plugins/host/instance.h"

#include "plugins/host/plugin_runtime.h"
#include "plugins/troupe_plugin.h"
#include "runtime/async/nursery.h"
#include "runtime/telemetry/log.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace troupe::plugins {

namespace {

constexpr std::size_t kWordsBytes = 8u << 10;  // of an error, or of a reason not to start
constexpr Milliseconds kPeakTime{2'000};       // for a worker to say how much memory it has had

/// Says of what plugin an error is, unless it does.
Error named(const std::string& plugin, Error error) {
  const std::string name = fmt::format("plugin {}", plugin);
  if (!error.message.starts_with(name + " ")) error.message = fmt::format("{}: {}", name, error.message);
  return error;
}

ErrorCode code_of(std::int64_t status) {
  switch (status) {
    case TROUPE_INVALID:
      return ErrorCode::invalid;
    case TROUPE_CANCELLED:
      return ErrorCode::cancelled;
    case TROUPE_DENIED:
      return ErrorCode::denied;
    case TROUPE_TIMEOUT:
      return ErrorCode::timeout;
    case TROUPE_BUSY:
      return ErrorCode::busy;
    case TROUPE_TOO_LARGE:
      return ErrorCode::too_large;
    case TROUPE_UNAVAILABLE:
      return ErrorCode::unavailable;
    default:
      return ErrorCode::tool;
  }
}

std::int64_t status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid:
      return TROUPE_INVALID;
    case ErrorCode::cancelled:
      return TROUPE_CANCELLED;
    case ErrorCode::denied:
      return TROUPE_DENIED;
    case ErrorCode::timeout:
      return TROUPE_TIMEOUT;
    case ErrorCode::busy:
      return TROUPE_BUSY;
    case ErrorCode::too_large:
      return TROUPE_TOO_LARGE;
    case ErrorCode::network:
    case ErrorCode::unavailable:
      return TROUPE_UNAVAILABLE;
    default:
      return TROUPE_FAILED;
  }
}

/// Of an answer that is too large. To who asks a model, `too_large` would mean the question.
ErrorCode code_of_size(bool repeatable) {
  return repeatable ? ErrorCode::protocol : ErrorCode::too_large;
}

log::Level level_of(std::int64_t level) {
  if (level <= TROUPE_LOG_DEBUG) return log::Level::debug;
  if (level == TROUPE_LOG_INFO) return log::Level::info;
  return level == TROUPE_LOG_WARN ? log::Level::warn : log::Level::error;
}

net::HttpRequest request_of(Message message, Deadline deadline) {
  net::HttpRequest request{.method = string_or(message.head, "method", "GET"),
                           .url = string_or(message.head, "url"),
                           .body = std::move(message.body),
                           .deadline = deadline,
                           .body_max = static_cast<std::size_t>(
                               std::max<std::int64_t>(number_or(message.head, "body_max", 0), 0))};
  if (const Json* headers = find(message.head, "headers"); headers && headers->is_array())
    for (const Json& one : *headers)
      if (one.is_array() && one.size() == 2 && one[0].is_string() && one[1].is_string())
        request.headers.emplace_back(one[0].get<std::string>(), one[1].get<std::string>());
  return request;
}

}  // namespace

/// A call that is at work, on the stack of who waits for it.
struct Instance::Live {
  Live(Loop& loop, CallContext& where, Stop& parent)
      : context(where), stop(parent), done(loop), requests(loop) {}

  CallContext& context;
  Stop stop;  ///< of the call and its requests
  OneShot<bool> done;
  Nursery requests;  ///< that the plugin made within it
  std::optional<Result<PluginAnswer>> answer;
  std::function<void(std::string_view)> part;
  bool repeatable = false;  ///< see PluginCall
  std::size_t messages = 0;
  std::size_t parts = 0;
  std::size_t bytes = 0;
  std::size_t progress = 0;
};

Instance::Instance(Loop& loop, const InstanceSettings& settings)
    : loop_(loop), settings_(settings), begun_(loop) {}

Task<Result<std::unique_ptr<Instance>>> Instance::start(Loop& loop, const LineMaker& make,
                                                        const InstanceSettings& settings, Stop& stop) {
  std::unique_ptr<Instance> instance(new Instance(loop, settings));
  auto line = make({.message = [own = instance.get()](Message m) { own->take(std::move(m)); },
                    .ended = [own = instance.get()](Error why) { own->die(std::move(why)); }});
  if (!line) co_return fail(named(settings.name, std::move(line.error())));
  instance->line_ = std::move(*line);

  Stop waiting(stop);
  const auto hook = waiting.on_request([&instance] { instance->begun_.set(false); });
  const auto alarm = loop.at(loop.clock().now() + settings.start_time,
                             [&waiting] { waiting.request(StopReason::deadline); });
  co_await instance->begun_.wait();
  std::optional<Error> why = instance->refused_;
  if (!why && instance->why_dead_) why = instance->why_dead_;
  if (!why && waiting.requested()) {
    why = stopped("starting it", waiting.reason());
    instance->kill(why->message, why->code);
  }
  if (!why) co_return instance;
  co_await instance->end();
  co_return fail(named(settings.name, std::move(*why)));
}

void Instance::take(Message message) {
  const std::string what = string_or(message.head, "is");
  const auto found = calls_.find(number_or(message.head, what == "http" ? "call" : "id", 0));
  Live* live = found == calls_.end() ? nullptr : found->second;
  if (too_much(live, message))
    return kill("it sent more than anybody needs, and was killed", ErrorCode::too_large);

  if (what == "finish") {
    if (live && !live->done.is_set()) take_finish(*live, std::move(message));
  } else if (what == "progress") {
    if (!live || ++live->progress > settings_.progress_lines) return;
    Json fields{{"text", clean(message.text, kPluginProgressBytes)}};
    if (const Json* fraction = find(message.head, "fraction"); fraction && fraction->is_number())
      fields["fraction"] = *fraction;
    live->context.events.publish({.type = "tool.progress", .fields = std::move(fields)});
  } else if (what == "part") {
    if (live && live->part && !live->done.is_set()) live->part(clean(message.text, kPluginAnswerBytes));
  } else if (what == "log") {
    if (++log_lines_ <= settings_.log_lines)
      log(number_or(message.head, "level", TROUPE_LOG_INFO), message.text);
  } else if (what == "http") {
    take_http(live, std::move(message));
  } else if (what == "again") {
    ++again_;
    log(TROUPE_LOG_ERROR, "it finished a call a second time; that was passed over");
  } else if (what == "peak") {
    if (peak_) peak_->set(number_or(message.head, "kib", 0));
  } else if (what == "loaded" && !loaded_) {
    const Json* plugin = find(message.head, "plugin");
    auto description = read_description(plugin ? *plugin : Json());
    if (!description)
      return kill("it describes itself wrongly: " + description.error().message, ErrorCode::invalid);
    loaded_ = true;
    description_ = std::move(*description);
    if (settings_.accept)
      if (auto accepted = settings_.accept(description_); !accepted)
        return kill(accepted.error().message, accepted.error().code);
    line_->send({.head = {{"do", "start"}, {"http", settings_.http != nullptr}}, .text = settings_.config});
  } else if (what == "ready" && loaded_) {
    begun_.set(true);
  } else if (what == "refused") {
    refused_ = Error{loaded_ ? ErrorCode::unavailable : ErrorCode::invalid, clean(message.text, kWordsBytes)};
    begun_.set(true);
  } else {
    kill(fmt::format("it said `{}`, which has no place there, and was killed", what), ErrorCode::protocol);
  }
}

void Instance::take_finish(Live& live, Message message) {
  const std::int64_t status = number_or(message.head, "status", TROUPE_FAILED);
  const Json* over = find(message.head, "over");
  if (message.text.size() + message.body.size() > kPluginAnswerBytes) {
    live.answer = fail(code_of_size(live.repeatable),
                       fmt::format("the plugin's answer has {} bytes, at most {} are taken",
                                   message.text.size() + message.body.size(), kPluginAnswerBytes));
  } else if (over && *over == Json(true)) {
    live.answer = fail(code_of_size(live.repeatable), clean(message.text, kWordsBytes));
  } else if (status == TROUPE_OK) {
    live.answer = PluginAnswer{clean(message.text, kPluginAnswerBytes), std::move(message.body)};
  } else {
    Error error{code_of(status),
                message.text.empty() ? "it failed and gave no reason" : clean(message.text, kWordsBytes)};
    error.retryable = error.code == ErrorCode::busy || error.code == ErrorCode::unavailable;
    live.answer = fail(std::move(error));
  }
  stray_ = stray_bytes_ = log_lines_ = 0;
  live.done.set(true);
}

void Instance::take_http(Live* live, Message message) {
  const std::int64_t id = number_or(message.head, "id", 0);
  const auto answer = [this, id](const Result<net::HttpResponse>& response) {
    Message told{.head = {{"do", "http"}, {"id", id}}};
    if (response) {
      told.head["status"] = TROUPE_OK;
      told.head["http_status"] = response->status;
      Json headers = Json::array();
      for (const auto& [name, value] : response->headers) headers.push_back({name, value});
      told.head["headers"] = std::move(headers);
      told.body = response->body;
    } else {
      told.head["status"] = status_of(response.error().code);
      told.body = response.error().message;
    }
    if (!alive() || line_->send(told)) return;
    line_->send({.head = {{"do", "http"}, {"id", id}, {"status", TROUPE_TOO_LARGE}},
                 .body = "the answer is larger than a plugin is given"});
  };
  if (!live) return answer(fail(ErrorCode::cancelled, "the call that made the request has ended"));
  if (!settings_.http) return answer(fail(ErrorCode::denied, "no host is granted to the plugin"));
  if (live->requests.size() >= kPluginHttpAtOnce)
    return answer(fail(ErrorCode::busy, "the call has as many requests on their way as it may"));
  // The call waits for its requests before it ends.
  live->requests.spawn("plugin's request",
                       [this, live, answer,
                        request = std::make_shared<net::HttpRequest>(
                            request_of(std::move(message), live->context.deadline))]() -> Task<> {
                         answer(co_await settings_.http->fetch(std::move(*request), live->stop));
                       });
}

Task<Result<PluginAnswer>> Instance::call(PluginCall call, CallContext& context,
                                          std::function<void(std::string_view)> part) {
  if (why_dead_) co_return fail(*why_dead_);
  Live live(loop_, context, context.stop);
  live.part = std::move(part);
  live.repeatable = call.repeatable;
  const std::int64_t id = ++last_id_;
  calls_[id] = &live;
  Message message{.head = {{"do", "call"}, {"id", id}, {"service", call.service}, {"key", call.key}},
                  .text = std::move(call.input),
                  .body = std::move(call.body)};
  if (call.memory > 0) message.head["memory"] = call.memory;
  if (!context.deadline.none()) {
    const auto left = std::chrono::ceil<Milliseconds>(context.deadline.at() - loop_.clock().now());
    message.head["left_ms"] = std::max<std::int64_t>(left.count(), 0);
  }
  const Milliseconds grace_time = std::max(settings_.cancel_grace, call.grace);
  Loop::Alarm grace;
  const auto hook = live.stop.on_request([&] {
    if (live.done.is_set()) return;
    line_->send({.head = {{"do", "cancel"}, {"id", id}}});
    grace = loop_.at(loop_.clock().now() + grace_time, [this, &live] {
      if (live.done.is_set()) return;
      kill("it was killed: a call did not end when it was told to", ErrorCode::tool);
    });
  });
  Loop::Alarm deadline;
  if (!context.deadline.none())
    deadline = loop_.at(context.deadline.at(), [&live] { live.stop.request(StopReason::deadline); });
  line_->forgive();
  if (!line_->send(message)) {
    live.answer = fail(ErrorCode::too_large, "the arguments are larger than a plugin is given");
  } else {
    co_await live.done.wait();
  }
  grace.reset();
  calls_.erase(id);
  const StopReason why = live.stop.reason();
  live.stop.request(StopReason::cancelled);  // requests that the plugin did not wait for
  co_await live.requests.join();
  if (why != StopReason::none && !(live.answer && *live.answer)) {
    Error error = stopped(fmt::format("plugin {}", settings_.name), why);
    if (!alive()) error.message += " and was killed";
    co_return fail(std::move(error));
  }
  if (live.answer && *live.answer) ++answered_;
  if (live.answer) co_return std::move(*live.answer);
  Error dead = why_dead_.value_or(Error{ErrorCode::internal, "the plugin ended without a reason"});
  if (live.repeatable && dead.code == ErrorCode::too_large) dead.code = code_of_size(true);
  if (live.repeatable && dead.code == ErrorCode::tool) {
    dead.code = ErrorCode::unavailable;
    dead.retryable = true;
  }
  co_return fail(std::move(dead));
}

Task<std::int64_t> Instance::peak_memory() {
  if (!alive()) co_return 0;
  OneShot<std::int64_t> told(loop_);
  peak_ = &told;
  line_->send({.head = {{"do", "peak"}}});
  const auto alarm = loop_.at(loop_.clock().now() + kPeakTime, [&told] { told.set(0); });
  const std::int64_t kib = co_await told.wait();
  peak_ = nullptr;
  co_return kib;
}

void Instance::die(Error why) {
  if (why_dead_) return;
  if (peak_) peak_->set(0);
  why.message = clean(why.message, kWordsBytes);
  why_dead_ = std::move(why);
  begun_.set(true);
  for (const auto& [id, live] : calls_) live->done.set(true);
}

// Its own limits are the plugin's to keep or not: it holds the socket.
bool Instance::too_much(Live* live, const Message& message) {
  const bool part = live && live->part && string_or(message.head, "is") == "part";
  std::size_t& count = part ? live->parts : live ? live->messages : stray_;
  std::size_t& bytes = live ? live->bytes : stray_bytes_;
  ++count;
  bytes += message.text.size() + message.body.size();
  return count > (part ? settings_.parts : settings_.messages) || bytes > settings_.bytes;
}

std::string Instance::clean(std::string_view text, std::size_t most) const {
  std::string cut(text.substr(0, most));
  return settings_.secrets.empty() ? cut : redact(cut, settings_.secrets);
}

void Instance::kill(std::string_view why, ErrorCode code) {
  line_->kill({code, std::string(why)});
}

void Instance::log(std::int64_t level, std::string_view text) const {
  if (log::enabled(level_of(level)))
    log::write(level_of(level), "plugin says",
               {{"plugin", settings_.name}, {"text", clean(text, kPluginProgressBytes)}});
}

Task<> Instance::end() {
  if (line_) co_await line_->end(alive() ? settings_.end_grace : Milliseconds::zero());
}

}  // namespace troupe::plugins

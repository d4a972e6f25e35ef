#include "plugins/host/plugin_runtime.h"

#include "plugins/host/host_functions.h"
#include "runtime/sandbox/cage.h"

#include <algorithm>
#include <exception>
#include <string_view>
#include <sys/resource.h>
#include <utility>

#include <fmt/format.h>

namespace troupe::plugins {

namespace {

constexpr std::size_t kEndedKept = 4096;  // calls: a second finish of one of them is noticed
constexpr std::size_t kWhyBytes = 4096;   // what a plugin says that does not start

thread_local bool t_must_not_wait = false;

/// For as long as the plugin is called where nothing may wait for the daemon.
class NoWaiting {
 public:
  NoWaiting() { t_must_not_wait = true; }
  ~NoWaiting() { t_must_not_wait = before_; }
  NoWaiting(const NoWaiting&) = delete;
  NoWaiting& operator=(const NoWaiting&) = delete;

 private:
  const bool before_ = t_must_not_wait;
};

std::string copy_of(troupe_span span) {
  return span.data ? std::string(span.data, span.size) : std::string();
}

troupe_span span_of(std::string_view text) {
  return {text.data(), text.size()};
}

/// What came out of the plugin as an exception, in words.
std::string what_was_thrown() {
  try {
    throw;
  } catch (const std::exception& e) {
    return fmt::format("an exception left the plugin: {}", e.what());
  } catch (...) {
    return "an exception left the plugin";
  }
}

Instant steady_now() {
  return SystemClock().now();
}

}  // namespace

struct PluginRuntime::HttpRequest {
  troupe_http_done done = nullptr;
  void* user = nullptr;
  std::int64_t call = 0;
  bool answered = false;  ///< `done` has returned
};

struct PluginRuntime::Host {
  HostTable table;
};

PluginRuntime::PluginRuntime(const PluginLibrary& library, std::function<void(Message)> send)
    : library_(library), send_(std::move(send)), host_(new Host{make_host_table(*this)}) {}

PluginRuntime::~PluginRuntime() = default;

void PluginRuntime::push(Work work) {
  {
    std::lock_guard lock(mutex_);
    work_.push_back(std::move(work));
  }
  wake_.notify_all();
}

Result<> PluginRuntime::take(Message message) {
  const std::string what = string_or(message.head, "do");
  if (what == "call") return take_call(std::move(message));
  if (what == "cancel") {
    cancel(number_or(message.head, "id", 0));
  } else if (what == "http") {
    take_answer(std::move(message));
  } else if (what == "start") {
    push({.start = true, .message = std::move(message)});
  } else if (what == "peak") {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    send_({.head = {{"is", "peak"}, {"kib", used.ru_maxrss}}});
  } else if (what == "stop") {
    push({.stop = true});
  } else {
    return fail(ErrorCode::protocol, fmt::format("the daemon said `{}`, which nobody knows", what));
  }
  return {};
}

Result<> PluginRuntime::take_call(Message message) {
  const auto services = library_.services();
  const std::int64_t service = number_or(message.head, "service", -1);
  if (service < 0 || static_cast<std::size_t>(service) >= services.size())
    return fail(ErrorCode::protocol, fmt::format("there is no service {}", service));
  auto call = std::make_unique<troupe_call>();
  call->runtime = this;
  call->service = services[static_cast<std::size_t>(service)];
  call->id = number_or(message.head, "id", 0);
  call->key = string_or(message.head, "key");
  call->input = std::move(message.text);
  call->body = std::move(message.body);
  const std::int64_t left = number_or(message.head, "left_ms", -1);
  std::string unreadable;
  if (const std::int64_t bytes = number_or(message.head, "memory", 0); bytes > 0) {
    auto view = sandbox::MemoryView::map(sandbox::Descriptor(sandbox::kMemoryDescriptor),
                                         static_cast<std::size_t>(bytes));
    if (view)
      call->memory = std::move(*view);
    else
      unreadable = view.error().message;
  }
  call->deadline = left < 0 ? Instant::max() : steady_now() + Milliseconds(left);
  troupe_call* raw = call.get();
  {
    std::lock_guard lock(mutex_);
    calls_.push_back(std::move(call));
    live_[raw->id] = raw;
    while (calls_.size() > kEndedKept && !live_.contains(calls_.front()->id)) calls_.pop_front();
  }
  if (unreadable.empty())
    push({.call = raw});
  else
    finish(*raw, TROUPE_UNAVAILABLE, span_of(unreadable), {});
  return {};
}

void PluginRuntime::cancel(std::int64_t id) {
  troupe_call* call = nullptr;
  bool unbegun = false;
  {
    std::lock_guard lock(mutex_);
    const auto found = live_.find(id);
    if (found == live_.end()) return;
    call = found->second;
    call->cancelled = true;
    unbegun = !std::exchange(call->claimed, true);
  }
  if (unbegun) {
    finish(*call, TROUPE_CANCELLED, span_of("cancelled before it began"), {});
    return;
  }
  // Not under the lock: it may finish the call, which takes it. That the call ends meanwhile is the plugin's
  // to expect, since it is told on one thread while it finishes on another; the object stays.
  if (call->service->cancel && !call->finished) {
    const NoWaiting guard;
    try {
      call->service->cancel(call->service, call);
    } catch (...) {
      send_({.head = {{"is", "log"}, {"level", TROUPE_LOG_ERROR}}, .text = what_was_thrown()});
    }
  }
}

void PluginRuntime::close() {
  std::vector<std::int64_t> ids;
  std::vector<std::int64_t> requests;
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
    for (const auto& [id, call] : live_) ids.push_back(id);
    for (const auto& [id, request] : http_) requests.push_back(id);
  }
  for (const std::int64_t id : requests)
    take_answer({.head = {{"id", id}, {"status", TROUPE_CANCELLED}}, .body = "the daemon has gone"});
  for (const std::int64_t id : ids) cancel(id);
  wake_.notify_all();
}

void PluginRuntime::run() {
  send_({.head = {{"is", "loaded"}, {"plugin", to_json(library_.description())}}});
  bool started = false;
  for (;;) {
    Work work;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return closed_ || !work_.empty(); });
      // Calls may still be at work: what they use is not cleared up.
      if (closed_) return;
      work = std::move(work_.front());
      work_.pop_front();
      if (work.stop && !live_.empty()) return;
      if (work.call && std::exchange(work.call->claimed, true)) continue;
    }
    if (work.stop) break;
    if (work.start) {
      start(work.message);
      started = true;
    } else if (work.call) {
      handle(*work.call);
    }
  }
  if (!started || !library_.entry().deinit) return;
  try {
    library_.entry().deinit();
  } catch (...) {
    send_({.head = {{"is", "log"}, {"level", TROUPE_LOG_ERROR}}, .text = what_was_thrown()});
  }
}

void PluginRuntime::start(const Message& message) {
  const Json* http = find(message.head, "http");
  http_granted_ = http && *http == Json(true);
  std::string why(kWhyBytes, '\0');
  troupe_status status = TROUPE_OK;
  try {
    if (library_.entry().init)
      status = library_.entry().init(&host_->table.host, span_of(message.text), why.data(), why.size());
  } catch (...) {
    status = TROUPE_FAILED;
    why = what_was_thrown();
  }
  if (status == TROUPE_OK) {
    send_({.head = {{"is", "ready"}}});
    return;
  }
  why.resize(std::min(why.find('\0'), why.size()));
  send_({.head = {{"is", "refused"}}, .text = why.empty() ? "it gave no reason" : why});
}

void PluginRuntime::handle(troupe_call& call) {
  try {
    call.service->handle(call.service, &call);
  } catch (...) {
    const std::string text = what_was_thrown();
    finish(call, TROUPE_FAILED, span_of(text), {});
  }
}

troupe_status PluginRuntime::finish(troupe_call& call, troupe_status status, troupe_span answer,
                                    troupe_span body) {
  if (call.finished.exchange(true)) {
    send_({.head = {{"is", "again"}, {"id", call.id}}});
    return TROUPE_FINISHED;
  }
  const std::int64_t id = call.id;
  try {
    return finish_once(call, status, answer, body);
  } catch (...) {  // no memory, most likely: the daemon must hear of the end all the same
    send_({.head = {{"is", "finish"}, {"id", id}, {"status", TROUPE_TOO_LARGE}}});
    return TROUPE_TOO_LARGE;
  }
}

troupe_status PluginRuntime::finish_once(troupe_call& call, troupe_status status, troupe_span answer,
                                         troupe_span body) {
  Message message{.head = {{"is", "finish"}, {"id", call.id}, {"status", status}}};
  troupe_status said = TROUPE_OK;
  if (answer.size > kPluginAnswerBytes || body.size > kPluginAnswerBytes - answer.size) {
    message.head["status"] = TROUPE_TOO_LARGE;
    message.head["over"] = true;
    message.text = fmt::format("the plugin's answer has {} bytes, at most {} are taken",
                               answer.size + body.size, kPluginAnswerBytes);
    said = TROUPE_TOO_LARGE;
  } else {
    message.text = copy_of(answer);
    message.body = copy_of(body);
  }
  {
    std::lock_guard lock(mutex_);
    live_.erase(call.id);
    call.input = std::string();
    call.body = std::string();
    call.memory = {};
  }
  send_(std::move(message));
  return said;
}

troupe_status PluginRuntime::say(troupe_call& call, const char* what, Message message) {
  if (call.finished) return TROUPE_FINISHED;
  message.head["is"] = what;
  message.head["id"] = call.id;
  send_(std::move(message));
  return TROUPE_OK;
}

troupe_status PluginRuntime::begin_http(troupe_call& call, const troupe_http_request& request,
                                        troupe_http_done done, void* user, bool wait) {
  if (!http_granted_) return TROUPE_DENIED;
  if (!done) return TROUPE_INVALID;
  if (wait && t_must_not_wait) return TROUPE_WRONG_THREAD;
  if (call.finished) return TROUPE_FINISHED;
  std::uint64_t head = request.url.size + request.method.size;
  for (std::uint32_t i = 0; i < request.header_count; ++i)
    head += request.headers[i].name.size + request.headers[i].value.size;
  if (head > kPluginHttpHeadBytes || request.body.size > kPluginAnswerBytes) return TROUPE_TOO_LARGE;
  Message message{.head = {{"is", "http"},
                           {"call", call.id},
                           {"method", request.method.size ? copy_of(request.method) : "GET"},
                           {"url", copy_of(request.url)},
                           {"body_max", request.body_max}},
                  .body = copy_of(request.body)};
  Json headers = Json::array();
  for (std::uint32_t i = 0; i < request.header_count; ++i)
    headers.push_back({copy_of(request.headers[i].name), copy_of(request.headers[i].value)});
  message.head["headers"] = std::move(headers);

  auto pending = std::make_shared<HttpRequest>(HttpRequest{.done = done, .user = user, .call = call.id});
  {
    std::lock_guard lock(mutex_);
    if (closed_) return TROUPE_CANCELLED;
    const auto of_call =
        std::ranges::count_if(http_, [&call](const auto& entry) { return entry.second->call == call.id; });
    if (static_cast<std::size_t>(of_call) >= kPluginHttpAtOnce) return TROUPE_BUSY;
    message.head["id"] = ++http_id_;
    http_[http_id_] = pending;
  }
  send_(std::move(message));
  if (wait) {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [&pending] { return pending->answered; });
  }
  return TROUPE_OK;
}

void PluginRuntime::take_answer(Message message) {
  std::shared_ptr<HttpRequest> request;
  {
    std::lock_guard lock(mutex_);
    const auto found = http_.find(number_or(message.head, "id", 0));
    if (found == http_.end()) return;
    request = found->second;
    http_.erase(found);
  }
  std::vector<std::pair<std::string, std::string>> texts;
  if (const Json* headers = find(message.head, "headers"); headers && headers->is_array())
    for (const Json& one : *headers)
      if (one.is_array() && one.size() == 2 && one[0].is_string() && one[1].is_string())
        texts.emplace_back(one[0].get<std::string>(), one[1].get<std::string>());
  std::vector<troupe_http_header> headers;
  for (const auto& [name, value] : texts) headers.push_back({span_of(name), span_of(value)});
  const troupe_http_answer answer{
      .struct_size = TROUPE_SIZE(troupe_http_answer),
      .http_status = static_cast<std::int32_t>(number_or(message.head, "http_status", 0)),
      .status = static_cast<troupe_status>(number_or(message.head, "status", TROUPE_FAILED)),
      .header_count = static_cast<std::uint32_t>(headers.size()),
      .headers = headers.data(),
      .body = span_of(message.body)};
  {
    const NoWaiting guard;
    try {
      request->done(request->user, &answer);
    } catch (...) {
      send_({.head = {{"is", "log"}, {"level", TROUPE_LOG_ERROR}}, .text = what_was_thrown()});
    }
  }
  {
    std::lock_guard lock(mutex_);
    request->answered = true;
  }
  wake_.notify_all();
}

}  // namespace troupe::plugins

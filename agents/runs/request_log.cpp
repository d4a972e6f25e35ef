#include "agents/runs/request_log.h"

#include "agents/runs/fact_fields.h"
#include "agents/runs/facts.h"
#include "agents/runs/fitting_fact.h"
#include "memory/conversation/memory.h"
#include "runtime/base/sha256.h"

#include <algorithm>
#include <utility>

namespace troupe::agents {

namespace {

// A schema of many tools is larger than the conversation, and the same in every run: it is only named then.
Json schema_of(const std::string& text) {
  constexpr std::size_t kWhole = 2u << 10;
  if (text.size() > kWhole) return {{"sha256", sha256_hex(text)}, {"bytes", text.size()}};
  auto schema = parse_json(text);
  return schema ? std::move(*schema) : Json(text);
}

// Everything of a request beside its messages and tools, where it differs from what is usual.
Json form_of(const models::ModelRequest& request) {
  Json form = Json::object();
  if (!request.schema.empty()) form["schema"] = schema_of(request.schema);
  if (!request.stop.empty()) form["stop"] = request.stop;
  return form;
}

Json declared(const std::vector<models::ToolDeclaration>& tools) {
  Json list = Json::array();
  for (const models::ToolDeclaration& tool : tools) {
    auto schema = parse_json(tool.schema);
    list.push_back({{"name", tool.name},
                    {"description", tool.description},
                    {"parameters", schema ? std::move(*schema) : Json::object()}});
  }
  return list;
}

// The turns [from, to) as memory recalls them and as the model is shown them.
std::vector<models::Message> folded(const std::vector<store::RunRow>& turns, std::size_t from, std::size_t to,
                                    const AnswerForm& form) {
  const std::vector<store::RunRow> part(turns.begin() + static_cast<std::ptrdiff_t>(from),
                                        turns.begin() + static_cast<std::ptrdiff_t>(to));
  auto messages = memory::fold_turns(part, part.size(), std::string::npos);
  for (models::Message& message : messages)
    if (message.role == models::Role::assistant) message.content = form.apply(message.content);
  return messages;
}

// The forms in which the first answer may have been put, by what stands around it.
std::vector<AnswerForm> possible_forms(const std::vector<models::Message>& shown,
                                       const std::vector<models::Message>& plain) {
  std::vector<AnswerForm> forms{{}};
  for (std::size_t i = 0; i < shown.size(); ++i) {
    if (plain[i].role != models::Role::assistant) continue;
    for (bool quoted : {true, false}) {
      const std::string answer = quoted ? dump(Json(plain[i].content)) : plain[i].content;
      if (const auto at = shown[i].content.find(answer); at != std::string::npos)
        forms.push_back(
            {shown[i].content.substr(0, at), shown[i].content.substr(at + answer.size()), quoted});
    }
    break;
  }
  return forms;
}

bool same(const std::vector<models::Message>& a, const std::vector<models::Message>& b) {
  return std::ranges::equal(a, b, [](const models::Message& one, const models::Message& other) {
    return one.role == other.role && one.content == other.content;
  });
}

models::Message masked_message(models::Message message, const Secrets& secrets) {
  message.content = redact(message.content, secrets);
  return message;
}

}  // namespace

std::string AnswerForm::apply(const std::string& answer) const {
  return before + (quoted ? dump(Json(answer)) : answer) + after;
}

std::optional<HistoryReference> reference_history(const std::vector<models::Message>& history,
                                                  const std::vector<store::RunRow>& turns) {
  if (history.empty()) return HistoryReference{};
  std::size_t from = turns.size();
  std::size_t messages = 0;
  while (from > 0 && messages < history.size()) {
    --from;
    messages += folded(turns, from, from + 1, {}).size();
  }
  if (messages != history.size()) return std::nullopt;
  for (const AnswerForm& form : possible_forms(history, folded(turns, from, turns.size(), {})))
    if (same(history, folded(turns, from, turns.size(), form)))
      return HistoryReference{.turns = turns.size() - from, .last = turns.back().id, .form = form};
  return std::nullopt;
}

RequestLog::RequestLog(Secrets secrets, std::size_t journaled, std::string system)
    : secrets_(std::move(secrets)), journaled_(journaled), system_(std::move(system)) {}

void RequestLog::begin(std::size_t history_messages, std::optional<HistoryReference> history) {
  history_messages_ = history_messages;
  history_ = std::move(history);
}

std::string RequestLog::masked(const std::string& text) const {
  return secrets_.empty() ? text : redact(text, secrets_);
}

Json RequestLog::masked(const models::Message& message) const {
  if (secrets_.empty()) return message_to_fact(message);
  return message_to_fact(masked_message(message, secrets_));
}

Json RequestLog::describe(const Fitting& fitting) {
  Json body = fitting_to_fact(fitting);
  for (std::size_t i = 0; i < fitting.shortened.size(); ++i)
    if (fitting.shortened[i].at < journaled_)
      body["shortened"][i]["content"] = masked(fitting.shortened[i].content);
  if (journaled_ > 0) {
    journaled_ -= std::min(journaled_, fitting.turn_messages + fitting.step_messages);
  } else {
    history_left_out_ += fitting.turn_messages;
    history_messages_ -= std::min(history_messages_, fitting.turn_messages);
  }
  return body;
}

Json RequestLog::describe(const models::ModelRequest& request, const std::string& model) {
  const auto& messages = request.transcript->messages();
  Json body = Json::object();
  std::size_t written = journaled_;
  if (std::string system = masked(messages.front().content); system != system_) {
    body["model"] = model;
    body["system"] = system;
    system_ = std::move(system);
  }
  if (written == 0) {
    written = 1;
    if (history_ && history_messages_ > 0) {
      body["history"] = {{"turns", history_->turns}, {"last", history_->last}};
      const AnswerForm& form = history_->form;
      if (!form.before.empty()) body["history"]["before"] = form.before;
      if (!form.after.empty()) body["history"]["after"] = form.after;
      if (form.quoted) body["history"]["quoted"] = true;
      if (history_left_out_ > 0) body["history"]["left_out"] = history_left_out_;
      written += history_messages_;
    }
  }
  if (written < messages.size()) {
    Json& tail = body["tail"] = Json::array();
    for (; written < messages.size(); ++written) tail.push_back(masked(messages[written]));
  }
  journaled_ = messages.size();
  body["messages"] = journaled_;
  if (request.tool_mode == models::ToolMode::native && request.tools != tools_) {
    body["tools"] = declared(*request.tools);
    tools_ = request.tools;
  }
  Json form = form_of(request);
  if (std::string text = form.empty() ? "" : dump(form); text != form_) {
    body["form"] = std::move(form);
    form_ = std::move(text);
  }
  return body;
}

namespace {

/// Puts the tails together again.
class Requests {
 public:
  explicit Requests(const std::vector<store::RunRow>& turns) : turns_(turns) {}

  void add(const store::Fact& fact, const Json& body) {
    next_.step = fact.step;
    next_.attempt = static_cast<int>(number_or(body, "attempt", 1));
    next_.input_estimate = number_or(body, "input");
    next_.fresh = next_.messages.size();
    if (const Json* model = find(body, "model")) next_.model = model->get<std::string>();
    if (const Json* system = find(body, "system")) put_system(system->get<std::string>());
    if (const Json* history = find(body, "history")) recall(*history);
    if (const Json* tail = find(body, "tail"))
      for (const Json& message : *tail) next_.messages.push_back(message_from_fact(message));
    if (const Json* tools = find(body, "tools")) next_.tools = *tools;
    if (const Json* form = find(body, "form")) next_.form = *form;
    next_.exact =
        next_.exact && static_cast<std::int64_t>(next_.messages.size()) == number_or(body, "messages");
    all_.push_back(next_);
  }
  // Places are those before it, so what was shortened comes first and the last range goes before the first.
  void fit(const Json& body) {
    const Fitting fitting = fitting_from_fact(body);
    auto& messages = next_.messages;
    if (messages.empty()) return;  // the first request names what it leaves out
    for (const Fitting::Shortened& one : fitting.shortened)
      if (one.at < messages.size() && !one.content.empty()) messages[one.at].content = one.content;
    auto leave_out = [&messages](std::size_t from, std::size_t count) {
      from = std::min(from, messages.size());
      count = std::min(count, messages.size() - from);
      const auto begin = messages.begin() + static_cast<std::ptrdiff_t>(from);
      messages.erase(begin, begin + static_cast<std::ptrdiff_t>(count));
    };
    leave_out(fitting.user + 1, fitting.step_messages);
    leave_out(1, fitting.turn_messages);
  }
  // A request that goes on from none before it.
  void add_alone(const store::Fact& fact, const Json& body) {
    SentRequest request{.step = fact.step,
                        .attempt = static_cast<int>(number_or(body, "attempt", 1)),
                        .rule = string_or(body, "rule"),
                        .model = string_or(body, "model"),
                        .input_estimate = number_or(body, "input")};
    if (const Json* messages = find(body, "messages"); messages && messages->is_array())
      for (const Json& message : *messages) request.messages.push_back(message_from_fact(message));
    all_.push_back(std::move(request));
  }

  std::vector<SentRequest> take() { return std::move(all_); }

 private:
  void put_system(std::string text) {
    next_.fresh = 0;
    if (next_.messages.empty()) next_.messages.emplace_back();
    next_.messages.front() = {.role = models::Role::system, .content = std::move(text)};
  }

  void recall(const Json& history) {
    const std::string last = string_or(history, "last");
    const auto wanted = static_cast<std::size_t>(number_or(history, "turns"));
    auto found = std::ranges::find_if(turns_, [&](const store::RunRow& row) { return row.id == last; });
    if (found == turns_.end()) return;
    const auto to = static_cast<std::size_t>(found - turns_.begin()) + 1;
    const AnswerForm form{string_or(history, "before"), string_or(history, "after"),
                          find(history, "quoted") != nullptr};
    auto left_out = number_or(history, "left_out");
    for (models::Message& message : folded(turns_, to - std::min(to, wanted), to, form))
      if (left_out-- <= 0) next_.messages.push_back(std::move(message));
  }

  const std::vector<store::RunRow>& turns_;
  SentRequest next_;
  std::vector<SentRequest> all_;
};

}  // namespace

Result<std::vector<SentRequest>> sent_requests(const std::vector<store::Fact>& facts,
                                               const std::vector<store::RunRow>& turns) {
  Requests requests(turns);
  for (const store::Fact& fact : facts) {
    const bool alone = fact.kind == "guard.intent" || fact.kind == "chain.intent";
    const bool fitted = fact.kind == "context.fitted";
    if (fact.kind != "model.intent" && !alone && !fitted) continue;
    auto body = parse_json(fact.body);
    if (!body) return within("journal, run " + fact.run + ", fact " + std::string(fact.kind), body.error());
    if (fitted)
      requests.fit(*body);
    else if (alone)
      requests.add_alone(fact, *body);
    else
      requests.add(fact, *body);
  }
  return requests.take();
}

Json as_json(const SentRequest& request) {
  Json json = {{"step", request.step}, {"attempt", request.attempt}, {"model", request.model}};
  if (!request.rule.empty()) json["rule"] = request.rule;
  if (!request.exact) json["exact"] = false;
  Json& messages = json["messages"] = Json::array();
  for (const models::Message& message : request.messages) {
    Json shown = {{"role", word(message.role)}, {"content", message.content}};
    for (const models::ToolCall& call : message.tool_calls)
      shown["tool_calls"].push_back({{"id", call.id},
                                     {"type", "function"},
                                     {"function", {{"name", call.name}, {"arguments", call.arguments}}}});
    if (!message.tool_call_id.empty()) shown["tool_call_id"] = message.tool_call_id;
    for (const models::Image& image : message.images) shown["images"].push_back(image.url);
    messages.push_back(std::move(shown));
  }
  if (!request.tools.is_null())
    for (const Json& tool : request.tools)
      json["tools"].push_back({{"type", "function"}, {"function", tool}});
  if (request.form.is_object()) json.update(request.form);
  return json;
}

}  // namespace troupe::agents

#include "agents/runs/request_log.h"

#include "agents/runs/fact_fields.h"
#include "agents/runs/facts.h"
#include "agents/runs/fitting_fact.h"
#include "memory/conversation/recollection.h"
#include "memory/conversation/turn.h"
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

std::vector<memory::Turn> turns_of(const std::vector<store::RunRow>& rows) {
  std::vector<memory::Turn> turns;
  for (const store::RunRow& row : rows)
    if (auto turn = memory::turn_of(row)) turns.push_back(std::move(*turn));
  return turns;
}

models::Message masked_message(models::Message message, const Secrets& secrets) {
  message.content = redact(message.content, secrets);
  return message;
}

}  // namespace

std::string AnswerForm::apply(const std::string& answer) const {
  return before + (quoted ? dump(Json(answer)) : answer) + after;
}

std::optional<AnswerForm> form_of_answers(const std::vector<models::Message>& plain,
                                          const std::vector<models::Message>& shown,
                                          const std::vector<std::size_t>& answers) {
  if (plain.size() != shown.size()) return std::nullopt;
  std::vector<AnswerForm> possible{{}};
  if (!answers.empty()) {
    const std::string& text = shown[answers.front()].content;
    for (bool quoted : {true, false}) {
      const std::string& said = plain[answers.front()].content;
      const std::string answer = quoted ? dump(Json(said)) : said;
      if (const auto at = text.find(answer); at != std::string::npos)
        possible.push_back({text.substr(0, at), text.substr(at + answer.size()), quoted});
    }
  }
  const auto fits = [&](const AnswerForm& form) {
    std::vector<models::Message> made = plain;
    for (std::size_t at : answers) made[at].content = form.apply(made[at].content);
    return std::ranges::equal(made, shown, {}, &models::Message::content, &models::Message::content);
  };
  const auto found = std::ranges::find_if(possible, fits);
  return found == possible.end() ? std::nullopt : std::optional(*found);
}

Json to_json(const RecalledTurns& recalled) {
  Json fact = {{"turns", recalled.record}};
  if (recalled.steps) fact["steps"] = true;
  return fact;
}

RecalledTurns recalled_from(const Json& fact) {
  const Json* record = find(fact, "turns");
  return {record ? *record : Json(), find(fact, "steps") != nullptr};
}

std::vector<std::string> runs_with_steps(const std::vector<store::Fact>& facts,
                                         const std::vector<store::RunRow>& turns) {
  std::vector<std::string> runs;
  const auto fact = std::ranges::find(facts, kRecalledFact, &store::Fact::kind);
  auto body = fact == facts.end() ? fail(ErrorCode::not_found, "") : parse_json(fact->body);
  if (!body) return runs;
  const RecalledTurns recalled = recalled_from(*body);
  if (!recalled.steps) return runs;
  if (auto selection = memory::selection_from(recalled.record, turns_of(turns)))
    for (const memory::Selection::Part& part : selection->turns) runs.push_back(part.run);
  return runs;
}

RequestLog::RequestLog(Secrets secrets, std::size_t journaled, std::string system)
    : secrets_(std::move(secrets)), journaled_(journaled), system_(std::move(system)) {}

void RequestLog::begin(std::size_t history_messages, std::optional<AnswerForm> answers) {
  history_messages_ = history_messages;
  answers_ = std::move(answers);
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
    if (answers_ && history_messages_ > 0) {
      body["history"] = {{"recalled", true}};
      if (!answers_->before.empty()) body["history"]["before"] = answers_->before;
      if (!answers_->after.empty()) body["history"]["after"] = answers_->after;
      if (answers_->quoted) body["history"]["quoted"] = true;
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
  Requests(const std::vector<store::RunRow>& turns, const StepsByRun& steps) : turns_(turns), steps_(steps) {}

  void know(const Json& fact) { recalled_ = recalled_from(fact); }

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
    const AnswerForm form{string_or(history, "before"), string_or(history, "after"),
                          find(history, "quoted") != nullptr};
    auto left_out = number_or(history, "left_out");
    for (models::Message& message : find(history, "recalled") ? recalled(form) : newest_turns(history, form))
      if (left_out-- <= 0) next_.messages.push_back(std::move(message));
  }

  // As the memory made it of the same turns. Nothing where some are gone: the request is not exact then.
  std::vector<models::Message> recalled(const AnswerForm& form) const {
    std::vector<memory::Turn> turns = turns_of(turns_);
    for (memory::Turn& turn : turns)
      if (auto own = steps_.find(turn.run); recalled_.steps && own != steps_.end()) turn.steps = own->second;
    auto selection = memory::selection_from(recalled_.record, turns);
    if (!selection) return {};
    std::optional<memory::Notes> notes;
    const auto keeper = std::ranges::find(turns_, selection->notes_of, &store::RunRow::id);
    if (keeper != turns_.end()) notes = memory::notes_in(*keeper);
    auto made = memory::recollect(*selection, turns, notes, memory::bytes());
    if (!made) return {};
    for (std::size_t at : made->answers) made->messages[at].content = form.apply(made->messages[at].content);
    return std::move(made->messages);
  }

  // As earlier versions wrote it: the newest turns, up to one.
  std::vector<models::Message> newest_turns(const Json& history, const AnswerForm& form) const {
    const auto wanted = static_cast<std::size_t>(number_or(history, "turns"));
    const auto found = std::ranges::find(turns_, string_or(history, "last"), &store::RunRow::id);
    if (found == turns_.end()) return {};
    const auto to = static_cast<std::size_t>(found - turns_.begin()) + 1;
    return folded(turns_, to - std::min(to, wanted), to, form);
  }

  const std::vector<store::RunRow>& turns_;
  const StepsByRun& steps_;
  RecalledTurns recalled_;
  SentRequest next_;
  std::vector<SentRequest> all_;
};

}  // namespace

Result<std::vector<SentRequest>> sent_requests(const std::vector<store::Fact>& facts,
                                               const std::vector<store::RunRow>& turns,
                                               const StepsByRun& steps) {
  Requests requests(turns, steps);
  for (const store::Fact& fact : facts) {
    const bool alone = fact.kind == "guard.intent" || fact.kind == "chain.intent";
    const bool fitted = fact.kind == "context.fitted";
    const bool recalled = fact.kind == kRecalledFact;
    if (fact.kind != "model.intent" && !alone && !fitted && !recalled) continue;
    auto body = parse_json(fact.body);
    if (!body) return within("journal, run " + fact.run + ", fact " + std::string(fact.kind), body.error());
    if (recalled)
      requests.know(*body);
    else if (fitted)
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
